import { type ErrorCode, StreamError } from '../core/errors.ts'
import type { ByteStream, StreamName } from './byte-stream.ts'

/** Who serves which protocol here, and the streams that wait for it. */

/** A stream that the other side opened, and that nobody has accepted. */
export type Offer = {
  accept(): ByteStream
  refuse(code: ErrorCode): void
}

export type Serving = {
  /**
   * The streams that are opened to that name, from now on; leaving the loop, or the signal, ends it and refuses those that wait.
   * @throws StreamError ERR_STREAM_SERVED while another loop serves it: each of them would get some of the streams, by chance
   */
  serve(name: StreamName, signal: AbortSignal): AsyncIterable<ByteStream>
  /** Takes an offer in; returns what takes it back, or null when nobody serves that. */
  offer(name: StreamName, offer: Offer): (() => void) | null
}

type Loop = {
  offer(offer: Offer): () => void
  end(): void
  readonly streams: AsyncIterableIterator<ByteStream, undefined, undefined>
}

const DONE = { value: undefined, done: true } as const

/** A loop accepts a stream when it takes it, so that nothing of one that waits has to be kept. */
const createLoop = (onended: () => void): Loop => {
  const offers = new Set<Offer>()
  const takers: ((result: IteratorResult<ByteStream, undefined>) => void)[] = []
  let isOver = false

  const end = (): void => {
    if (isOver) return
    isOver = true
    onended()
    for (const offer of offers) offer.refuse('ERR_STREAM_PROTOCOL')
    offers.clear()
    for (const take of takers.splice(0)) take(DONE)
  }

  const streams: Loop['streams'] = {
    next: () => {
      const [offer] = offers
      if (offer !== undefined) {
        offers.delete(offer)
        return Promise.resolve({ value: offer.accept(), done: false })
      }
      return isOver ? Promise.resolve(DONE) : new Promise((resolve) => takers.push(resolve))
    },
    return: async () => {
      end()
      return DONE
    },
    [Symbol.asyncIterator]: () => streams,
  }

  return {
    streams,
    end,
    offer: (offer) => {
      const take = takers.shift()
      if (take === undefined) offers.add(offer)
      else take({ value: offer.accept(), done: false })
      return () => void offers.delete(offer)
    },
  }
}

const keyOf = ({ app, protocol }: StreamName): string => `${app} ${protocol}`

export const createServing = (): Serving => {
  const loops = new Map<string, Loop>()
  return {
    serve: (name, signal) => {
      const key = keyOf(name)
      if (loops.has(key)) throw new StreamError('ERR_STREAM_SERVED', { hint: name.protocol })
      const end = (): void => loop.end()
      const loop = createLoop(() => {
        loops.delete(key)
        signal.removeEventListener('abort', end)
      })
      loops.set(key, loop)
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      return loop.streams
    },
    offer: (name, offer) => loops.get(keyOf(name))?.offer(offer) ?? null,
  }
}
