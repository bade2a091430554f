import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { deviceId } from '../../src/core/key-log-entry.ts'
import { decodeBody } from '../../src/messages/body.ts'
import { createInbox } from '../../src/messages/inbox.ts'
import { createLimitNews } from '../../src/messages/limit-news.ts'
import { createLines } from '../../src/messages/lines.ts'
import type { MessageEvent } from '../../src/messages/message-events.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { createSignals } from '../../src/messages/signals.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { bob, makeWorld, mallory, startWithMallory } from '../connection/sides.ts'
import { at, makeBytes } from '../core/identities.ts'
import { chain, written } from './written.ts'

/** Bob's messages on one connection to Mallory, who says what she likes: the lines alone, without anybody who dials. */

export const APP = 'handfast'

/** One of Mallory's sequences. */
export const sequence = (name: string): Uint8Array => makeBytes(`sequence/${name}`, 16)

/** What is said of Mallory's sequences: `c` of a place, and the message there. */
const placeIn = (s: Uint8Array, n: number, app: string) =>
  at(chain({ from: mallory.log.id, to: bob.log.id, app }, s, n), n - 1)

/** The place that a receipt for message `n` of hers names. */
export const placeOf = (s: Uint8Array, n: number, app = APP) => ({ n, c: placeIn(s, n, app).c })

/** A message of hers, as it is said on the wire. */
export const message = (s: Uint8Array, n: number, changed: Readonly<Record<string, CborValue>> = {}): CborValue => {
  const app = typeof changed.app === 'string' ? changed.app : APP
  const { m: _, ...said } = placeIn(s, n, app)
  return { k: 'message', s, app, ...said, ...changed }
}

/** @param hold lets a test keep Bob's disk waiting */
export const startLines = async ({
  store = openStore(null),
  isContact = true,
  hold = () => Promise.resolve(),
}: {
  store?: Store
  isContact?: boolean
  hold?: () => Promise<void>
} = {}) => {
  store.applications.remember(APP)
  const signals = createSignals()
  const group = {
    run: async <T>(work: () => T): Promise<T> => {
      await hold()
      return store.group.run(work)
    },
  }
  const own = bob.log.id
  const world = makeWorld('lines')
  const told: MessageEvent[] = []
  const doubts: Uint8Array[] = []
  const onLimit = createLimitNews(world, (event) => void told.push(event))
  const inbox = createInbox({ own, store, world, isContact: () => isContact, isRefused: () => false, onLimit })
  /** What is to be done later, and the milliseconds until then. */
  const waits = new Map<() => void, number>()
  const lines = createLines({
    ...{ own: deviceId(at(bob.log.last.entry.devices, 0)), world, signals },
    store: { ...store, group },
    inbox,
    repair: createRepair({ own, messages: store.messages, world }),
    onMessages: () => {},
    emit: (event) => void told.push(event),
    onOld: (peer) => void doubts.push(peer),
    later: (milliseconds, work) => {
      waits.set(work, milliseconds)
      return () => void waits.delete(work)
    },
  })
  // As delivery does.
  signals.listen(({ type, peer }) => {
    if (type === 'ready') lines.pump(peer)
    if (type === 'taken') lines.invite(peer)
  })
  const { mallory: her, bob: his } = await startWithMallory([lines.service])
  const peer = mallory.log.id
  return {
    peer,
    store,
    lines,
    inbox,
    bob: his,
    mallory: her,
    /** what Bob was told of her folder, and of his own */
    told,
    doubts,
    world,
    /** How long is waited, milliseconds. */
    waits: (): readonly number[] => [...waits.values()],
    /** Time goes by: what was to be done until then is. */
    pass: (milliseconds: number): void => {
      world.now += milliseconds / 1000
      for (const [work, wait] of [...waits]) {
        waits.delete(work)
        if (wait <= milliseconds) work()
        else waits.set(work, wait - milliseconds)
      }
    },
    /** Bob writes to her. */
    write: (app: string, text: string) =>
      store.messages.queue(
        written({ from: own, to: peer, app }, encodeCbor({ t: 'text', d: text }), {
          at: world.clock(),
          r: world.random(16),
        }),
      ),
    pump: () => lines.pump(peer),
    /** Bob's application takes the first that is here. */
    takeOne: async (app: string = APP): Promise<void> => {
      const first = store.messages.arrived(app, null, 0)
      if (first !== null) store.messages.markTaken(first.id)
      signals.say('taken', peer)
    },
    /** What is here of her, by application. */
    texts: (app: string = APP): unknown[] =>
      store.messages.history(peer, app, Number.MAX_SAFE_INTEGER, 1000).map(({ body }) => decodeBody(body).text),
  }
}
