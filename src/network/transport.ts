/** Encrypted streams to and from whoever holds a transport key, through the DHT's relaying of handshakes and hole punching. */

import HyperDHT, {
  type Address,
  type CreateHandshake,
  type HandshakePayload,
  type SecretStream,
  type Server,
} from 'hyperdht'
import NoiseWrap from 'hyperdht/lib/noise-wrap.js'
import { ConnectionError } from '../core/errors.ts'
import { BEACON_DIAL_MS } from '../core/limits/beacon-limits.ts'
import { firstOpened, type Hints } from './first-opened.ts'
import { createFrameStream, type FrameStream } from './frame-stream.ts'
import type { DhtNode } from './node.ts'

export type { FrameStream } from './frame-stream.ts'

export type Transport = {
  /** 32 B: this side's Ed25519 transport key. */
  readonly publicKey: Uint8Array
  /**
   * Resolves once the Noise handshake with the holder of `remoteKey` (32 B) is done and its first bytes have come.
   * Off loopback this takes three storage nodes in the network, or a side that is one: HyperDHT has to learn how its NAT behaves.
   * With `anonymous` the other side sees a key that is made for this one stream, and not `publicKey`. Where `nearby` hints at, it is
   * called as well, for 3 s each.
   * Rejects with ConnectionError ERR_CONNECT (at the latest after 10 s), ERR_CONNECTION_CLOSED, or the signal's reason.
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
  readonly anonymous?: boolean | undefined
  readonly nearby?: Hints | undefined
}

export type ListenOptions = {
  /**
   * Whether a stream is answered at all, of which only this is known: the transport key (32 B) that it comes under, which a recorded
   * handshake can repeat, and its IP address, which anybody can write. Default: every one.
   */
  readonly admits?: ((key: Uint8Array, host: string) => boolean) | undefined
}

const KEY_BYTES = 32
const CONNECT_MS = 10_000
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
    const frames = createFrameStream(stream)
    if (streams.has(stream)) streams.set(stream, frames)
    return frames
  }

  const connect: Transport['connect'] = async (remoteKey, { signal, anonymous = false, nearby } = {}) => {
    checkOpen()
    signal?.throwIfAborted()
    if (remoteKey.length !== KEY_BYTES)
      throw new ConnectionError('ERR_CONNECT', { hint: 'a transport key is 32 bytes' })
    const settings = { createHandshake, localConnection: node.guard === null }
    const own = anonymous ? HyperDHT.keyPair() : keyPair
    const call = (at: Address | null, ending: AbortSignal): Promise<SecretStream> => {
      // Whoever is at an address answers a handshake itself, as a node that passes it on would.
      const direct = at === null ? {} : { relayAddresses: [{ ...at }] }
      const stream = adopt(dht.connect(Buffer.from(remoteKey), { ...settings, ...direct, keyPair: own }))
      return opened(stream, at === null ? ending : AbortSignal.any([ending, AbortSignal.timeout(BEACON_DIAL_MS)]))
    }
    return framed(await firstOpened(call, nearby, signal))
  }

  const accept = async (incoming: SecretStream): Promise<void> => {
    const stream = adopt(incoming)
    if (!(await stream.opened)) return
    if (closing !== undefined || queue.full()) stream.destroy()
    else queue.push(framed(stream), stream)
  }

  const listen: Transport['listen'] = async ({ admits = () => true } = {}) => {
    checkOpen()
    if (server === undefined) {
      const settings = {
        ...{ createHandshake, shareLocalAddress: node.guard === null },
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

/**
 * HyperDHT's own handshake, but deaf to `relayThrough`: with it the other side could make us connect to a peer of its choice and
 * route the stream through it, and that relay's failure is an error event nobody handles.
 */
const createHandshake: CreateHandshake = (keyPair, remotePublicKey) => {
  const handshake = new NoiseWrap(keyPair, remotePublicKey)
  const recv = handshake.recv.bind(handshake)
  handshake.recv = (message) => ({ ...recv(message), relayThrough: null })
  return handshake
}

const opened = async (stream: SecretStream, signal: AbortSignal | undefined): Promise<SecretStream> => {
  const { promise, resolve, reject } = Promise.withResolvers<SecretStream>()
  const fail = (detail: { hint?: string; cause?: unknown }) => reject(new ConnectionError('ERR_CONNECT', detail))
  const onabort = () => reject(signal?.reason)
  const deadline = setTimeout(() => fail({ hint: 'no answer within 10 s' }), CONNECT_MS)
  signal?.addEventListener('abort', onabort, { once: true })
  stream.once('error', (cause) => fail({ cause }))
  stream.once('close', () => fail({}))
  // The handshake travels through the DHT: only the first bytes of the stream itself show that there is a path.
  stream.once('connect', () => stream.rawStream?.once('data', () => resolve(stream)))
  try {
    return await promise
  } catch (error) {
    stream.destroy()
    throw error
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', onabort)
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
