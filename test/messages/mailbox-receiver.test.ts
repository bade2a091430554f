import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openParcel } from '../../src/core/parcel.ts'
import { encryptMessage } from '../../src/core/session/session.ts'
import { createInbox } from '../../src/messages/inbox.ts'
import { createMailboxReceiver } from '../../src/messages/mailbox-receiver.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { alice, bob } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { meet, type Square } from './residents.ts'

/** Mail is taken in while other things happen: between reading it and storing it the directory is asked. */

const never = new AbortController().signal

const nextEnvelope = (town: Square): Uint8Array => {
  const kept = at(town.keeps, 0).next(bob.log.id, 0, town.world.now)
  assert.ok(kept)
  return openParcel(kept.parcel, bob.ik)
}

const takeWhile = async (
  { town, b }: Pick<Awaited<ReturnType<typeof meet>>, 'town' | 'b'>,
  envelope: Uint8Array,
  meanwhile: () => Promise<unknown> | undefined,
): Promise<string> => {
  const { store } = b
  const { world } = town
  const receiver = createMailboxReceiver({
    ...{ identity: bob, store, world },
    inbox: createInbox({ own: bob.log.id, store, world, isContact: () => true, isRefused: () => false }),
    repair: createRepair({ own: bob.log.id, messages: store.messages, world }),
    check: async (log) => {
      await meanwhile()
      return log
    },
    accept: () => {},
    isContact: () => true,
    ...{ onMessages: () => {}, note: () => {}, emit: () => {}, onOld: () => {}, isGreeted: () => false },
  })
  return receiver.take(envelope, never)
}

test('what was sent in a session while a parcel for it was looked at stays sent: no key serves twice', async (t) => {
  const met = await meet(t)
  const { town, a, b } = met
  await a.write(b.address, 'one')
  await b.fetch()
  await a.fetch()
  await a.write(b.address, 'two')
  const sessions = b.store.offlineSessions
  const before = at(sessions.all(alice.log.id), 0)
  const surroundings = { now: town.world.now, random: seededRandom('meanwhile') }
  const sent = encryptMessage(before.session, new Uint8Array(1), surroundings)
  const fate = await takeWhile(met, nextEnvelope(town), async () =>
    sessions.keep({ ...before, session: sent.session }, town.world.now),
  )
  assert.equal(fate, 'taken')
  // Alice's parcel began a new chain of hers, and so one of Bob's: it counts what the chain before it had, the one just sent included.
  const after = at(sessions.all(alice.log.id), 0).session
  assert.equal(after.previous, (before.session.sending?.index ?? 0) + 1)
})

test('the same hello looked at twice at once begins one session, and its messages come once', async (t) => {
  const met = await meet(t)
  const { town, a, b } = met
  await a.write(b.address, 'one')
  const envelope = nextEnvelope(town)
  const both = await Promise.all([1, 2].map(() => takeWhile(met, envelope, () => Promise.resolve())))
  assert.deepEqual(both.sort(), ['taken', 'void'])
  assert.equal(b.store.offlineSessions.all(alice.log.id).length, 1)
  assert.equal(b.store.messages.history(alice.log.id, 'handfast', 1e9, 10).length, 1)
})
