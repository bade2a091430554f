/** Datagrams between virtual addresses: late, sometimes lost, gone when they are too large. Everything that happens is counted. */

import { createHash } from 'node:crypto'
import type { VirtualClock } from './clock.ts'
import type { Random } from './random.ts'

export type Address = { readonly host: string; readonly port: number }

export type Datagram = { readonly from: Address; readonly to: Address; readonly data: Buffer }

export type Watcher = (datagram: Datagram) => void

export type Receiver = (data: Buffer, from: Address) => void

export type NetworkSettings = {
  /** Share of datagrams lost at random. */
  readonly loss: number
}

export type Traffic = {
  sent: number
  bytes: number
  lost: number
  tooLarge: number
}

export type Network = {
  readonly traffic: Readonly<Traffic>
  /** Sends as `from`, which need not be the sender's own: many networks let forged addresses out. */
  send(datagram: Datagram): void
  /** @throws an error with code EADDRINUSE when somebody is bound there */
  bind(address: Address, receive: Receiver): void
  unbind(address: Address): void
  /** Keeps an address for who will bind it: nobody else gets it by chance. */
  reserve(address: Address): void
  /** Whether somebody is bound there, or it is reserved. */
  isTaken(address: Address): boolean
  /** Sees each datagram when it is sent, or when it arrives; returns what stops that. */
  watch(moment: 'sent' | 'arrived', watcher: Watcher): () => void
  /** Hash of every datagram sent so far with its time and addresses: two runs that agree did the same. */
  digest(): string
}

/** What a datagram may carry where the MTU is 1,280 bytes (28 are IPv4 and UDP): larger ones vanish without a word. */
export const PAYLOAD_MAX = 1252

export const nameOf = ({ host, port }: Address): string => `${host}:${port}`

export const createNetwork = (clock: VirtualClock, random: Random, { loss }: NetworkSettings): Network => {
  const receivers = new Map<string, Receiver>()
  const reserved = new Set<string>()
  const watchers = { sent: new Set<Watcher>(), arrived: new Set<Watcher>() }
  const traffic: Traffic = { sent: 0, bytes: 0, lost: 0, tooLarge: 0 }
  const latency = createLatency(random.fork('latency'))
  const luck = random.fork('loss')
  const hash = createHash('sha256')

  const deliver = (datagram: Datagram): void => {
    const receive = receivers.get(nameOf(datagram.to))
    if (receive === undefined) return
    for (const watcher of watchers.arrived) watcher(datagram)
    receive(datagram.data, datagram.from)
  }

  return {
    traffic,
    send: ({ from, to, data }) => {
      for (const watcher of watchers.sent) watcher({ from, to, data })
      traffic.sent += 1
      traffic.bytes += data.length
      hash.update(`${clock.now()} ${nameOf(from)} ${nameOf(to)} ${data.length} `)
      hash.update(data)
      if (data.length > PAYLOAD_MAX) traffic.tooLarge += 1
      else if (luck.uniform() < loss) traffic.lost += 1
      else {
        // A copy: the sender sends its buffer again, and the receiver keeps parts of what it got.
        const datagram = { from, to, data: Buffer.from(data) }
        clock.after(latency(from.host, to.host), () => deliver(datagram))
      }
    },
    bind: (address, receive) => {
      const name = nameOf(address)
      if (receivers.has(name)) throw Object.assign(new Error(`${name} is in use`), { code: 'EADDRINUSE' })
      receivers.set(name, receive)
    },
    unbind: (address) => void receivers.delete(nameOf(address)),
    reserve: (address) => void reserved.add(nameOf(address)),
    isTaken: (address) => receivers.has(nameOf(address)) || reserved.has(nameOf(address)),
    watch: (moment, watcher) => {
      watchers[moment].add(watcher)
      return () => void watchers[moment].delete(watcher)
    },
    digest: () => hash.copy().digest('hex'),
  }
}

/**
 * Milliseconds one way: both hosts' own way to the middle of the internet, and a little that differs each time. Round trips so come out at
 * about 30 to 250 ms with a median of 90, as between homes and servers all over the world.
 */
const createLatency = (random: Random): ((from: string, to: string) => number) => {
  const ways = new Map<string, number>()
  const wayOf = (host: string): number => {
    const known = ways.get(host)
    if (known !== undefined) return known
    const way = Math.min(90, 21 * Math.exp(0.55 * random.normal()))
    ways.set(host, way)
    return way
  }
  return (from, to) => (from === to ? 0.1 : wayOf(from) + wayOf(to) + 4 * random.uniform())
}
