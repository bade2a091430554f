import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { SKIP_MAX, SKIPPED_KEY_AGE_MAX, SKIPPED_KEYS_MAX } from '../../src/core/limits/protocol-limits.ts'
import type { Message } from '../../src/core/session/session.ts'
import { places } from '../runs.ts'
import { at, failsWith, NOW } from './identities.ts'
import { dumpSession, makeSides, makeTalkingSides, type Side } from './sessions.ts'

const WEEK = 7 * 24 * 3600

const sendMany = (side: Side, count: number): readonly Message[] =>
  Array.from({ length: count }, (_, n) => side.send(`${n}`))

const refuses = (side: Side, message: Message, code: ErrorCode, now = NOW): void => {
  const before = dumpSession(side.session)
  assert.throws(() => side.receive(message, now), failsWith(code))
  assert.deepEqual(dumpSession(side.session), before)
}

test('§6 the limits are those of the specification', () => {
  assert.deepEqual([SKIP_MAX, SKIPPED_KEYS_MAX, SKIPPED_KEY_AGE_MAX], [1000, 2000, WEEK])
})

test('§6 1,000 messages of a chain may be missing, not 1,001', () => {
  const { alice, bob } = makeSides('skip')
  const messages = sendMany(alice, 2003)
  refuses(bob, at(messages, 1001), 'ERR_SESSION_SKIP')
  assert.equal(bob.receive(at(messages, 1000)), '1000')
  assert.equal(bob.session.skipped.size, 1000)
  refuses(bob, at(messages, 2002), 'ERR_SESSION_SKIP')
  assert.equal(bob.receive(at(messages, 2001)), '2001')
  assert.equal(bob.session.skipped.size, 2000)
})

test('§6 1,000 messages may be missing at the end of the chain before, not 1,001', () => {
  for (const [missing, opens] of [
    [1000, true],
    [1001, false],
  ] as const) {
    const { alice, bob } = makeTalkingSides(`previous ${missing}`)
    const first = alice.send('first')
    const lost = sendMany(alice, missing)
    bob.receive(first)
    alice.receive(bob.send('turn'))
    const step = alice.send('step')
    if (opens) {
      assert.equal(bob.receive(step), 'step')
      assert.equal(bob.receive(at(lost, 0)), '0')
      assert.equal(bob.receive(at(lost, -1)), `${missing - 1}`)
    } else refuses(bob, step, 'ERR_SESSION_SKIP')
  }
})

test('§6 both chains may miss 1,000 at once, and every one of the 2,000 still opens', () => {
  const { alice, bob } = makeTalkingSides('both chains')
  const first = alice.send('first')
  const before = sendMany(alice, 1000)
  bob.receive(first)
  alice.receive(bob.send('turn'))
  const after = sendMany(alice, 1001)
  assert.equal(bob.receive(at(after, 1000)), '1000')
  assert.equal(bob.session.skipped.size, 2000)
  const opened = places(1000)
  for (const messages of [before, after]) for (const n of opened) assert.equal(bob.receive(at(messages, n)), `${n}`)
  assert.equal(bob.session.skipped.size, 2000 - 2 * opened.length)
})

test('§6 2,000 skipped keys are kept: the oldest gives way', () => {
  const { alice, bob } = makeSides('kept')
  const messages = sendMany(alice, 2006)
  bob.receive(at(messages, 1000))
  bob.receive(at(messages, 2001))
  bob.receive(at(messages, 2003))
  assert.equal(bob.session.skipped.size, 2000)
  refuses(bob, at(messages, 0), 'ERR_SESSION_DUPLICATE')
  assert.equal(bob.receive(at(messages, 1)), '1')
  bob.receive(at(messages, 2005))
  assert.equal(bob.session.skipped.size, 2000)
  for (const n of [2, 999, 1001, 2000, 2002, 2004]) assert.equal(bob.receive(at(messages, n)), `${n}`)
})

test('§6 a skipped key is kept for seven days', () => {
  const { alice, bob } = makeTalkingSides('week')
  const messages = sendMany(alice, 3)
  bob.receive(at(messages, 2), NOW)
  assert.equal(bob.receive(at(messages, 0), NOW + WEEK), '0')
  refuses(bob, at(messages, 1), 'ERR_SESSION_DUPLICATE', NOW + WEEK + 1)
})

test('§6 a skipped key of an earlier chain is forgotten after seven days too', () => {
  const { alice, bob } = makeTalkingSides('week, earlier chain')
  const late = alice.send('late')
  bob.receive(alice.send('on time'))
  alice.receive(bob.send('turn'))
  bob.receive(alice.send('step'))
  refuses(bob, late, 'ERR_SESSION_TOKEN', NOW + WEEK + 1)
  assert.equal(bob.receive(late, NOW + WEEK), 'late')
})

test('§6 old keys leave the session with the next message, sent or received', () => {
  for (const direction of ['sent', 'received']) {
    const { alice, bob } = makeTalkingSides(`forget ${direction}`)
    const [, , later, latest] = sendMany(alice, 4)
    assert.ok(later !== undefined && latest !== undefined)
    bob.receive(later, NOW)
    if (direction === 'sent') bob.send('anything', NOW + WEEK)
    else bob.receive(latest, NOW + WEEK)
    assert.equal(bob.session.skipped.size, 2)
    if (direction === 'sent') bob.send('anything', NOW + WEEK + 1)
    else bob.receive(alice.send('more'), NOW + WEEK + 1)
    assert.equal(bob.session.skipped.size, 0)
  }
})

test('§6 keys age from when they were skipped, each for itself', () => {
  const { alice, bob } = makeTalkingSides('ages')
  const messages = sendMany(alice, 4)
  bob.receive(at(messages, 1), NOW)
  bob.receive(at(messages, 3), NOW + 100)
  refuses(bob, at(messages, 0), 'ERR_SESSION_DUPLICATE', NOW + WEEK + 1)
  assert.equal(bob.receive(at(messages, 2), NOW + WEEK + 100), '2')
})

test('§6 what a forged header asks for is bounded and kept nowhere', () => {
  const { alice, bob } = makeTalkingSides('forged')
  const messages = sendMany(alice, 1001)
  const { header } = at(messages, 1000)
  refuses(bob, { header, token: new Uint8Array(100).fill(0x80) }, 'ERR_SESSION_TOKEN')
  assert.equal(bob.session.skipped.size, 0)
  assert.equal(bob.receive(at(messages, 0)), '0')
})
