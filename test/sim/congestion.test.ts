import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publishNewest } from '../../sim/siege.ts'
import { withWorld } from './small-world.ts'

/** dht-rpc sends so many requests at a time, and lets the others wait. */
type Congested = { readonly congestion: { isFull(): boolean } }

test('§4 the most careful lookup waits for nodes, and not for the engine beneath to send', async () => {
  const { result } = await withWorld(async (world) => {
    await world.grow(64)
    const person = world.truth.create('alice', world.clock.now())
    const [publisher, reader] = [await world.reader(), await world.reader()]
    await publishNewest(world, publisher, person)
    for (const { machine } of [...world.members.values()].slice(3, 20)) machine.mute = true
    const { congestion } = reader.node.dht.io as unknown as Congested
    const isFull = congestion.isFull.bind(congestion)
    let [asked, full] = [0, 0]
    congestion.isFull = () => {
      asked += 1
      if (isFull()) full += 1
      return isFull()
    }
    const options = { policy: 'thorough', now: world.clock.now() / 1000, signal: new AbortController().signal } as const
    await Promise.all([1, 2].map(() => reader.directory.lookup(person.id, options)))
    return { asked, full }
  })
  assert.ok(result.asked > 100)
  assert.equal(result.full, 0)
})
