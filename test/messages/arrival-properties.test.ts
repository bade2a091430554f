import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Peer } from '../../src/peer/peer.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, makeWorld, settle } from '../connection/sides.ts'
import { runs } from '../runs.ts'
import { said } from './told.ts'
import { createTown } from './town.ts'

/** Whatever is sent, cut, restarted and taken between two people with two programs each: every message arrives once, in order. */

const APPS = ['handfast', 'chess'] as const

const move = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('send' as const),
      side: fc.nat({ max: 1 }),
      count: fc.integer({ min: 1, max: 25 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('take' as const),
      side: fc.nat({ max: 1 }),
      count: fc.integer({ min: 1, max: 25 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('cut' as const), side: fc.nat({ max: 1 }), count: fc.constant(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('restart' as const),
      side: fc.nat({ max: 1 }),
      count: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      side: fc.constant(0),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
)
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never

/** Somebody with a disk, and one program at a time that has it open. */
const createSide = (town: ReturnType<typeof createTown>, identity: typeof alice, name: string) => {
  const store = openStore(null)
  let peer: Peer | undefined
  const side = {
    store,
    /** what was sent by each program */
    sent: { handfast: [] as string[], chess: [] as string[] },
    app: 'handfast' as (typeof APPS)[number],
    get peer(): Peer {
      return peer ?? assert.fail('nobody is here')
    },
    restart: async (app: (typeof APPS)[number], now: number): Promise<void> => {
      await peer?.close()
      side.app = app
      const world = makeWorld(`${name} at ${now}`, now)
      peer = town.open(identity, { store: { ...store, close: () => {} }, app, world })
      await peer.listen()
    },
    /** Takes what is here, at most so many. */
    take: async (count: number): Promise<void> => {
      for (let index = 0; index < count && store.messages.arrived(side.app, null, 0) !== null; index++) {
        const message = await side.peer.messages.receive()
        if (message === null) return
        side.peer.messages.take(message)
        await store.group.run(() => {})
      }
    },
    end: async (): Promise<void> => {
      await peer?.close()
      store.close()
    },
  }
  return side
}

const play = async (moves: readonly Move[], tick: () => void): Promise<void> => {
  const town = createTown()
  const sides = [createSide(town, alice, 'alice'), createSide(town, bob, 'bob')] as const
  let now = 1_800_000_000
  const restart = async (side: (typeof sides)[number], app: (typeof APPS)[number]): Promise<void> => {
    // No two cards of a device have the same serial.
    now += 1
    town.directory.now = now
    await side.restart(app, now)
  }
  for (const side of sides) await restart(side, 'handfast')
  const [a, b] = sides
  const otherOf = (side: (typeof sides)[number]) => (side === a ? b : a)
  for (const { what, side: index, count } of moves) {
    const side = index === 0 ? a : b
    if (what === 'send')
      for (let n = 0; n < count; n++) {
        const text = `${side.sent[side.app].length}`
        side.sent[side.app].push(text)
        await side.peer.messages.send(otherOf(side).peer.address, text)
      }
    else if (what === 'take') await side.take(count)
    else if (what === 'cut') for (const pair of town.transports.pairs) pair.cut()
    else if (what === 'restart') await restart(side, APPS[count] ?? 'handfast')
    else for (let turn = 0; turn < count; turn++) await settle()
  }
  /** What has arrived at one side of what the other's program said. */
  const arrived = (side: (typeof sides)[number], app: (typeof APPS)[number]) =>
    side.store.messages
      .history((side === a ? bob : alice).log.id, app, Number.MAX_SAFE_INTEGER, 10_000)
      .filter(({ out }) => !out)
  for (const app of APPS) {
    for (const side of sides) await restart(side, app)
    const isThere = (): boolean => sides.every((side) => arrived(side, app).length >= otherOf(side).sent[app].length)
    for (let turn = 0; turn < 500 && !isThere(); turn++) {
      for (const side of sides) await side.take(1_000)
      tick()
      await settle()
    }
    for (const side of sides) {
      const history = side.peer.messages.history(otherOf(side).peer.address, { limit: 10_000 })
      const theirs = history.filter(({ direction }) => direction === 'in').map(said)
      assert.deepEqual(theirs, otherOf(side).sent[app])
    }
  }
  for (const side of sides) await side.end()
}

test('every message arrives once and in order, for each program by itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const tick = (): void => t.mock.timers.tick(1_000)
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 16 }), (moves) => play(moves, tick)),
    { seed: 10, numRuns: runs(25) },
  )
})
