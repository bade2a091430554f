import type { Payload, StreamPayload } from '../connection/payloads.ts'
import type { Line, LineHandler } from '../connection/service.ts'
import { ConnectionError, type ErrorCode, StreamError } from '../core/errors.ts'
import { STRANGER_STREAMS_MAX, STREAM_UNSAID_MAX, STREAMS_MAX } from '../core/limits/connection-limits.ts'
import { type ByteStream, createStreamEnd, type StreamName } from './byte-stream.ts'
import type { Offer } from './serving.ts'
import { type Action, act, beginStream, type Deed, type Heard, hear, overStream, type Step } from './stream-state.ts'
import { createIds, createTable, type Entry, type StreamTable } from './stream-table.ts'

/** The byte streams of one connection (docs/spec/streams.md §2): their ids, their number, and what each is told. */
export type StreamLine = {
  readonly handler: LineHandler
  /** Whether a stream on it is open, or not read to its end. */
  readonly isBusy: boolean
  /** Resolves when the other side has accepted it; not to be called once the connection has ended. @throws StreamError, ConnectionError, the signal's reason */
  open(name: StreamName, signal: AbortSignal): Promise<ByteStream>
}

/** What a connection needs of the side it belongs to. */
export type StreamDesk = {
  isContact(): boolean
  /** Whether the other side opens no more than it may in a time. */
  mayOpen(): boolean
  /** So many bytes were read. @returns milliseconds until there is room for as many more */
  read(bytes: number): number
  offer(name: StreamName, offer: Offer): (() => void) | null
}

/** What the other side gave as its reason, as far as it is one for ending a stream. */
const errorFor = (code: ErrorCode): StreamError =>
  code === 'ERR_STREAM_PROTOCOL' || code === 'ERR_STREAM_LIMIT' || code === 'ERR_STREAM_RESET'
    ? new StreamError(code)
    : new StreamError('ERR_STREAM_RESET', { hint: code })

/** Says things, and counts those that the other side does not take. */
const createSayer = (line: Line) => {
  let unsaid = 0
  const said = (): void => {
    unsaid -= 1
  }
  return {
    get unsaid() {
      return unsaid
    },
    say: (payload: Payload): Promise<void> => {
      unsaid += 1
      const saying = line.say(payload)
      saying.then(said, said)
      return saying
    },
  }
}

/** Runs the machine of each stream, and does what it asks for. */
const createRunner = (line: Line, table: StreamTable, read: StreamDesk['read']) => {
  const sayer = createSayer(line)

  const perform = (entry: Entry, action: Action): Promise<void> | undefined => {
    switch (action.type) {
      case 'say': {
        const said = sayer.say(action.payload)
        if (action.payload.k === 'stream-room') said.then(() => run(entry, { type: 'granted' })).catch(ignore)
        return said
      }
      case 'accepted':
        entry.waiting?.accepted(begin(entry))
        break
      case 'data':
        entry.end?.data(action.d)
        break
      case 'ended':
        entry.end?.ended()
        break
      case 'room':
        entry.end?.room()
        break
      case 'reset': {
        const error = errorFor(action.code)
        entry.waiting?.failed(error)
        entry.end?.reset(error)
      }
    }
    return undefined
  }
  /** Resolves when what was said has left; nobody has to wait for it. */
  const proceed = (entry: Entry, { state, actions }: Step): Promise<void> => {
    entry.state = state
    const performed = Promise.all(actions.map((action) => perform(entry, action)))
    performed.catch(ignore)
    table.tidy(entry)
    return performed.then(ignore)
  }
  const run = async (entry: Entry, deed: Deed): Promise<void> => proceed(entry, act(entry.state, deed))

  /** Its Duplex, for the application. */
  const begin = (entry: Entry): ByteStream => {
    const end = createStreamEnd(entry.name, line.remote, {
      room: () => entry.state.room,
      send: (d) => run(entry, { type: 'send', d }),
      end: () => run(entry, { type: 'end' }),
      take: (n) => {
        const give = (): void => void run(entry, { type: 'take', n }).catch(ignore)
        const wait = read(n)
        if (wait === 0) give()
        else setTimeout(give, wait).unref()
      },
      close: (code) => void run(entry, { type: 'reset', code }).catch(ignore),
    })
    entry.end = end
    return end.stream
  }
  const reset = (entry: Entry, code: ErrorCode): void => void run(entry, { type: 'reset', code }).catch(ignore)
  const accept = (entry: Entry): ByteStream => {
    const stream = begin(entry)
    run(entry, { type: 'accept' }).catch(ignore)
    return stream
  }
  return {
    sayer,
    accept,
    reset,
    hear: (entry: Entry, heard: Heard): void => void proceed(entry, hear(entry.state, heard)).catch(ignore),
  }
}

