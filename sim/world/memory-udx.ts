/** The parts of udx-native that HyperDHT uses, over the virtual network: one object for each machine. */

import { EventEmitter } from 'node:events'
import type UDX from 'udx-native'
import type { Interface, InterfaceWatcher, Socket, SocketAddress, Stream } from 'udx-native'
import type { Network } from './network.ts'
import type { Random } from './random.ts'

/** A machine with one IPv4 address. */
export type Machine = {
  readonly host: string
  readonly udx: UDX
  /** Sees datagrams before the node does; what it returns true for, the node never gets. */
  intercept: Interceptor | null
  /** What it sends goes nowhere: it was switched off. */
  mute: boolean
}

export type Interceptor = (data: Buffer, from: SocketAddress, at: SocketAddress) => boolean

const EPHEMERAL_PORTS = { from: 32_768, count: 28_000 }

export const createMachine = (network: Network, host: string, random: Random): Machine => {
  const interfaces: Interface[] = [{ name: 'eth0', host, family: 4, internal: false }]
  const machine: Machine = {
    host,
    intercept: null,
    mute: false,
    udx: {
      createSocket: () => new MemorySocket(network, machine, random),
      createStream: (): Stream => {
        throw new Error('streams are not simulated')
      },
      networkInterfaces: () => interfaces,
      watchNetworkInterfaces: () => new MemoryWatcher(interfaces),
      lookup: async (name) => {
        throw new Error(`no names are simulated: ${name}`)
      },
    },
  }
  return machine
}

class MemoryWatcher extends EventEmitter implements InterfaceWatcher {
  readonly interfaces: readonly Interface[]
  constructor(interfaces: readonly Interface[]) {
    super()
    this.interfaces = interfaces
  }
  async destroy(): Promise<void> {}
}

class MemorySocket extends EventEmitter<SocketEvents> implements Socket {
  readonly #network: Network
  readonly #machine: Machine
  readonly #random: Random
  #port = 0
  #closing: Promise<void> | null = null
  /** HyperDHT asks a socket whether streams use it before it closes it. */
  readonly streams = new Set<Stream>()

  constructor(network: Network, machine: Machine, random: Random) {
    super()
    this.#network = network
    this.#machine = machine
    this.#random = random
  }

  get bound(): boolean {
    return this.#port !== 0
  }

  get closing(): boolean {
    return this.#closing !== null
  }

  get idle(): boolean {
    return true
  }

  get busy(): boolean {
    return false
  }

  address(): SocketAddress | null {
    return this.bound ? { host: this.#machine.host, family: 4, port: this.#port } : null
  }

  bind(port = 0): void {
    if (this.bound) throw new Error('already bound')
    const { host } = this.#machine
    const free = port === 0 ? this.#freePort() : port
    this.#network.bind({ host, port: free }, (data, { host: fromHost, port: fromPort }) => {
      const from: SocketAddress = { host: fromHost, port: fromPort, family: 4 }
      if (this.#machine.intercept?.(data, from, { host, port: free, family: 4 }) !== true)
        this.emit('message', data, from)
    })
    this.#port = free
    this.emit('listening')
  }

  #freePort(): number {
    for (;;) {
      const port = EPHEMERAL_PORTS.from + this.#random.integer(EPHEMERAL_PORTS.count)
      if (!this.#network.isTaken({ host: this.#machine.host, port })) return port
    }
  }

  trySend(data: Uint8Array, port: number, host = '127.0.0.1'): void {
    if (this.closing || this.#machine.mute) return
    if (!this.bound) this.bind()
    const from = { host: this.#machine.host, port: this.#port }
    this.#network.send({ from, to: { host, port }, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) })
  }

  async send(data: Uint8Array, port: number, host?: string): Promise<boolean> {
    this.trySend(data, port, host)
    return true
  }

  addMembership(): void {}

  setTTL(): void {}

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.bound) this.#network.unbind({ host: this.#machine.host, port: this.#port })
    await Promise.resolve()
    this.emit('close')
  }
}

type SocketEvents = {
  message: [data: Buffer, from: SocketAddress]
  listening: []
  close: []
  idle: []
  busy: []
}
