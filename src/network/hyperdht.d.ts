/** Types of the parts of HyperDHT 6.34.0 that Handfast uses; upstream ships none. CommonJS: only the default import is a value. */

declare module 'hyperdht' {
  import { EventEmitter } from 'node:events'
  import type NoiseWrap from 'hyperdht/lib/noise-wrap.js'
  import type Plugin from 'hyperdht/lib/plugin.js'
  import type UDX from 'udx-native'
  import type { InterfaceWatcher, Socket, SocketAddress, Stream } from 'udx-native'

  class HyperDHT extends EventEmitter<{
    listening: []
    ready: []
    persistent: []
    ephemeral: []
    'add-node': [node: HyperDHT.TableNode]
    'remove-node': [node: HyperDHT.TableNode]
    close: []
    error: [error: Error]
  }> {
    constructor(options: HyperDHT.Options)
    /** The first node of a network: persistent without having asked anybody. `host` is the address others see. */
    static bootstrapper(port: number, host: string, options?: Partial<HyperDHT.Options>): HyperDHT
    /** From a 32 B seed, or random. */
    static keyPair(seed?: Uint8Array): HyperDHT.KeyPair
    static hash(data: Uint8Array): Buffer

    readonly udx: UDX
    readonly io: HyperDHT.IO
    readonly listening: Set<HyperDHT.Server>
    readonly plugins: Map<string, Plugin>
    readonly defaultKeyPair: HyperDHT.KeyPair
    readonly nodes: { readonly length: number }
    readonly table: {
      readonly id: Buffer
      readonly k: number
      closest(target: Uint8Array, k?: number): HyperDHT.TableNode[]
    }
    readonly destroyed: boolean
    /** Whether other nodes answer, as far as it was tried; 'network-update' tells of a change. */
    readonly online: boolean
    readonly ephemeral: boolean
    readonly firewalled: boolean
    /** Whether others see this node at a port of its own each. */
    readonly randomized: boolean
    /** The node id others know, `null` while ephemeral. */
    readonly id: Buffer | null
    readonly stats: { readonly requests: { readonly responses: number } }
    /** Address and port as other nodes report them; port 0 when they disagree. */
    readonly host: string | null
    readonly port: number
    bootstrapNodes: HyperDHT.Address[]

    fullyBootstrapped(): Promise<void>
    address(): SocketAddress | null
    localAddress(): HyperDHT.Address | null
    remoteAddress(): HyperDHT.Address | null
    addNode(node: HyperDHT.Address): void
    toArray(options?: { limit?: number }): HyperDHT.Address[]
    /** Asks nodes for others, in the background. */
    refresh(): void

    ping(to: HyperDHT.Address, options?: HyperDHT.RequestOptions): Promise<HyperDHT.Reply>
    /** 4 attempts of 1 s each; one with `retry: false`. Rejects with code REQUEST_TIMEOUT or REQUEST_DESTROYED. */
    request(
      message: {
        token?: Uint8Array | null
        command: number
        target?: Uint8Array | null
        value?: Uint8Array | null
      },
      to: HyperDHT.Address,
      options?: HyperDHT.RequestOptions,
    ): Promise<HyperDHT.Reply>
    query<T = HyperDHT.Reply>(
      message: { target: Uint8Array; command: number; value?: Uint8Array | null },
      options?: HyperDHT.QueryOptions<T>,
    ): HyperDHT.Query<T>
    findNode(target: Uint8Array, options?: HyperDHT.QueryOptions): HyperDHT.Query
    findPeer(publicKey: Uint8Array, options?: HyperDHT.QueryOptions & { hash?: boolean }): HyperDHT.Query<object>
    session(): HyperDHT.Session
    register(name: string, plugin: Plugin): void

    /** Answers a request of HyperDHT's own; false when this node does not know it, or keeps nothing for others. */
    onrequest(request: HyperDHT.IncomingRequest): boolean

    createServer(
      options?: HyperDHT.ServerOptions,
      onconnection?: (stream: HyperDHT.SecretStream) => void,
    ): HyperDHT.Server
    connect(remotePublicKey: Uint8Array, options?: HyperDHT.ConnectOptions): HyperDHT.SecretStream
    /** The end of a stream that others connect to each other by `relayTo`. */
    createRawStream(options: object): Stream

    validateLocalAddresses(addresses: readonly HyperDHT.Address[]): Promise<HyperDHT.Address[]>
    /** `force` leaves out the servers' goodbye to the nodes that know them. Rejects when binding had failed. */
    destroy(options?: { force?: boolean }): Promise<void>
  }

  namespace HyperDHT {
    type Address = { host: string; port: number }
    type NodeId = Address & { id: Buffer | null }
    type TableNode = Address & { id: Buffer }
    type KeyPair = { publicKey: Buffer; secretKey: Buffer }

    type Options = {
      /** `false` or absent contacts public hosts; an empty list does not. */
      bootstrap: readonly Address[]
      udx?: UDX
      host?: string
      /** 0 means 49737; `[0, 0]` any free port, `[p, p + 1]` exactly p. */
      port?: number | readonly [from: number, to: number]
      /** Take another port when the wanted one is in use. Default true. */
      anyPort?: boolean
      /** Absent: becomes persistent by itself after about 20 minutes. */
      ephemeral?: boolean
      firewalled?: boolean
      seed?: Uint8Array
      keyPair?: KeyPair
      nodes?: readonly Address[]
      concurrency?: number
      connectionKeepAlive?: number | false
      randomPunchInterval?: number
      maxSize?: number
      maxAge?: number
      /** Of dht-rpc: requests in 750 ms that no answer has come to; more wait. Default 80. */
      maxWindow?: number
      /** Of dht-rpc: whether it finds out at the start that nothing stands before it. Default true. */
      quickFirewall?: boolean
    }

