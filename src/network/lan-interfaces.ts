/** Which local networks this machine stands in: private IPv4 networks, that is homes, offices, and cables between two machines. */

import { networkInterfaces } from 'node:os'
import { BEACON_INTERFACES_MAX } from '../core/limits/beacon-limits.ts'
import { isLoopback, isPrivate } from '../directory/ip-networks.ts'

/** An IPv4 address of this machine, and the network it is in. */
export type LanInterface = {
  readonly host: string
  /** the last address of its network, which all in it receive */
  readonly broadcast: string
  /** Whether an address is in that network. */
  readonly contains: (host: string) => boolean
}

export type SystemInterface = { readonly family: string; readonly address: string; readonly netmask: string }

/** One machine, or a network of others. */
export type Reach = 'loopback' | 'lan'

/** Two machines on a cable have 4 addresses; a tunnel has 1, and nobody to ask. */
const PREFIX_MAX = 30

const numberOf = (host: string): number => host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const hostOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')

const lanInterface = ({ address, netmask }: SystemInterface): LanInterface => {
  const size = 2 ** 32 - numberOf(netmask)
  const first = Math.floor(numberOf(address) / size) * size
  return {
    host: address,
    broadcast: hostOf(first + size - 1),
    contains: (host) => Math.floor(numberOf(host) / size) * size === first,
  }
}

const ofSystem = (): readonly SystemInterface[] => Object.values(networkInterfaces()).flatMap((list) => list ?? [])

/**
 * The first 8 of those that there are at this moment. Public addresses are left out: who has one is in no local network, or in one that
 * strangers share.
 */
export const lanInterfaces = (reach: Reach, system: () => readonly SystemInterface[] = ofSystem): LanInterface[] => {
  const isMeant = reach === 'loopback' ? isLoopback : isPrivate
  const found = system().filter(
    ({ family, address, netmask }) =>
      family === 'IPv4' && isMeant(address) && 2 ** 32 - numberOf(netmask) >= 2 ** (32 - PREFIX_MAX),
  )
  return found.slice(0, BEACON_INTERFACES_MAX).map(lanInterface)
}
