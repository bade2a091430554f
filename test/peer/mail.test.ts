import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import {
  MAIL_AGAIN,
  MAIL_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  PREKEY_AGE,
  STRANGER_LETTERS_MAX,
} from '../../src/core/limits.ts'
import type { Keep } from '../../src/mailbox/keep.ts'
import type { Notice } from '../../src/peer/notice.ts'
import type { PeerParts } from '../../src/peer/peer.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { alice, bob, identityOf, makeWorld } from './sides.ts'
import { createTown, type Town } from './town.ts'

/** Peers who are never there at the same time: what one writes waits in mailboxes until the other comes. */

const boxes = ['one', 'two'].map((name) => identityOf(`box/${name}`))
const carol = identityOf('carol')
const addressOf = ({ log }: Identity): string => encodeAddress(log.id)

type Square = Town & {
  readonly keeps: readonly Keep[]
  readonly world: ReturnType<typeof makeWorld>
  /** Lets that many seconds go by, for everybody. */
  pass(seconds: number): void
  publishBoxes(): Promise<void>
}

/** A town with two mailboxes, which are always there. */
const start = async (t: TestContext): Promise<Square> => {
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
const createResident = (town: Square, identity: Identity, named: readonly Identity[] = boxes, given?: Store) => {
  const store = given ?? openStore(null)
  const kept = { ...store, close: () => {} }
  const { world, pass } = town
  const notices: Notice[] = []
  /** Comes, does something, and leaves. */
  const visit = async <T>(
    work: (peer: ReturnType<Town['open']>, mailed: Promise<void>) => Promise<T>,
    changed: Partial<PeerParts> = {},
  ): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const notify = (notice: Notice): void => {
      notices.push(notice)
      if (notice.type === 'mailed') resolve()
    }
    // No two cards of a device have the same serial.
    pass(1)
    const peer = town.open(identity, { store: kept, world, notify, ...changed })
    peer.mailboxes.name(named.map(addressOf))
    try {
      await peer.publish()
      return await work(peer, promise)
    } finally {
      await peer.close()
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
      visit(async ({ letters }, mailed) => {
        await Promise.all(texts.map((text) => letters.send(to, text)))
        await mailed
      }),
    /** Fetches, and says what came. */
    fetch: (): Promise<unknown[]> =>
      visit(async ({ mailboxes, letters }) => {
        const { failures } = await mailboxes.fetch()
        assert.deepEqual(failures, [])
        const said: unknown[] = []
        for (let next = store.letters.arrived(null, 0); next !== null; next = store.letters.arrived(null, 0)) {
          said.push('text' in next.body ? next.body.text : next.body.data)
          letters.take({ id: next.id, peer: encodeAddress(next.peer) })
          await store.group.run(() => {})
        }
        // Receipts go the same way, as there is nobody to call.
        while (store.mail.waiting().length > 0) await new Promise((resolve) => setImmediate(resolve))
        return said
      }),
    states: (peer: Uint8Array): string[] =>
      store.letters
        .history(peer, Number.MAX_SAFE_INTEGER, 1_000)
        .filter(({ out }) => out)
        .map(({ state }) => state),
  }
}

const meet = async (t: TestContext) => {
  const town = await start(t)
  const residents = { a: createResident(town, alice), b: createResident(town, bob) }
  t.after(() => [residents.a, residents.b].map(({ store }) => store.close()))
  await residents.b.visit(async () => {})
  return { town, ...residents }
}

test('two who are never there together hold a conversation, each message once and in order', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one', 'two')
  assert.deepEqual(a.states(bob.log.id), ['sent', 'sent'])
  assert.deepEqual(await b.fetch(), ['one', 'two'])
  assert.deepEqual(await b.fetch(), [])
  assert.deepEqual(await a.fetch(), [])
  assert.deepEqual(a.states(bob.log.id), ['delivered', 'delivered'])
  await b.write(a.address, 'three')
  await a.write(b.address, 'four')
  assert.deepEqual([await a.fetch(), await b.fetch()], [['three'], ['four']])
  await a.fetch()
  await b.fetch()
  assert.deepEqual([a.states(bob.log.id), b.states(alice.log.id)], [Array(3).fill('delivered'), ['delivered']])
  assert.deepEqual(
    town.keeps.map(({ size }) => size),
    [0, 0],
  )
})

test('a stranger writes no more than there is room for, a contact much more, and the longest letter fits a parcel', async (t) => {
  const { town, a, b } = await meet(t)
  const many = Array.from({ length: STRANGER_LETTERS_MAX + 5 }, (_, index) => `${index}`)
  await a.write(b.address, ...many)
  const taken = await b.fetch()
  assert.deepEqual(taken, many.slice(0, STRANGER_LETTERS_MAX))
  b.store.contacts.keep(alice.log, 0)
  // Bob's receipt says that he is there for more.
  await a.visit(async ({ mailboxes }, mailed) => {
    await mailboxes.fetch()
    await mailed
  })
  assert.deepEqual(await b.fetch(), many.slice(STRANGER_LETTERS_MAX))
  const long = 'x'.repeat(MESSAGE_BYTES_MAX)
  const texts = [...Array.from({ length: 150 }, (_, index) => `${index}`), long, long]
  await a.write(b.address, ...texts)
  assert.ok(MAIL_BYTES_MAX < 2 * MESSAGE_BYTES_MAX)
  assert.ok((town.keeps[0]?.size ?? 0) < 80)
  assert.deepEqual(await b.fetch(), texts)
})

