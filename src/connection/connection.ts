import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError } from '../core/errors.ts'
import type { Device } from '../core/key-log-entry.ts'
import { decryptMessage, encryptMessage, type Session } from '../core/session/session.ts'
import { surroundingsIn, type World } from '../core/world.ts'
import type { Channel } from './channel.ts'
import type { MessageFrame } from './frames.ts'
import { decodePayload, encodePayload, type Payload } from './payloads.ts'
import type { Remote } from './remote.ts'
import type { Line, LineHandler, Service } from './service.ts'

/** How a connection ended. */
export type Ending = {
  /** `left`: the other side said goodbye; `closed`: this side did; `lost`: anything else, for the `error` */
  readonly reason: 'left' | 'closed' | 'lost'
  readonly error: Error | null
}

/** A private connection to one verified peer. What is said on it is the business of the services that it was made with. */
export type Connection = AsyncDisposable & {
  readonly remote: Remote
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<Ending>
  /** Says goodbye and ends the connection; what was said before still arrives. */
  close(): Promise<void>
}

/** A connection, as those see it who made it. */
export type OpenConnection = Connection & {
  /** how many payloads were said and heard: who looks twice sees whether it is in use */
  readonly exchanged: number
}

export type ConnectionParts = {
  /** identity hash of the other side */
  readonly peer: Uint8Array
  /** the keys it uses, of its log's last entry */
  readonly device: Device
  readonly remote: Remote
  readonly world: World
  readonly services: readonly Service[]
  /** aborted with the reason when the connection must not go on */
  readonly ending?: AbortSignal | undefined
  /** Told of each frame that came. @returns milliseconds until the next one is looked at: it waits where it came from. Default: 0 */
  readonly pace?: (() => number) | undefined
}

/**
 * The session of a connection:
 *
 *     open --bye heard--> left     open --close()--> closed     open --anything else--> lost
 *
 * What comes after it has ended counts for nothing.
 */
type State = {
  /** null when it has ended: nobody needs its keys any more, however long the application holds the connection */
  session: Session | null
  ending: Ending | null
  reason: Error
  exchanged: number
}

/** Encrypts what is said, and decrypts what comes, in the order of its numbers. */
const createCodec = (channel: Channel, state: State, world: World) => {
  const surroundings = () => surroundingsIn(world)
  return {
    say: async (payload: Payload): Promise<void> => {
      if (state.session === null) throw state.reason
      const plaintext = encodePayload(payload)
      const { session, message } = encryptMessage(state.session, plaintext, surroundings())
      // It may hold the secret of a file.
      plaintext.fill(0)
      state.session = session
      state.exchanged += 1
      await channel.send({ t: 'msg', h: message.header, d: message.token })
    },
    open: ({ h, d }: MessageFrame): Payload | null => {
      if (state.session === null) throw state.reason
      const opened = decryptMessage(state.session, { header: h, token: d }, surroundings())
      // The stream keeps order and loses nothing, so whoever makes a gap has taken a message away or moved it.
      if (opened.session.skipped.size > 0) throw new ConnectionError('ERR_FRAME', { hint: 'a message is missing' })
      state.session = opened.session
      state.exchanged += 1
      const payload = decodePayload(opened.plaintext)
      opened.plaintext.fill(0)
      return payload
    },
  }
}

/** Gives each payload to the service that knows its kind. */
const createDispatch = (services: readonly Service[], line: Line) => {
  const handlers = new Map<Service, LineHandler>(services.map((service) => [service, service.attach(line)]))
  const byKind = new Map(
    [...handlers].flatMap(([service, handler]) => service.kinds.map((kind) => [kind, handler] as const)),
  )
  const chunks = [...handlers.values()].find(({ chunk }) => chunk !== undefined)
  return {
    handle: (payload: Payload): void => byKind.get(payload.k)?.handle(payload),
    chunk: (frame: Parameters<NonNullable<LineHandler['chunk']>>[0]): void => chunks?.chunk?.(frame),
    detach: (failure: Error | null): void => {
      for (const handler of handlers.values()) handler.detach(failure)
    },
  }
}

const pause = (milliseconds: number, over: AbortSignal): Promise<void> | undefined =>
  milliseconds === 0 ? undefined : delay(milliseconds, undefined, { signal: over, ref: false }).catch(() => {})

/** @param session as the handshake left it: both sides are confirmed, and nothing else was said */
export const createConnection = (
  channel: Channel,
  session: Session,
  { peer, device, remote, world, services, ending, pace = () => 0 }: ConnectionParts,
): OpenConnection => {
  const reason = new ConnectionError('ERR_CONNECTION_CLOSED')
  const state: State = { session, ending: null, reason, exchanged: 0 }
  const codec = createCodec(channel, state, world)
  const over = new AbortController()

  /** Ends everything once; `error` is what waiting calls see when it was a failure. */
  const shut = (reason: Ending['reason'], error: Error | null = null): void => {
    if (state.ending !== null) return
    state.ending = { reason, error }
    state.session = null
    over.abort()
    if (error !== null) state.reason = error
    dispatch.detach(error)
  }
  const fail = async (error: Error): Promise<void> => {
    if (state.ending !== null) return channel.stream.close()
    shut('lost', error)
    await channel.refuse(error)
  }

  const dispatch = createDispatch(services, {
    ...{ peer, device, remote, isCaller: remote.direction === 'out', say: codec.say },
    sendChunk: async (id, i, d) => {
      if (state.ending !== null) throw state.reason
      await channel.send({ t: 'chunk', id, i, d })
    },
    end: (error) => void fail(error),
  })

  /** Reads until either side says goodbye. */
  const read = async (): Promise<void> => {
    while (state.ending === null) {
      const frame = await channel.next()
      if (frame === null) throw new ConnectionError('ERR_CONNECTION_LOST')
      if (frame.t === 'chunk') dispatch.chunk(frame)
      else if (frame.t !== 'msg') throw new ConnectionError('ERR_FRAME', { hint: `${frame.t} inside a session` })
      else {
        const payload = codec.open(frame)
        if (payload?.k === 'bye') shut('left')
        else if (payload !== null) dispatch.handle(payload)
      }
      await pause(pace(), over.signal)
    }
  }
  const reading = read().then(() => channel.stream.close(), fail)
  const forbid = (): void => void fail(ending?.reason)
  ending?.addEventListener('abort', forbid, { once: true })
  if (ending?.aborted) forbid()

  const close = async (): Promise<void> => {
    if (state.ending === null) {
      codec.say({ k: 'bye' }).catch(() => {})
      shut('closed')
    }
    await channel.stream.close()
    await reading
  }

  const closed = reading.then((): Ending => state.ending ?? { reason: 'closed', error: null })
  return {
    ...{ remote, closed, close, [Symbol.asyncDispose]: close },
    get exchanged() {
      return state.exchanged
    },
  }
}
