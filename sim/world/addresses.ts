import type { Address } from './network.ts'
import type { Random } from './random.ts'

/** Hands out public IPv4 addresses, each alone in its /24, and ports. Nothing is ever sent to them: the network is in memory. */
export const createAddressBook = (random: Random): { next(): Address } => {
  const networks = new Set<string>()
  const next = (): Address => {
    for (;;) {
      // 20.0.0.0 to 99.255.255.255: neither private nor loopback, so that every rule for public networks applies.
      const network = [20 + random.integer(80), random.integer(256), random.integer(256)].join('.')
      if (networks.has(network)) continue
      networks.add(network)
      return { host: `${network}.${1 + random.integer(254)}`, port: 1024 + random.integer(31_000) }
    }
  }
  return { next }
}
