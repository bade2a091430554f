import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/core/kdf.ts'
import { MAILBOX_AGE } from '../../src/core/limits/mailbox-limits.ts'
import { timesOf } from '../../src/core/steady-clock.ts'
import { type MailboxStore, openMailboxStore, type Slip } from '../../src/mailbox/mailbox-store.ts'
import { makeBytes, makeIdentity } from '../core/identities.ts'
import { createMachine, DAY, HOUR } from '../core/wrong-clocks.ts'

/** Parcels under a clock that is wrong for a while. */

const { log } = makeIdentity('Bob')

/** Hashes of all parcels, oldest first. */
const idsOf = (store: MailboxStore, past: number): readonly Uint8Array[] => {
  const ids: Uint8Array[] = []
  for (let kept = store.next(log.id, 0, past); kept !== null; kept = store.next(log.id, kept.number, past))
    ids.push(kept.id)
  return ids
}

test('a clock that is weeks ahead, or behind, for less than an hour has no parcel deleted, also of those that came meanwhile', () => {
  for (const off of [15 * DAY, -40 * DAY]) {
    const machine = createMachine()
    const store = openMailboxStore(null)
    const times = () => timesOf(machine.steady, machine.wall())
    const leave = (name: string): Uint8Array => {
      const parcel = makeBytes(name, 2048)
      const slip: Slip = { to: log.id, id: sha256(parcel), size: parcel.length, source: makeBytes('network', 32) }
      store.checkRoom(slip, times().past)
      store.put(slip, parcel, log, times())
      return slip.id
    }
    const before = leave('before')
    machine.off = off
    machine.time += 60
    store.sweep(times().past)
    const meanwhile = leave('meanwhile')
    assert.deepEqual(idsOf(store, times().past), [before, meanwhile])
    machine.off = 0
    for (let hour = 0; hour < 5; hour++) {
      machine.time += HOUR
      store.sweep(times().past)
    }
    assert.deepEqual(idsOf(store, times().past), [before, meanwhile])
    for (const end = machine.time + MAILBOX_AGE + Math.max(0, off); machine.time < end; machine.time += HOUR)
      store.sweep(times().past)
    assert.equal(store.size, 0)
    store.close()
  }
})
