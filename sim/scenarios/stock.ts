/** What can be done to an identity among nodes that know nothing of Handfast, beside lying: to surround its places, to spoil its slot, to fill caches. */

import { hex } from '../../src/core/bytes.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { internalsOf } from '../../src/network/hyperdht-internals.ts'
import type { Plot } from '../attackers/attack.ts'
import { floodCache, spoilSlot } from '../attackers/spoil.ts'
import { stockStale } from '../attackers/stock.ts'
import { surroundTargets } from '../attackers/surround.ts'
import { createObserver, type Observation, type Violation } from '../observer.ts'
import type { Person } from '../people.ts'
import { FOUND_COLUMNS, foundCells } from '../report/found-columns.ts'
import { percent, shareOf } from '../report/numbers.ts'
import { lookUpAll, publishNewest } from '../siege.ts'
import { stockProduction } from '../stock-production.ts'
import type { World } from '../world/world.ts'
import { inWorld, type Report, type Scenario, type Setting } from './scenario.ts'

const NODES = 300
const KEYS = 4
const LOOKUPS = 160
const SYBILS = [5, 10, 20, 40]
/** Until the attackers are in everybody's routing tables. */
const SETTLE_MS = 120_000

type Seen = { readonly observations: readonly Observation[]; readonly violations: readonly Violation[] }

const COLUMNS = ['case', 'keys', ...FOUND_COLUMNS]

const row = (name: string, seen: readonly Seen[]) => [
  name,
  seen.length,
  ...foundCells(seen.flatMap(({ observations }) => observations)),
]

const plotIn = (world: World): Plot => ({ world, random: world.random.fork('plot'), attackers: [] })

const read = async (world: World, person: Person, lookups: number): Promise<Seen> => {
  const observer = createObserver(world)
  await lookUpAll(world, [person], lookups, (reader, one) => observer.lookup(reader, one))
  return { observations: observer.observations, violations: observer.violations }
}

/** The same course for some keys, each in a network of its own. */
const each = async <T>(
  setting: Setting,
  name: string,
  work: (world: World, person: Person, lookups: number) => Promise<T>,
): Promise<{ readonly results: readonly T[]; readonly digest: string }> => {
  const { nodes = NODES, people = KEYS, lookups = LOOKUPS } = setting.options
  const results: T[] = []
  let digests = ''
  for (let key = 0; key < people; key++) {
    setting.say(`${name}: key ${key + 1} of ${people}`)
    const { result, digest } = await inWorld(
      { ...setting, production: stockProduction },
      `${name} ${key}`,
      async (world) => {
        await world.grow(nodes)
        const person = world.truth.create('the victim', world.clock.now())
        return work(world, person, Math.ceil(lookups / people))
      },
    )
    results.push(result)
    digests += digest
  }
  return { results, digest: digests }
}

/** Where the next slot will be, alone or with the present one. */
const PLACES = { next: [1], 'slot and next': [0, 1] } as const

const surround: Scenario = {
  name: 'stock-surround',
  summary: 'stock nodes: many machines around the place of the next slot, or of both, so as to hide a rotation',
  run: async (setting): Promise<Report> => {
    const rows: (readonly (string | number)[])[] = []
    const violations: Violation[] = []
    let digests = ''
    for (const [what, epochs] of Object.entries(PLACES))
      for (const count of SYBILS) {
        const { results, digest } = await each(setting, `${count} around ${what}`, async (world, person, lookups) => {
          const owner = await world.reader()
          await publishNewest(world, owner, person)
          const targets = epochs.map((epoch) => {
            const key = world.truth.slotKeys(person)[epoch]
            return placeOfSlot(key?.publicKey ?? new Uint8Array(32))
          })
          await surroundTargets(plotIn(world), targets, count, stockStale)
          await world.clock.wait(SETTLE_MS)
          world.truth.supersede(person, world.clock.now(), { rotate: true })
          await publishNewest(world, owner, person)
          return read(world, person, lookups)
        })
        rows.push(row(`${count} around ${what}`, results))
        violations.push(...results.flatMap((one) => one.violations))
        digests += digest
      }
    return { columns: COLUMNS, rows, checks: [], violations, plot: null, digest: digests }
  },
}

