/** Encrypted streams to and from whoever holds a transport key, through the DHT's relaying of handshakes and hole punching. */

import HyperDHT, { type Address, type HandshakePayload, type SecretStream, type Server } from 'hyperdht'
import { equal } from '../core/bytes.ts'
import { ConnectionError } from '../core/errors.ts'
import { BEACON_DIAL_MS } from '../core/limits/beacon-limits.ts'
import { type DialStep, dialThrough } from './dialling.ts'
import { firstOpened, type Hints } from './first-opened.ts'
import { createFrameStream, type FrameStream } from './frame-stream.ts'
import type { DhtNode } from './node.ts'
import { selectiveHandshake } from './selective-handshake.ts'

export type { FrameStream } from './frame-stream.ts'

export type Transport = {
  /** 32 B: this side's Ed25519 transport key. */
  readonly publicKey: Uint8Array
  /**
   * Resolves once the Noise handshake with the holder of `remoteKey` (32 B) is done and its first bytes have come.
   * Off loopback this takes three storage nodes in the network, or a side that is one: HyperDHT has to learn how its NAT behaves.
   * Who answers, and is behind something that lets nothing through, is tried for 45 s. Where `nearby` hints at, it is called as well, for 3 s each.
   * Rejects with ConnectionError ERR_CONNECT, ERR_CONNECT_NATS, ERR_CONNECT_RELAY, ERR_CONNECTION_CLOSED, or the signal's reason.
   */
  connect(remoteKey: Uint8Array, options?: ConnectOptions): Promise<FrameStream>
  /**
   * Announces this side's key and yields incoming streams, at most 64 waiting: more are destroyed. Every call yields from
   * the same queue, which ends when the transport closes; the first says who is answered. Rejects with ConnectionError ERR_CONNECT,
   * ERR_CONNECTION_CLOSED.
   */
  listen(options?: ListenOptions): Promise<AsyncIterableIterator<FrameStream>>
  /** Destroys every stream and withdraws the announcement where that is quick; idempotent. */
  close(): Promise<void>
}

export type ConnectOptions = {
  readonly signal?: AbortSignal | undefined
  readonly nearby?: Hints | undefined
  /** Whether the other side sees a key that is made for this one stream, and not `publicKey`. Default: false. */
  readonly anonymous?: boolean | undefined
  /** Transport keys of relays (32 B) that the other side names, in what it signed. Default: none. */
  readonly relays?: readonly Uint8Array[] | undefined
  /** Told what is done when the first try is not enough. */
  readonly onStep?: ((step: DialStep) => void) | undefined
}

export type ListenOptions = {
  /** Transport keys of relays (32 B) that others may come through, asked for at each stream. Default: none. */
  readonly relays?: (() => readonly Uint8Array[]) | undefined
  /**
   * Whether a stream is answered at all, of which only this is known: the transport key (32 B) that it comes under, which a recorded
   * handshake can repeat, and its IP address, which anybody can write. Default: every one.
   */
  readonly admits?: ((key: Uint8Array, host: string) => boolean) | undefined
}

const KEY_BYTES = 32
const WAITING_MAX = 64
const GOODBYE_MS = 250

