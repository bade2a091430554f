import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STRANGERS_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { TRIM_EVERY } from '../../src/store/incoming-messages.ts'
import { openStore } from '../../src/store/store.ts'
import { bob, mallory } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'

test('what a contact said that was forgotten does not make room for strangers; what it says afterwards does', (t) => {
  const store = openStore(null)
  t.after(() => store.close())
  const { contacts, messages } = store
  let n = 0
  const say = (peer: Uint8Array, count: number): void =>
    store.transaction(() => {
      for (let said = 0; said < count; said++) {
        n += 1
        const [m, r] = [makeBytes(`m/${n}`, 32), makeBytes('random', 16)]
        const place = { device: makeBytes('device', 16), sequence: peer.subarray(0, 16), app: 'handfast', n, c: m }
        const stored = messages.receive(peer, place, { m, r, at: 1, said: 1, queued: 1, body: encodeBody('x') })
        messages.markTaken(stored?.id ?? 0)
      }
    })
  const trim = (): void => {
    for (let times = 0; times < TRIM_EVERY; times++) messages.trimStrangers()
  }
  const kept = (peer: Uint8Array): number => messages.history(peer, 'handfast', 1e9, 1e5).length
  const theirs = STRANGERS_MESSAGES_MAX + 40
  contacts.keep(bob.log, NOW)
  say(bob.log.id, theirs)
  contacts.remove(bob.log.id)
  say(mallory.log.id, STRANGERS_MESSAGES_MAX + 7)
  trim()
  assert.deepEqual(
    [bob, mallory].map(({ log }) => kept(log.id)),
    [theirs, STRANGERS_MESSAGES_MAX],
  )
  say(bob.log.id, 5)
  trim()
  assert.deepEqual(
    [bob, mallory].map(({ log }) => kept(log.id)),
    [theirs + 5, STRANGERS_MESSAGES_MAX - 5],
  )
  say(mallory.log.id, STRANGERS_MESSAGES_MAX)
  trim()
  assert.deepEqual(
    [bob, mallory].map(({ log }) => kept(log.id)),
    [theirs, STRANGERS_MESSAGES_MAX],
  )
})
