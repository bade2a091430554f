/** Types of the parts of udx-native 1.21.3 that Handfast uses; upstream ships none. CommonJS: only the default import is a value. */

declare module 'udx-native' {
  import { EventEmitter } from 'node:events'

  class UDX {
    createSocket(options?: { reuseAddress?: boolean; ipv6Only?: boolean }): UDX.Socket
    createStream(id: number, options?: object): UDX.Stream
    networkInterfaces(): UDX.Interface[]
    watchNetworkInterfaces(onchange?: (interfaces: UDX.Interface[]) => void): UDX.InterfaceWatcher
    /** DNS. */
    lookup(host: string, options?: { family?: 0 | 4 | 6 }): Promise<{ host: string; family: number }>
  }

  namespace UDX {
    type Interface = { name: string; host: string; family: 4 | 6; internal: boolean }
    type SocketAddress = { host: string; family: 4 | 6; port: number }

    interface InterfaceWatcher extends EventEmitter {
      destroy(): Promise<unknown>
    }

    interface Socket
      extends EventEmitter<{
        message: [data: Buffer, from: SocketAddress]
        listening: []
        close: []
        idle: []
        busy: []
      }> {
      readonly bound: boolean
      readonly closing: boolean
      /** Throws EADDRINUSE, EADDRNOTAVAIL, EACCES; without a host every interface is bound. */
      bind(port?: number, host?: string): void
      address(): SocketAddress | null
      /** Resolves once the kernel has it; `true` says nothing about delivery. */
      send(data: Uint8Array, port: number, host?: string, ttl?: number): Promise<boolean>
      trySend(data: Uint8Array, port: number, host?: string, ttl?: number): void
      addMembership(group: string, interfaceAddress?: string): void
      close(): Promise<void>
    }

    /** A streamx Duplex over UDP. It has no receive window: whatever arrives is acknowledged and queued in memory. */
    interface Stream
      extends EventEmitter<{
        data: [data: Buffer]
        message: [data: Buffer]
        error: [error: Error]
        connect: []
        end: []
        close: []
        'remote-changed': []
      }> {
      readonly id: number
      /** Also of what was only forwarded. */
      readonly bytesReceived: number
      readonly connected: boolean
      readonly destroyed: boolean
      readonly remoteHost: string | null
      readonly remotePort: number
      connect(socket: Socket, remoteId: number, port: number, host?: string | object, options?: object): void
      changeRemote(socket: Socket, remoteId: number, port: number, host?: string): Promise<void>
      write(data: Uint8Array): boolean
      end(): this
      destroy(error?: Error): this
    }
  }

  export = UDX
}