/** `seed` (32 B) is that of the Ed25519 key pair; the node outlives the transport. */
export const createTransport = (node: DhtNode, seed: Uint8Array): Transport => {
  const { dht } = node
  const own = Buffer.from(seed)
  const keyPair = HyperDHT.keyPair(own)
  own.fill(0)
  const streams = new Map<SecretStream, { destroy(): void }>()
  const queue = createQueue()
  let server: Server | undefined
  let listening: Promise<unknown> | undefined
  let closing: Promise<void> | undefined

  const checkOpen = (): void => {
    if (closing !== undefined || dht.destroyed) throw new ConnectionError('ERR_CONNECTION_CLOSED')
  }

  // From its first tick: an error nobody listens to would end the process.
  const adopt = (stream: SecretStream): SecretStream => {
    streams.set(stream, stream)
    stream.on('error', () => undefined)
    stream.once('close', () => streams.delete(stream))
    return stream
  }

  const framed = (stream: SecretStream): FrameStream => {
    const frames = createFrameStream(stream, () => node.ways.of(stream))
    if (streams.has(stream)) streams.set(stream, frames)
    return frames
  }

  const connect: Transport['connect'] = async (remoteKey, options = {}) => {
    const { signal, anonymous = false, nearby, relays = [], onStep = () => {} } = options
    checkOpen()
    signal?.throwIfAborted()
    if (remoteKey.length !== KEY_BYTES)
      throw new ConnectionError('ERR_CONNECT', { hint: 'a transport key is 32 bytes' })
    const own = { keyPair: anonymous ? HyperDHT.keyPair() : keyPair, localConnection: node.guard === null }
    const call = (at: Address | null, ending: AbortSignal): Promise<SecretStream> => {
      // Whoever is at an address answers a handshake itself, as a node that passes it on would.
      const direct = at === null ? {} : { relayAddresses: [{ ...at }] }
      const open = (way: object): SecretStream => {
        checkOpen()
        return adopt(dht.connect(Buffer.from(remoteKey), { ...own, ...direct, ...way }))
      }
      const common = { open, isRandom: () => dht.randomized }
      if (at === null) return dialThrough({ ...common, relays, onStep, signal: ending })
      const soon = AbortSignal.any([ending, AbortSignal.timeout(BEACON_DIAL_MS)])
      return dialThrough({ ...common, relays: [], onStep: () => {}, signal: soon })
    }
    return framed(await firstOpened(call, nearby, signal))
  }

  const accept = async (incoming: SecretStream): Promise<void> => {
    const stream = adopt(incoming)
    if (!(await stream.opened)) return
    if (closing !== undefined || queue.full()) stream.destroy()
    else queue.push(framed(stream), stream)
  }

  const listen: Transport['listen'] = async ({ admits = () => true, relays = () => [] } = {}) => {
    checkOpen()
    if (server === undefined) {
      const isNamed = (key: Uint8Array): boolean => relays().some((relay) => equal(relay, new Uint8Array(key)))
      const settings = {
        ...{ createHandshake: selectiveHandshake(isNamed), shareLocalAddress: node.guard === null },
        firewall: (key: Buffer, _: HandshakePayload, { host }: Address) => !admits(new Uint8Array(key), host),
      }
      server = dht.createServer(settings, (stream) => void accept(stream))
      server.once('close', queue.end)
      listening = server.listen(keyPair)
    }
    await listening?.catch((cause: unknown) => {
      throw new ConnectionError('ERR_CONNECT', { hint: 'announcing failed', cause })
    })
    return queue.streams()
  }

  const close = async (): Promise<void> => {
    queue.end()
    for (const stream of streams.values()) stream.destroy()
    if (server !== undefined) await Promise.race([server.close(), pause(GOODBYE_MS)])
  }

  return {
    publicKey: new Uint8Array(keyPair.publicKey),
    connect,
    listen,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Incoming streams until somebody takes them; one that closes while it waits gives its place back. */
const createQueue = () => {
  const waiting: { frames: FrameStream; stream: SecretStream }[] = []
  let changed = Promise.withResolvers<void>()
  let ended = false
  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  return {
    full: (): boolean => waiting.length >= WAITING_MAX,
    push: (frames: FrameStream, stream: SecretStream): void => {
      const entry = { frames, stream }
      waiting.push(entry)
      stream.once('close', () => {
        const index = waiting.indexOf(entry)
        if (index !== -1) waiting.splice(index, 1)
      })
      wake()
    },
    end: (): void => {
      ended = true
      wake()
    },
    async *streams(): AsyncGenerator<FrameStream, void, void> {
      while (!ended) {
        const entry = waiting.shift()
        if (entry !== undefined) yield entry.frames
        else await changed.promise
      }
    },
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
