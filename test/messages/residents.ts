import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import type { MailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { decodeBody } from '../../src/messages/body.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import type { PeerParts } from '../../src/peer/peer-parts.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob, identityOf, makeWorld } from '../connection/sides.ts'
import { createTown, type Town } from './town.ts'

/** A town with mailboxes, and people who come and go. */

export const boxes = ['one', 'two'].map((name) => identityOf(`box/${name}`))
export const carol = identityOf('carol')
const addressOf = ({ log }: Identity): string => encodeAddress(log.id)

export type Square = Town & {
  readonly keeps: readonly MailboxStore[]
  readonly world: ReturnType<typeof makeWorld>
  /** Lets that many seconds go by, for everybody. */
  pass(seconds: number): void
  publishBoxes(): Promise<void>
}

/** A town with two mailboxes, which are always there. */
export const start = async (t: TestContext): Promise<Square> => {
  const town = createTown()
  const world = makeWorld('square')
  const opened = boxes.map((box) => town.openMailbox(box, { talks: false, world }))
  for (const box of opened) await box.listen()
  t.after(() => Promise.all(opened.map((peer) => peer.close())))
  const pass = (seconds: number): void => {
    world.now += seconds
    town.directory.now = world.now
  }
  const publish = async (): Promise<void> => {
    for (const box of opened) await box.publish()
  }
  return { ...town, keeps: opened.map(({ keep }) => keep), world, pass, publishBoxes: publish }
}

/** Somebody with a store of their own, who comes and goes. */
export const createResident = (town: Square, identity: Identity, named: readonly Identity[] = boxes, given?: Store) => {
  const store = given ?? openStore(null)
  const kept = { ...store, close: () => {} }
  const { world, pass } = town
  const notices: PeerEvent[] = []
  /** Comes, does something, and leaves. */
  const visit = async <T>(
    work: (peer: ReturnType<Town['open']>, inMailboxes: Promise<void>) => Promise<T>,
    changed: Partial<PeerParts> = {},
  ): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    // No two cards of a device have the same serial.
    pass(1)
    const peer = town.open(identity, { store: kept, world, ...changed })
    const hearing = (async () => {
      for await (const event of peer.events()) {
        notices.push(event)
        if (event.type === 'in-mailboxes') resolve()
      }
    })()
    peer.mailboxes.name(named.map(addressOf))
    try {
      await peer.publish()
      return await work(peer, promise)
    } finally {
      await peer.close()
      await hearing
    }
  }
  const address = addressOf(identity)
  return {
    address,
    store,
    notices,
    visit,
    /** Writes, and leaves when it is in a mailbox. */
    write: (to: string, ...texts: readonly string[]): Promise<void> =>
      visit(async ({ messages }, inMailboxes) => {
        await Promise.all(texts.map((text) => messages.send(to, text)))
        await inMailboxes
      }),
    /** Fetches, and says what came. */
    fetch: (): Promise<unknown[]> =>
      visit(async ({ mailboxes, messages }) => {
        const { failures } = await mailboxes.fetch()
        assert.deepEqual(failures, [])
        const said: unknown[] = []
        const first = () => store.messages.arrived('handfast', null, 0)
        for (let next = first(); next !== null; next = first()) {
          const { text, data } = decodeBody(next.body)
          said.push(text ?? data)
          messages.take({ id: next.id, peer: encodeAddress(next.peer) })
          await store.group.run(() => {})
        }
        // Receipts go the same way, as there is nobody to call.
        while (store.mailboxOutbox.waiting(town.world.now).length > 0)
          await new Promise((resolve) => setImmediate(resolve))
        return said
      }),
    states: (peer: Uint8Array): string[] =>
      store.messages
        .history(peer, 'handfast', Number.MAX_SAFE_INTEGER, 1_000)
        .filter(({ out }) => out)
        .map(({ state }) => state),
  }
}

export const meet = async (t: TestContext) => {
  const town = await start(t)
  const residents = { a: createResident(town, alice), b: createResident(town, bob) }
  t.after(() => [residents.a, residents.b].map(({ store }) => store.close()))
  await residents.b.visit(async () => {})
  return { town, ...residents }
}

/** What waits for Bob at the first mailbox. */
export const parcels = (town: Square): Uint8Array[] => {
  const found: Uint8Array[] = []
  const [keep] = town.keeps
  for (let kept = keep?.next(bob.log.id, 0, town.world.now); kept; ) {
    found.push(kept.parcel)
    kept = keep?.next(bob.log.id, kept.number, town.world.now)
  }
  return found
}