const thief: Scenario = {
  name: 'stock-thief',
  summary: 'stock nodes: the thief of a device spoils its slot; the owner rotates, and he spoils what he can again',
  run: async (setting): Promise<Report> => {
    const { results, digest } = await each(setting, 'thief', async (world, person, lookups) => {
      const owner = await world.reader()
      await publishNewest(world, owner, person)
      const plot = plotIn(world)
      await spoilSlot(plot, person, 0)
      const spoiled = await read(world, person, lookups)
      world.truth.supersede(person, world.clock.now(), { rotate: true })
      await publishNewest(world, owner, person)
      await spoilSlot(plot, person, 0)
      return { spoiled, after: await read(world, person, lookups) }
    })
    const after = results.map((one) => one.after)
    const found = shareOf(
      after.flatMap(({ observations }) => observations),
      ({ newest, verdict }) => newest && verdict === 'fresh',
    )
    return {
      columns: COLUMNS,
      rows: [
        row(
          'the slot is spoiled',
          results.map(({ spoiled }) => spoiled),
        ),
        row('after the rotation', after),
      ],
      checks: [
        {
          what: 'lookups that call the rotated log current, after its slot before was spoiled',
          wanted: '>= 99.00%',
          measured: percent(found),
          reached: found >= 0.99,
        },
      ],
      violations: results.flatMap(({ spoiled, after: later }) => [...spoiled.violations, ...later.violations]),
      plot: null,
      digest,
    }
  },
}

/** Honest values at one node: some that nobody looks at, and as many that somebody does once between two parts of the flood. */
const HONEST = 200
const WAVES = [16_384, 32_768, 49_152, 65_536, 81_920]
const MACHINES = 32
const FLOOD_NODES = 40

/** HyperDHT's own cache, which also tells what is there without a look that would keep it. */
type Cache = {
  get(key: string): Uint8Array | null
  set(key: string, value: Uint8Array): unknown
  has(key: string): boolean
}

const isCache = (cache: object | undefined): cache is Cache => cache !== undefined && 'has' in cache

const floodOne = async (world: World, nodes: number, people: number): Promise<readonly (readonly number[])[]> => {
  const [victim] = await world.grow(nodes)
  const kept = victim === undefined ? undefined : internalsOf(victim.node.dht)._persistent?.immutables
  if (victim === undefined || !isCache(kept)) throw new Error('HyperDHT is not 6.34.0')
  const plot = plotIn(world)
  const put = (): readonly string[] => Array.from({ length: people }, () => hex(plot.random.bytes(32)))
  const [unread, looked] = [put(), put()]
  for (const name of [...unread, ...looked]) kept.set(name, plot.random.bytes(300))
  const left = (names: readonly string[]): number => names.filter((name) => kept.has(name)).length
  const rows: (readonly number[])[] = []
  let sent = 0
  for (const wave of WAVES) {
    const began = world.clock.now()
    const took = await floodCache(plot, victim, { values: wave - sent, machines: MACHINES })
    sent += took
    for (const name of looked) kept.get(name)
    rows.push([sent, Math.round((1000 * took) / (world.clock.now() - began)), left(unread), left(looked)])
  }
  return rows
}

const flood: Scenario = {
  name: 'stock-flood',
  summary: 'stock nodes: one machine after another fills the cache of one node, which has no quota',
  run: async (setting): Promise<Report> => {
    const { nodes = FLOOD_NODES, people = HONEST } = setting.options
    setting.say(`one of ${nodes} nodes is flooded`)
    const { result: rows, digest } = await inWorld(
      { ...setting, production: stockProduction },
      'stock-flood',
      (world) => floodOne(world, nodes, people),
    )
    const columns = ['values put at it', 'a second', `of ${people} unread ones left`, `of ${people} that are looked up`]
    return { columns, rows, checks: [], violations: [], plot: null, digest }
  },
}

export const stockScenarios: readonly Scenario[] = [surround, thief, flood]
