/** Types of the three files inside HyperDHT 6.34.0 that Handfast imports; its package.json has no `exports`, so paths end in .js. */

declare module 'hyperdht/lib/noise-wrap.js' {
  import type { HandshakePayload, KeyPair } from 'hyperdht'

  /** The Noise IK handshake of one connection. */
  class NoiseWrap {
    constructor(keyPair: KeyPair, remotePublicKey: Uint8Array | null)
    send(payload: HandshakePayload): Buffer
    recv(message: Uint8Array): HandshakePayload
    final(): object
  }

  export = NoiseWrap
}

declare module 'hyperdht/lib/plugin.js' {
  import type HyperDHT from 'hyperdht'
  import type { Address, IncomingRequest, PluginRequest, Query, QueryOptions, Reply, RequestOptions } from 'hyperdht'

  /** Base class of a protocol beside HyperDHT's own commands. Requests reach it only while the node is persistent. */
  class Plugin {
    readonly name: string
    readonly version: number
    dht: HyperDHT | null
    constructor(name: string, version: number)
    onregister(dht: HyperDHT): void
    onrequest(request: PluginRequest, envelope: IncomingRequest): void
    onpersistent(): void
    /** May be called when the node closes. */
    destroy(): void
    request(
      message: {
        token?: Uint8Array | null
        command: number
        target?: Uint8Array | null
        value?: Uint8Array | null
      },
      to: Address,
      options?: RequestOptions,
    ): Promise<Reply>
    query<T = Reply>(
      message: { command: number; target?: Uint8Array | null; value?: Uint8Array | null },
      options?: QueryOptions<T>,
    ): Query<T>
  }

  export = Plugin
}

declare module 'hyperdht/lib/constants.js' {
  /** The entrances of the public network, as address@name:port. */
  export const BOOTSTRAP_NODES: readonly string[]
}