    type InflightRequest = { readonly tid: number; readonly to: Address }

    type IO = {
      readonly serverSocket: Socket | null
      readonly clientSocket: Socket | null
      readonly networkInterfaces: InterfaceWatcher
      readonly inflight: readonly InflightRequest[]
      /** Bound to the sockets when they open: replace it before that, in the tick that made the node. */
      onmessage(socket: Socket, message: Buffer, from: Address): void
    }

    type Session = { destroy(error?: Error): void }

    type RequestOptions = { retry?: boolean; socket?: Socket; session?: Session }

    type Reply = {
      readonly tid: number
      /** Milliseconds. */
      readonly rtt: number
      readonly from: NodeId
      /** Our own address as the other node saw it. */
      readonly to: Address
      readonly token: Buffer | null
      readonly closerNodes: readonly Address[] | null
      /** 0 when accepted. */
      readonly error: number
      readonly value: Buffer | null
    }

    type QueryOptions<T = Reply> = {
      /** What the query yields for a reply; `null` leaves it out. */
      map?: (reply: Reply) => T | null
      commit?: true | ((reply: Reply, dht: HyperDHT, query: Query<T>) => Promise<unknown>) | null
      concurrency?: number
      /** Retries of one request; default 5, so a silent node costs 6 s. */
      retries?: number
      nodes?: readonly Address[] | null
      replies?: readonly Reply[] | null
      onlyClosestNodes?: boolean
      session?: Session
    }

    /** A streamx Readable of replies. */
    interface Query<T = Reply> extends EventEmitter<{ data: [reply: T]; end: []; close: []; error: [error: Error] }> {
      readonly closestReplies: readonly Reply[]
      readonly closestNodes: readonly NodeId[]
      readonly errors: number
      readonly successes: number
      readonly inflight: number
      readonly destroyed: boolean
      concurrency: number
      finished(): Promise<void>
      destroy(error?: Error): this
      [Symbol.asyncIterator](): AsyncIterableIterator<T>
    }

    /** A request as it arrives at a node. */
    type IncomingRequest = {
      readonly from: NodeId
      readonly to: Address
      /** Checked by the node before the request is handed on. */
      readonly token: Buffer | null
      readonly target: Buffer | null
      readonly command: number
      readonly value: Buffer | null
      reply(value: Uint8Array | null, options?: { token?: boolean; closerNodes?: boolean }): void
      error(code: number, options?: { token?: boolean; closerNodes?: boolean }): void
    }

    type PluginRequest = {
      readonly plugin: string
      readonly version: number
      readonly command: number
      readonly value: Buffer | null
    }

    type HandshakePayload = {
      readonly version: number
      readonly error: number
      readonly firewall: number
      readonly addresses4: readonly Address[]
      readonly relayThrough: { readonly publicKey: Buffer; readonly token: Buffer } | null
    }

    type CreateHandshake = (keyPair: KeyPair, remotePublicKey: Uint8Array | null) => NoiseWrap

    type ServerOptions = {
      /** `true` rejects. */
      firewall?: (remotePublicKey: Buffer, payload: HandshakePayload, from: Address) => boolean | Promise<boolean>
      holepunch?: (() => boolean) | false
      shareLocalAddress?: boolean
      relayThrough?: Uint8Array | null
      createHandshake?: CreateHandshake
    }

    type ConnectOptions = {
      keyPair?: KeyPair
      /** Try addresses of the local network. Default true. */
      localConnection?: boolean
      /** Try the server's address before the holes are punched. Default true. */
      fastOpen?: boolean
      /** Asked before holes are punched, with both firewalls; `false` gives up. */
      holepunch?: (remoteFirewall: number, localFirewall: number) => boolean
      relayThrough?: Uint8Array | null
      /** Who is asked first to pass the handshake on, or to answer it; default: who did the last time. */
      relayAddresses?: readonly Address[]
      createHandshake?: CreateHandshake
    }

    interface Server extends EventEmitter<{ connection: [stream: SecretStream]; listening: []; close: [] }> {
      readonly publicKey: Buffer | null
      /** The hash of its key, under which it is announced. */
      readonly target: Buffer | null
      /** Nodes that know where it is, up to three; the first may be itself. */
      readonly relayAddresses: readonly Address[]
      /** Announces it anew within 3 s. */
      refresh(): void
      readonly closed: boolean
      /** Resolves once announced to the nodes that answered; it does not reject when none did. */
      listen(keyPair?: KeyPair): Promise<this>
      close(): Promise<void>
    }

    /** A streamx Duplex: one `write` is one `data` event on the other side; empty messages are keep-alives and not seen. */
    interface SecretStream
      extends EventEmitter<{
        connect: []
        data: [message: Buffer]
        drain: []
        end: []
        error: [error: Error]
        close: []
      }> {
      readonly isInitiator: boolean
      /** `false` when the stream was destroyed before its handshake was done. */
      readonly opened: Promise<boolean>
      /** 64 B, set once opened. */
      readonly handshakeHash: Buffer | null
      readonly publicKey: Buffer
      readonly remotePublicKey: Buffer
      readonly rawStream: Stream | null
      /** Bytes of complete messages received, keep-alives included. */
      readonly rawBytesRead: number
      readonly destroying: boolean
      readonly destroyed: boolean
      /** Milliseconds; 0 for none. */
      setKeepAlive(milliseconds: number): void
      write(message: Uint8Array): boolean
      end(): this
      destroy(error?: Error): this
      pause(): this
      resume(): this
    }
  }

  export = HyperDHT
}