/** Saying fails only when the connection has ended, which is told elsewhere. */
const ignore = (): void => {}

export const createStreamLine = (line: Line, { isContact, mayOpen, read, offer }: StreamDesk): StreamLine => {
  const table = createTable()
  const { sayer, accept, reset, hear: hearOf } = createRunner(line, table, read)
  const [ours, theirs] = [createIds(line.isCaller ? 0 : 1), createIds(line.isCaller ? 1 : 0)]

  const add = (id: number, name: StreamName, isOurs: boolean): Entry => {
    const state = beginStream(id, isOurs ? 'opening' : 'offered')
    const entry = { name, isOurs, state, end: null, waiting: null }
    table.add(entry)
    return entry
  }

  const hearStream = ({ id, app, protocol }: Extract<StreamPayload, { k: 'stream' }>): void => {
    if (id !== theirs.next) throw new ConnectionError('ERR_FRAME', { hint: 'a stream of an id that is not the next' })
    if (table.theirsGoing() >= STREAMS_MAX) throw new ConnectionError('ERR_FRAME', { hint: 'too many streams' })
    theirs.take()
    const isFull = table.theirsHeld() >= (isContact() ? STREAMS_MAX : STRANGER_STREAMS_MAX) || !mayOpen()
    const name = { app, protocol }
    const entry = add(id, name, false)
    if (isFull) {
      reset(entry, 'ERR_STREAM_LIMIT')
      return
    }
    const withdraw = offer(name, { accept: () => accept(entry), refuse: (code) => reset(entry, code) })
    if (withdraw === null) reset(entry, 'ERR_STREAM_PROTOCOL')
    else entry.waiting = { accepted: ignore, failed: withdraw }
  }

  const hearOther = (heard: Heard): void => {
    const entry = table.get(heard.id)
    if (entry !== undefined) hearOf(entry, heard)
    else if (ours.isUsed(heard.id) || theirs.isUsed(heard.id)) hear(overStream(heard.id), heard)
    else throw new ConnectionError('ERR_FRAME', { hint: 'a stream that nobody has opened' })
  }

  const handle = (payload: Payload): void => {
    if (sayer.unsaid > STREAM_UNSAID_MAX) throw new ConnectionError('ERR_FRAME', { hint: 'answers are not taken' })
    if (payload.k === 'stream') hearStream(payload)
    else if (isHeard(payload)) hearOther(payload)
  }

  const detach = (failure: Error | null): void => {
    const reason = failure ?? new ConnectionError('ERR_CONNECTION_CLOSED')
    for (const { waiting, end } of table.all()) {
      if (end !== null) end.lost(reason)
      else waiting?.failed(reason)
    }
  }

  const open = async (name: StreamName, signal: AbortSignal): Promise<ByteStream> => {
    signal.throwIfAborted()
    if (table.ours() >= STREAMS_MAX || ours.areUsedUp) throw new StreamError('ERR_STREAM_LIMIT')
    const entry = add(ours.take(), name, true)
    sayer.say({ k: 'stream', id: entry.state.id, ...name }).catch(ignore)
    const { promise, resolve, reject } = Promise.withResolvers<ByteStream>()
    entry.waiting = { accepted: resolve, failed: reject }
    const abort = (): void => {
      reset(entry, 'ERR_STREAM_RESET')
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  return {
    handler: { handle, detach },
    get isBusy() {
      return table.all().length > 0
    },
    open,
  }
}

const isHeard = (payload: Payload): payload is Heard =>
  payload.k === 'stream-room' ||
  payload.k === 'stream-data' ||
  payload.k === 'stream-end' ||
  payload.k === 'stream-reset'
