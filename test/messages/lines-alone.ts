import { utf8 } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { createInbox } from '../../src/messages/inbox.ts'
import { createLines } from '../../src/messages/lines.ts'
import { createSignals } from '../../src/messages/signals.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { mallory, startWithMallory } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

/** Bob's messages on one connection to Mallory, who says what she likes: the lines alone, without anybody who dials. */

export const APP = 'handfast'

/** One of Mallory's sequences. */
export const sequence = (name: string): Uint8Array => makeBytes(`sequence/${name}`, 16)

/** A message of hers, as it is said on the wire. */
export const message = (s: Uint8Array, n: number, changed: Readonly<Record<string, CborValue>> = {}): CborValue => ({
  ...{ k: 'message', s, app: APP, n, p: n - 1, at: 0, body: encodeCbor({ text: `${n}` }) },
  ...changed,
})

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
  const lines = createLines({
    store: { ...store, group },
    inbox: createInbox(store, () => isContact),
    signals,
    onMessages: () => {},
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
    bob: his,
    mallory: her,
    /** Bob writes to her. */
    write: (app: string, text: string) =>
      store.messages.queue(peer, app, encodeCbor({ text }), 0, utf8(app.padEnd(16))),
    pump: () => lines.pump(peer),
    /** Bob's application takes the first that is here. */
    takeOne: async (app: string = APP): Promise<void> => {
      const first = store.messages.arrived(app, null, 0)
      if (first !== null) store.messages.markTaken(first.id)
      signals.say('taken', peer)
    },
    /** What is here of her, by application. */
    texts: (app: string = APP): string[] =>
      store.messages.history(peer, app, Number.MAX_SAFE_INTEGER, 1000).map(({ number }) => `${number}`),
  }
}
