import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answering } from '../../src/connection/live-handshake.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { makeBytes } from '../core/identities.ts'
import { bob, codeOf, createPuppet, mallory, send } from './sides.ts'
import { prepare, visit } from './visits.ts'

/** What somebody comes for, as the first message says it. */

/** Sends a hello whose first message says `first`, and confirms. */
const comeWith = async (first: Uint8Array, changed: Partial<Answering> = {}) => {
  const { near, met, outcome } = visit(bob, changed)
  const { hello, session } = await prepare(near, mallory, first)
  await send(near, { t: 'hello', d: hello })
  const puppet = createPuppet(near, session)
  void puppet.hear().then(
    () => puppet.say({ k: 'confirm' }),
    () => {},
  )
  return { met, outcome }
}

test('mailbox §2 the first message says what somebody comes for, and who comes to a mailbox is not vetted', async () => {
  const vetted: string[] = []
  const admitted: string[] = []
  const changed = {
    vet: async () => void vetted.push('vetted'),
    admit: (purpose: string) => void admitted.push(purpose),
  }
  const guest = await comeWith(encodeCbor({ k: 'mailbox', v: 1 }), changed)
  assert.equal((await guest.met).purpose, 'mailbox')
  assert.deepEqual([vetted, admitted], [[], ['mailbox']])
  for (const said of [{ k: 'confirm' }, { k: 'text', d: 'hello' }, { k: 'of tomorrow', n: 1 }])
    assert.equal((await (await comeWith(encodeCbor(said), changed)).met).purpose, 'talk')
  assert.equal(vetted.length, 3)
})

test('mailbox §2 who is not received is refused before anything is confirmed', async () => {
  const { outcome } = await comeWith(encodeCbor({ k: 'mailbox', v: 1 }))
  assert.equal(await outcome, 'ERR_MAILBOX_NONE')
  const { near, outcome: refused } = visit(bob)
  const { hello } = await prepare(near, mallory, encodeCbor({ k: 'mailbox', v: 1 }))
  await send(near, { t: 'hello', d: hello })
  assert.equal(await codeOf(near.expect('msg', 1_000)), 'ERR_REMOTE')
  assert.equal(await refused, 'ERR_MAILBOX_NONE')
})

test('mailbox §2 another version of what is said to mailboxes is refused, and so is what does not decode', async () => {
  for (const [first, code] of [
    [encodeCbor({ k: 'mailbox', v: 2 }), 'ERR_FRAME_VERSION'],
    [encodeCbor({ k: 'mailbox' }), 'ERR_FRAME'],
    [makeBytes('garbage', 20), 'ERR_FRAME'],
  ] as const)
    assert.equal(await (await comeWith(first, { admit: () => {} })).outcome, code)
})
