import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { SKIPPED_KEY_AGE_MAX } from '../../src/core/limits/protocol-limits.ts'
import { decryptMessage, encryptMessage, type Session } from '../../src/core/session/session.ts'
import { NOW } from './identities.ts'
import { makeTalkingSides, surroundings } from './sessions.ts'

/** Keys of messages that were skipped, under a clock that is wrong: only what is surely old is forgotten. */

const DAY = 86_400

const start = () => {
  const { alice, bob } = makeTalkingSides('clock')
  const [skipped, ...next] = ['skipped', 'one', 'two', 'three'].map((text) => alice.send(text))
  assert.ok(skipped !== undefined)
  return { skipped, next, session: bob.session }
}

test('a key stays when the clock is ahead, whether something is sent or comes, and its message opens', () => {
  const { skipped, next, session } = start()
  const wrong = { ...surroundings('bob', NOW + 8 * DAY), past: NOW - 3600, present: NOW + 8 * DAY }
  let bob: Session = session
  for (const message of next.slice(0, 2))
    bob = decryptMessage(bob, message, { ...surroundings('bob'), ...wrong }).session
  bob = encryptMessage(bob, utf8('hello'), wrong).session
  assert.equal(bob.skipped.size, 1)
  assert.equal(Buffer.from(decryptMessage(bob, skipped, wrong).plaintext).toString(), 'skipped')
})

test('one that was skipped while the clock was behind is not old once it is right', () => {
  const { skipped, next, session } = start()
  const [first, second] = next
  assert.ok(first !== undefined && second !== undefined)
  const behind = { ...surroundings('bob', NOW - 8 * DAY), past: NOW - 8 * DAY, present: NOW }
  const later = decryptMessage(session, first, behind).session
  const right = { ...surroundings('bob', NOW + 60), past: NOW - 3600, present: NOW + 60 }
  const after = decryptMessage(later, second, right).session
  assert.equal(Buffer.from(decryptMessage(after, skipped, right).plaintext).toString(), 'skipped')
  // And a week after that it is gone.
  const old = { ...right, past: NOW + SKIPPED_KEY_AGE_MAX + 1 }
  assert.equal(encryptMessage(after, utf8('hello'), old).session.skipped.size, 0)
})
