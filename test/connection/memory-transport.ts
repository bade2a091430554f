import { hex } from '../../src/core/bytes.ts'
import { ConnectionError } from '../../src/core/errors.ts'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import type { ListenOptions, Transport } from '../../src/network/transport.ts'
import { makeBytes } from '../core/identities.ts'

/** The transport in memory: streams whose frames a test can hold back, change, drop, repeat, move or cut off. */

/** One direction of a stream. */
export type Wire = {
  /** What arrives in the place of each frame. */
  rewrite: (frame: Uint8Array) => readonly Uint8Array[]
  /** From now on frames wait with their sender, as when the reader makes no room. */
  hold(): void
  release(): void
  /** Frames that were sent so far, held ones too. */
  readonly sent: readonly Uint8Array[]
}

export type MemoryPair = {
  /** the end of the side that connected, and of the one that listened */
  readonly near: FrameStream
  readonly far: FrameStream
  readonly toFar: Wire
  readonly toNear: Wire
  /** The network is gone: both lose the connection. */
  cut(): void
}

type End = {
  readonly queue: Uint8Array[]
  /** whoever waits for a change of this end or its peer */
  readonly wake: () => void
  ending: boolean
  ended: boolean
  gone: boolean
  destroyedHere: boolean
}

type Change = { wait(): Promise<void>; wake(): void }

const createChange = (): Change => {
  let next = Promise.withResolvers<void>()
  return {
    wait: () => next.promise,
    wake: () => {
      next.resolve()
      next = Promise.withResolvers()
    },
  }
}

const createEnd = (wake: () => void): End => ({
  queue: [],
  wake,
  ending: false,
  ended: false,
  gone: false,
  destroyedHere: false,
})

const createWire = (change: Change): Wire & { readonly held: boolean; readonly sent: Uint8Array[] } => {
  let held = false
  return {
    rewrite: (frame) => [frame],
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      change.wake()
    },
    get held() {
      return held
    },
    sent: [],
  }
}

const whyNot = ({ ended, destroyedHere, gone, ending }: End): ConnectionError | null => {
  if (ended || destroyedHere) return new ConnectionError('ERR_CONNECTION_CLOSED')
  return gone ? new ConnectionError(ending ? 'ERR_CONNECTION_CLOSED' : 'ERR_CONNECTION_LOST') : null
}

const createStream = (
  own: End,
  other: End,
  wire: ReturnType<typeof createWire>,
  change: Change,
  facts: Pick<FrameStream, 'handshakeHash' | 'remoteKey' | 'remoteHost' | 'remotePort'>,
): FrameStream => {
  let tail: Promise<void> = Promise.resolve()
  let unsent = 0

  const write = async (frame: Uint8Array): Promise<void> => {
    for (;;) {
      const error = whyNot(own)
      if (error !== null) throw error
      if (!wire.held) break
      await change.wait()
    }
    other.queue.push(...wire.rewrite(frame))
    change.wake()
  }

  const lose = (): void => {
    own.gone = true
    other.gone = true
    change.wake()
  }

  async function* receive(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const frame = own.queue.shift()
      if (frame !== undefined) yield frame
      else if (own.ended) return
      else if (own.gone) throw whyNot(own)
      else await change.wait()
    }
  }

  const finish = async (): Promise<void> => {
    own.ending = true
    // The real stream gives what is unsent two seconds; here they are over at once.
    if (wire.held && unsent > 0) return lose()
    await tail
    if (own.gone) return
    own.ended = true
    other.ended = true
    lose()
  }

  let closing: Promise<void> | undefined
  return {
    ...{ ...facts, way: () => 'direct', watchWay: () => {} },
    send: async (frame) => {
      if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) throw new ConnectionError('ERR_FRAME_SIZE')
      if (own.ending) throw new ConnectionError('ERR_CONNECTION_CLOSED')
      const copy = Uint8Array.from(frame)
      wire.sent.push(copy)
      unsent += 1
      const sent = tail.then(() => write(copy))
      tail = sent
        .catch(() => {})
        .then(() => {
          unsent -= 1
        })
      return sent
    },
    receive,
    close: () => {
      closing ??= finish()
      return closing
    },
    destroy: () => {
      own.destroyedHere = true
      lose()
    },
  }
}

let pairs = 0

/** Two ends of one stream with a channel binding of its own. @param nearHost the IP address of the side that connects */
export const createPair = (
  nearKey: Uint8Array = makeBytes('near', 32),
  farKey: Uint8Array = makeBytes('far', 32),
  nearHost = '192.0.2.1',
): MemoryPair => {
  const change = createChange()
  const [nearEnd, farEnd] = [createEnd(change.wake), createEnd(change.wake)]
  const [toFar, toNear] = [createWire(change), createWire(change)]
  const facts = { handshakeHash: makeBytes(`handshake/${pairs++}`, 64), remotePort: 49_737 }
  const near = createStream(nearEnd, farEnd, toFar, change, { ...facts, remoteKey: farKey, remoteHost: '198.51.100.1' })
  const far = createStream(farEnd, nearEnd, toNear, change, { ...facts, remoteKey: nearKey, remoteHost: nearHost })
  const cut = (): void => {
    nearEnd.gone = true
    farEnd.gone = true
    change.wake()
  }
  return { near, far, toFar, toNear, cut }
}

export type MemoryTransports = {
  /** every stream so far, in the order in which they were opened */
  readonly pairs: readonly MemoryPair[]
  /** The transport that holds a key (32 bytes), at an IP address. */
  add(publicKey: Uint8Array, host?: string): Transport
}

type Listener = Pick<ListenOptions, 'admits'> & { queue: FrameStream[]; change: Change; ended: boolean }

/** A network of transports. */
export const createMemoryTransports = (): MemoryTransports => {
  const opened: MemoryPair[] = []
  const listeners = new Map<string, Listener>()

  async function* incoming(key: string): AsyncGenerator<FrameStream, void, void> {
    for (;;) {
      const listener = listeners.get(key)
      if (listener === undefined) return
      const stream = listener.queue.shift()
      if (stream !== undefined) yield stream
      else if (listener.ended) return
      else await listener.change.wait()
    }
  }

  const add: MemoryTransports['add'] = (publicKey, host = '192.0.2.1') => {
    const key = hex(publicKey)
    const own: FrameStream[] = []
    return {
      publicKey,
      connect: async (remoteKey, { signal, anonymous = false } = {}) => {
        signal?.throwIfAborted()
        const listener = listeners.get(hex(remoteKey))
        if (listener === undefined || listener.ended) throw new ConnectionError('ERR_CONNECT')
        const shown = anonymous ? makeBytes(`anonymous/${pairs}`, 32) : publicKey
        if (listener.admits?.(shown, host) === false) throw new ConnectionError('ERR_CONNECT')
        const pair = createPair(shown, remoteKey, host)
        opened.push(pair)
        own.push(pair.near)
        listener.queue.push(pair.far)
        listener.change.wake()
        return pair.near
      },
      listen: async ({ admits } = {}) => {
        // A process that comes back listens under the same key.
        if (listeners.get(key)?.ended !== false)
          listeners.set(key, { queue: [], change: createChange(), admits, ended: false })
        return incoming(key)
      },
      close: async () => {
        const listener = listeners.get(key)
        if (listener !== undefined) {
          listener.ended = true
          listener.change.wake()
        }
        for (const stream of own) stream.destroy()
        for (const pair of opened) if (hex(pair.near.remoteKey) === key) pair.far.destroy()
      },
    }
  }
  return { pairs: opened, add }
}