test('both begin at once: both sessions receive, and one of them goes on', async (t) => {
  const { a, b } = await meet(t)
  await a.visit(async () => {})
  await Promise.all([a.write(b.address, 'from Alice'), b.write(a.address, 'from Bob')])
  assert.deepEqual([await a.fetch(), await b.fetch()], [['from Bob'], ['from Alice']])
  for (let round = 0; round < 3; round++) {
    await a.write(b.address, `a${round}`)
    await b.write(a.address, `b${round}`)
    assert.deepEqual([await a.fetch(), await b.fetch()], [[`b${round}`], [`a${round}`]])
  }
  const live = (store: Store, peer: Uint8Array) => store.mailSessions.all(peer).filter((one) => one.live)
  const [mine, theirs] = [live(a.store, bob.log.id), live(b.store, alice.log.id)]
  assert.equal(mine.length, 2)
  const used = (sessions: typeof mine) => sessions.toSorted((x, y) => Buffer.compare(x.h1, y.h1))[0]?.h1
  assert.deepEqual(used(mine), used(theirs))
})

test('a parcel that is kept twice, brought back, or reordered changes nothing', async (t) => {
  const { town, a, b } = await meet(t)
  const parcels: Uint8Array[] = []
  const copy = (keep: Keep | undefined): void => {
    for (let kept = keep?.next(bob.log.id, 0, town.world.now); kept; ) {
      parcels.push(kept.parcel)
      kept = keep?.next(bob.log.id, kept.number, town.world.now)
    }
  }
  await a.write(b.address, 'one')
  await a.write(b.address, 'two')
  await a.write(b.address, 'three')
  copy(town.keeps[0])
  assert.equal(parcels.length, 3)
  assert.deepEqual(await b.fetch(), ['one', 'two', 'three'])
  const bring = (order: readonly number[]): void => {
    for (const index of order) {
      const parcel = parcels[index] ?? new Uint8Array(0)
      const source = new Uint8Array(32).fill(index)
      const row = { to: bob.log.id, id: sha256(parcel), size: parcel.length, source }
      town.keeps[1]?.put(row, parcel, bob.log, town.world.now)
    }
  }
  bring([0, 1, 2])
  assert.deepEqual(await b.fetch(), [])
  assert.equal(town.keeps[1]?.next(bob.log.id, 0, town.world.now), null)
  const lost = openStore(null)
  const again = createResident(town, carol, boxes, lost)
  t.after(() => lost.close())
  await again.visit(async () => {})
  await a.write(again.address, 'one')
  await a.write(again.address, 'two')
  const [box] = town.keeps
  const first = box?.next(carol.log.id, 0, town.world.now)
  assert.ok(box && first && box.next(carol.log.id, first.number, town.world.now))
  // The mailbox that is asked first has lost the first of two, the other has both.
  box.remove(carol.log.id, [first.id])
  assert.deepEqual(await again.fetch(), ['one', 'two'])
})

test('a peer that lost everything but its keys is written to anew, and gets what was under way', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  assert.deepEqual(await b.fetch(), ['one'])
  await a.fetch()
  // Bob restores a backup: his keys, and nothing of sessions or letters.
  const fresh = createResident(town, bob)
  t.after(() => fresh.store.close())
  await fresh.visit(async () => {})
  await a.write(b.address, 'two')
  assert.deepEqual(await fresh.fetch(), [])
  await fresh.write(a.address, 'hello again')
  assert.deepEqual(await a.fetch(), ['hello again'])
  assert.deepEqual(await fresh.fetch(), ['two'])
  await a.fetch()
  assert.deepEqual(a.states(bob.log.id), ['delivered', 'delivered'])
})

test('what nobody confirms is mailed again after a week, in a new session', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  for (const keep of town.keeps) assert.equal(keep.size, 1)
  town.pass(MAIL_AGAIN / 2)
  await town.publishBoxes()
  // He comes, but does not look into his mailboxes.
  await b.visit(async () => {})
  town.pass(MAIL_AGAIN / 2 - 10)
  await a.visit(async ({ letters }) => {
    await letters.send(b.address, 'two')
    while (a.store.mail.waiting().length > 0 || a.states(bob.log.id)[1] !== 'sent')
      await new Promise((resolve) => setImmediate(resolve))
  })
  assert.equal(town.keeps[0]?.size, 2)
  town.pass(20)
  await a.write(b.address, 'three')
  assert.equal(a.store.mailSessions.all(bob.log.id).length, 2)
  assert.deepEqual(await b.fetch(), ['one', 'two', 'three'])
})

test('prekeys are kept for a month, and then nothing opens what was made for them', async (t) => {
  const { a, b } = await meet(t)
  await a.write(b.address, 'one')
  b.store.prekeys.forget(Number.MAX_SAFE_INTEGER)
  assert.deepEqual(await b.fetch(), [])
  assert.ok(PREKEY_AGE > 14 * 86_400)
})
