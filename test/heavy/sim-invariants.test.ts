import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attack } from '../../sim/attackers/attack.ts'
import { garbage } from '../../sim/attackers/garbage.ts'
import { stale } from '../../sim/attackers/stale.ts'
import { createObserver, type Violation } from '../../sim/observer.ts'
import { type Production, production } from '../../sim/production.ts'
import { publishNewest } from '../../sim/siege.ts'
import { COMMAND, decodeGet, decodePut, encodeMessage } from '../../src/directory/request-format.ts'
import { cut } from '../core/identities.ts'
import { siege, withWorld } from '../sim/small-world.ts'

/** The simulator is worth something only if it notices. Each of these builds breaks one promise. */

const violated = async (attack: Attack, parts: Partial<Production>): Promise<ReadonlySet<Violation['invariant']>> => {
  const { result } = await siege(attack, { parts })
  return new Set(result.violations.map(({ invariant }) => invariant))
}

test('the production code keeps every invariant while some store garbage and some serve old logs', async () => {
  for (const attack of [garbage, stale]) {
    const { result } = await siege(attack)
    assert.deepEqual(result.violations, [])
    assert.ok(result.observations.every(({ newest }) => newest))
    assert.ok([...result.inventory.current.values()].every(({ length }) => length > 0))
  }
})

test('a lookup that calls a superseded log current, though the newest reached it, is noticed', async () => {
  const lookup: Production['lookup'] = async (directory, id) => {
    const found = await production.lookup(directory, id)
    return found.log === null ? found : { ...found, log: cut(found.log, 0), verdict: 'fresh' }
  }
  assert.deepEqual(await violated(stale, { lookup }), new Set(['superseded-as-current']))
})

test('a lookup that calls a log current whose cards have all run out is noticed', async () => {
  const lookup: Production['lookup'] = async (directory, id) => {
    const found = await production.lookup(directory, id)
    return { ...found, verdict: 'fresh' }
  }
  const { result } = await withWorld(
    async (world) => {
      await world.grow(24)
      const person = world.truth.create('somebody', world.clock.now())
      const reader = await world.reader()
      await publishNewest(world, reader, person)
      const observer = createObserver(world)
      await observer.lookup(reader, person)
      const before = observer.violations.length
      world.clock.leap(2 * 24 * 3600 * 1000)
      await world.clock.wait(120_000)
      await observer.lookup(reader, person)
      return { before, after: observer.violations.map(({ invariant }) => invariant) }
    },
    { parts: { lookup } },
  )
  assert.deepEqual(result, { before: 0, after: ['expired-as-current'] })
})

test('a lookup that asks nobody and calls what it remembers current is noticed', async () => {
  const remembered = new Map<string, Awaited<ReturnType<Production['lookup']>>>()
  const nameOf = (id: Uint8Array): string => Buffer.from(id).toString('hex')
  const publish: Production['publish'] = async (directory, statement) => {
    const { log, card } = statement
    const name = nameOf(log.id)
    if (!remembered.has(name)) remembered.set(name, { verdict: 'fresh', log, card: card.envelope })
    return production.publish(directory, statement)
  }
  const lookup: Production['lookup'] = async (directory, id) =>
    remembered.get(nameOf(id)) ?? production.lookup(directory, id)
  assert.deepEqual(await violated(stale, { lookup, publish }), new Set(['eclipse-as-fresh']))
})

test('a lookup that returns what nobody signed, or the log of somebody else, is noticed', async () => {
  const forging: Production['lookup'] = async (directory, id) => {
    const found = await production.lookup(directory, id)
    return { ...found, card: Uint8Array.from(found.card ?? [], (byte) => byte ^ 1) }
  }
  assert.deepEqual(await violated(stale, { lookup: forging }), new Set(['unverified-returned']))

  let other: Awaited<ReturnType<Production['lookup']>> | undefined
  const confusing: Production['lookup'] = async (directory, id) => {
    other ??= await production.lookup(directory, id)
    return { ...other, verdict: 'doubtful' }
  }
  assert.deepEqual(await violated(stale, { lookup: confusing }), new Set(['unverified-returned']))
})

test('a storage node that keeps what it did not verify is noticed', async () => {
  const createStorage: Production['createStorage'] = (node) => {
    const storage = production.createStorage(node)
    const kept = new Map<string, Uint8Array>()
    const handle: typeof storage.handle = (command, value, request) => {
      const put = command === COMMAND.put && request.proven ? decodePut(value) : null
      if (put?.t === 'entry') kept.set(Buffer.from(put.id).toString('hex'), put.d)
      const asked = command === COMMAND.get ? decodeGet(value) : null
      const entry = asked === null ? undefined : kept.get(Buffer.from(asked.id).toString('hex'))
      if (entry === undefined) return storage.handle(command, value, request)
      if (asked === null) return encodeMessage({ refused: null })
      return encodeMessage({
        tip: asked.id,
        entryCount: 1,
        cardCount: 0,
        entries: asked.from === 0 ? [entry] : [],
        cards: [],
        now: request.now,
      })
    }
    return { ...storage, handle }
  }
  assert.ok((await violated(garbage, { createStorage })).has('unverified-stored'))
})
