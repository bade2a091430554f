import type { Address } from '../world/network.ts'
import { nodeId } from '../world/wire.ts'
import { NOTHING, pretend } from './answers.ts'
import { type Attack, giveOrders, type Plot } from './attack.ts'

/** It names nodes that lie nearer to the target than any real one, and do not exist: whoever asks them waits. */
export const fakeCloser: Attack = {
  name: 'fake-closer',
  summary: 'says it holds nothing, and names 20 nearer nodes that do not exist',
  subvert: (member, plot) => {
    giveOrders(member, plot, (ask) => {
      const { target } = ask.request
      const closerNodes = target === null ? [] : plot.random.sample(inventions(plot, target), NAMED)
      return pretend(ask, () => ({ value: NOTHING, closerNodes }))
    })
  },
}

/** As many as HyperDHT names. */
const NAMED = 20
/** Different ones for each target, out of a pool of made-up addresses that is this many times denser than the network. */
const INVENTED = 200
const DENSER = 400

type Pool = { readonly addresses: readonly Address[]; readonly places: Uint32Array }

const pools = new WeakMap<Plot, Pool>()
const invented = new WeakMap<Plot, Map<string, readonly Address[]>>()

const inventions = (plot: Plot, target: Uint8Array): readonly Address[] => {
  const known = invented.get(plot) ?? new Map<string, readonly Address[]>()
  invented.set(plot, known)
  const name = Buffer.from(target).toString('hex')
  const found = known.get(name) ?? invent(plot, target)
  known.set(name, found)
  return found
}

/** The nearest of the pool. Thirty-two bits of an id tell which those are. */
const invent = (plot: Plot, target: Uint8Array): readonly Address[] => {
  const pool = pools.get(plot) ?? makePool(plot)
  pools.set(plot, pool)
  const place = Buffer.from(target).readUInt32BE()
  const within = (2 ** 32 / pool.addresses.length) * 2 * INVENTED
  const near = [...pool.places.keys()]
    .map((index) => ({ index, distance: ((pool.places[index] ?? 0) ^ place) >>> 0 }))
    .filter(({ distance }) => distance < within)
    .sort((a, b) => a.distance - b.distance)
  return near.slice(0, INVENTED).flatMap(({ index }) => pool.addresses[index] ?? [])
}

const makePool = ({ random, world }: Plot): Pool => {
  const addresses = Array.from({ length: DENSER * world.members.size }, (): Address => {
    const host = [100 + random.integer(20), random.integer(256), random.integer(256), 1 + random.integer(254)].join('.')
    return { host, port: 1024 + random.integer(60_000) }
  })
  return { addresses, places: Uint32Array.from(addresses, (address) => nodeId(address).readUInt32BE()) }
}
