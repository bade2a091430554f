import { type Address, nameOf } from '../world/network.ts'
import { nodeId } from '../world/wire.ts'
import { NOTHING, pretend } from './answers.ts'
import { type Attack, giveOrders, nearest, type Plot } from './attack.ts'

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

/** As many as a reply has room for. */
const NAMED = 20
/** Different ones for each target, and out of how many made-up addresses the nearest are taken. */
const INVENTED = 200
const TRIED = 20_000

const invented = new WeakMap<Plot, Map<string, readonly Address[]>>()

const inventions = (plot: Plot, target: Uint8Array): readonly Address[] => {
  const known = invented.get(plot) ?? new Map<string, readonly Address[]>()
  invented.set(plot, known)
  const name = Buffer.from(target).toString('hex')
  const found = known.get(name) ?? invent(plot, target)
  known.set(name, found)
  return found
}

const invent = ({ random, world }: Plot, target: Uint8Array): readonly Address[] => {
  const candidates = Array.from({ length: TRIED }, (): Address => {
    const host = [100 + random.integer(20), random.integer(256), random.integer(256), 1 + random.integer(254)].join('.')
    return { host, port: 1024 + random.integer(60_000) }
  })
  const free = candidates.filter((address) => !world.members.has(nameOf(address)))
  return nearest(target, free, nodeId, INVENTED)
}
