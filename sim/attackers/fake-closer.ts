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

/** In the order of their ids, of which 32 bits tell them apart well enough. */
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

/** The nearest of the pool: among those that have as many first bits in common with the target as leaves enough of them. */
const invent = (plot: Plot, target: Uint8Array): readonly Address[] => {
  const { addresses, places } = pools.get(plot) ?? makePool(plot)
  const place = Buffer.from(target).readUInt32BE()
  const block = 2 ** Math.min(32, Math.ceil(32 - Math.log2(addresses.length / (2 * INVENTED))))
  const first = Math.floor(place / block) * block
  const start = firstFrom(places, first)
  return addresses
    .slice(start, firstFrom(places, first + block))
    .map((address, index) => ({ address, distance: ((places[start + index] ?? 0) ^ place) >>> 0 }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, INVENTED)
    .map(({ address }) => address)
}

/** Where the first stands that is not below `least`. */
const firstFrom = (places: Uint32Array, least: number): number => {
  let [low, high] = [0, places.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle] ?? 0) < least) low = middle + 1
    else high = middle
  }
  return low
}

const makePool = (plot: Plot): Pool => {
  const { random, world } = plot
  const all = Array.from({ length: DENSER * world.members.size }, () => {
    const host = [100 + random.integer(20), random.integer(256), random.integer(256), 1 + random.integer(254)].join('.')
    const address = { host, port: 1024 + random.integer(60_000) }
    return { address, place: nodeId(address).readUInt32BE() }
  }).sort((a, b) => a.place - b.place)
  const pool = { addresses: all.map(({ address }) => address), places: Uint32Array.from(all, ({ place }) => place) }
  pools.set(plot, pool)
  return pool
}
