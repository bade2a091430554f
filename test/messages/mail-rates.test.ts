import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTACT_HELLOS } from '../../src/core/limits/contact-rates.ts'
import { PREKEY_AGE, SPENT_MAX } from '../../src/core/limits/store-limits.ts'
import { STRANGER_HELLOS, STRANGER_MESSAGES, STRANGERS_HELLOS } from '../../src/core/limits/stranger-rates.ts'
import { encryptMessage } from '../../src/core/session/session.ts'
import { fetchKem } from '../../src/directory/client/fetch-kem.ts'
import { encodeBundle, encodeEnvelope } from '../../src/messages/bundle-format.ts'
import { createInbox } from '../../src/messages/inbox.ts'
import { createMailRates } from '../../src/messages/mail-rates.ts'
import { createMailboxReceiver, type Fate } from '../../src/messages/mailbox-receiver.ts'
import { beginSession } from '../../src/messages/offline-session.ts'
import { createRepair } from '../../src/messages/repair.ts'
import type { OfflineSession } from '../../src/store/offline-session-store.ts'
import { alice, bob, makeWorld } from '../connection/sides.ts'
import { at, makeBytes } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { meet } from './residents.ts'

/** What mail costs besides what it says: sessions that are begun, and bundles without messages. */

const never = new AbortController().signal
const random = seededRandom('mail rates')

/** Alice, who makes what she likes, and Bob, who takes it in. */
const start = async (t: Parameters<typeof meet>[0], isContact: boolean) => {
  const { town, a, b } = await meet(t)
  const { store } = b
  const { world } = town
  let asked = 0
  const receiver = createMailboxReceiver({
    ...{ identity: bob, store, world },
    inbox: createInbox({ own: bob.log.id, store, world, isContact: () => isContact, isRefused: () => false }),
    repair: createRepair({ own: bob.log.id, messages: store.messages, world }),
    check: async (log) => {
      asked += 1
      return log
    },
    accept: () => {},
    isContact: () => isContact,
    ...{ onMessages: () => {}, note: () => {}, emit: () => {}, onOld: () => {}, isGreeted: () => false },
  })
  const found = await a.visit((peer) => peer.lookup(b.address))
  const { card } = found
  assert.ok(card)
  const kem = await fetchKem(town.directory.network, { ...found, card }, never)
  const surroundings = () => ({ now: world.now, random })
  const correspondent = { log: found.log, card, device: at(found.log.last.entry.devices, 0), inc: card.card.inc }
  const begin = () => beginSession(alice, makeBytes('hers', 16), correspondent, kem, surroundings())
  /** What says nothing at all in a session. */
  const say = (one: OfflineSession): { readonly envelope: Uint8Array; readonly session: OfflineSession } => {
    const bundle = encodeBundle({ got: [], want: false, s: null, app: null, messages: [] })
    const { session, message } = encryptMessage(one.session, bundle, surroundings())
    return { envelope: encodeEnvelope({ hello: one.hello, message }), session: { ...one, session } }
  }
  const take = async (envelope: Uint8Array): Promise<Fate> => {
    receiver.begin()
    return receiver.take(envelope, never)
  }
  const hello = (): Promise<Fate> => take(say(begin()).envelope)
  return { town, b, begin, say, take, hello, asked: () => asked }
}

/** How often that comes to be `taken` before anything else does. */
const count = async (most: number, work: () => Promise<Fate>): Promise<number> => {
  for (let taken = 0; taken < most; taken++) if ((await work()) !== 'taken') return taken
  return most
}

test('a stranger begins so many sessions at once: one more waits, and the directory is not asked who that is', async (t) => {
  const { town, hello, asked } = await start(t, false)
  const { burst, perSecond } = STRANGER_HELLOS.count
  assert.equal(await count(burst + 1, hello), burst)
  const before = asked()
  assert.equal(await hello(), 'held')
  assert.equal(asked(), before)
  town.pass(burst / perSecond)
  assert.equal(await hello(), 'taken')
})

test('a contact begins more of them, and not so many that a card is used up', async (t) => {
  const { hello } = await start(t, true)
  assert.equal(await count(STRANGER_HELLOS.count.burst + 4, hello), STRANGER_HELLOS.count.burst + 4)
  const world = makeWorld('contact')
  const rates = createMailRates(world, () => true)
  const peer = makeBytes('peer', 32)
  for (let begun = 0; begun < CONTACT_HELLOS.count.burst; begun++) {
    assert.ok(rates.mayBegin(peer))
    rates.began(peer)
  }
  assert.ok(!rates.mayBegin(peer) && rates.mayBegin(makeBytes('other', 32)))
})

test('what strangers use of all cards is bounded, and none of it uses one card up', () => {
  const { burst, perSecond } = STRANGERS_HELLOS.count
  // A card is named for 6 hours or so.
  assert.ok(burst + perSecond * 6 * 3600 < SPENT_MAX)
  assert.ok(burst + perSecond * PREKEY_AGE < 300_000)
})

test('bundles without messages have the rate of a stranger’s messages', async (t) => {
  const { town, begin, say, take, b } = await start(t, false)
  let session = begin()
  const next = async (): Promise<Fate> => {
    const said = say(session)
    const fate = await take(said.envelope)
    // One that waits comes again, and the next ones after it.
    if (fate === 'taken') session = said.session
    return fate
  }
  const { burst } = STRANGER_MESSAGES.count
  assert.equal(await count(burst + 1, next), burst)
  const before = b.store.offlineSessions.all(alice.log.id)
  assert.equal(await next(), 'held')
  assert.deepEqual(b.store.offlineSessions.all(alice.log.id), before)
  town.pass(burst)
  assert.equal(await next(), 'taken')
})
