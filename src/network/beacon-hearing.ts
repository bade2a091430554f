import type { Endpoint } from '../core/beacon.ts'
import { BEACON_GROUP, BEACON_INTERFACES_MS, BEACON_LOOK_MS } from '../core/limits/beacon-limits.ts'
import type { Answerer } from './beacon-answerer.ts'
import type { BeaconSockets, Listener } from './beacon-sockets.ts'
import type { LanInterface, Reach } from './lan-interfaces.ts'

/** What asking and hearing have in common. */
export type Scene = {
  readonly sockets: BeaconSockets
  /** those that there are at this moment */
  readonly interfaces: () => readonly LanInterface[]
  readonly reach: Reach
  /** of the questions */
  readonly beaconPort: number
  /** milliseconds that only count */
  readonly now: () => number
}

export type Hearing = {
  /** Resolves once questions are heard, or cannot be. */
  readonly begun: Promise<void>
  stop(): void
}

/** Where questions are heard. On this machine alone broadcast needs a socket of its own. */
const HEARD_AT: Readonly<Record<Reach, readonly string[]>> = {
  lan: ['0.0.0.0'],
  loopback: [BEACON_GROUP, '127.255.255.255'],
}

/** Hears questions on all interfaces, also on those that come later, and sends what is to be answered. */
export const startHearing = ({ sockets, interfaces, reach, beaconPort, now }: Scene, answerer: Answerer): Hearing => {
  /** as they were when somebody looked last */
  let near: readonly LanInterface[] = []
  let joined = new Set<string>()
  let looked = Number.NEGATIVE_INFINITY
  const listeners = new Map<string, Listener>()
  let isOver = false
  const isIn = (host: string): boolean => near.some((one) => one.contains(host))
  /** An interface that has just come is seen when the first question comes over it. */
  const isNear = (host: string): boolean => {
    if (isIn(host)) return true
    if (now() - looked < BEACON_LOOK_MS) return false
    seeInterfaces()
    return isIn(host)
  }
  const onMessage = (bytes: Uint8Array, from: Endpoint): void => {
    const make = answerer.hear(bytes, from, isNear)
    if (make !== null) sockets.answer(from, make)
  }

  /** A port that was another's is tried again each time. */
  const openAt = async (host: string): Promise<void> => {
    if (listeners.has(host)) return
    const listener = await sockets.openListener({ host, port: beaconPort }, onMessage)
    if (listener === null) return
    if (isOver || listeners.has(host)) return listener.close()
    listeners.set(host, listener)
    joined = new Set()
  }

  const seeInterfaces = (): void => {
    looked = now()
    near = interfaces()
    const hosts = new Set(near.map(({ host }) => host))
    for (const listener of listeners.values()) {
      for (const host of joined.difference(hosts)) listener.leave(host)
      for (const host of hosts.difference(joined)) listener.join(host)
    }
    joined = hosts
  }
  const look = async (): Promise<void> => {
    await Promise.all(HEARD_AT[reach].map(openAt))
    seeInterfaces()
  }

  const begun = look()
  const timer = setInterval(() => void look(), BEACON_INTERFACES_MS).unref()
  return {
    begun,
    stop: () => {
      isOver = true
      clearInterval(timer)
      for (const listener of listeners.values()) listener.close()
    },
  }
}
