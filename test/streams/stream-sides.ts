import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { type Connection, createConnection } from '../../src/connection/connection.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/connection/payloads.ts'
import { describeRemote, type Remote } from '../../src/connection/remote.ts'
import type { Line, LineHandler, Service } from '../../src/connection/service.ts'
import { ConnectionError } from '../../src/core/errors.ts'
import type { Identity } from '../../src/core/identity.ts'
import { createStreams, type Streams } from '../../src/streams/streams.ts'
import { createPair, type MemoryPair } from '../connection/memory-transport.ts'
import { alice, bob, createPuppet, makeWorld, mallory, type Puppet, shakeHands } from '../connection/sides.ts'
import { at } from '../core/identities.ts'

/** Two sides with byte streams between them: on a real connection over a stream in memory, or on lines that encrypt nothing. */

export const NAME = { app: 'handfast', protocol: 'test/1' } as const

export type Side = { readonly streams: Streams; readonly closing: AbortController; isContact: boolean }

export const makeSide = (): Side => {
  const closing = new AbortController()
  const side: Side = {
    closing,
    isContact: true,
    streams: createStreams({ isContact: () => side.isContact, clock: () => 0, closing: closing.signal }),
  }
  return side
}

const remoteOf = (other: Identity, own: Identity, direction: Remote['direction']): Remote =>
  describeRemote(other.log, own.log, {
    trust: { identity: 'pinned', freshness: 'current', reason: 'a test' },
    direction,
    change: 'none',
  })

/** One end of a line that encrypts nothing: what is said waits until it is delivered. */
export type PlainEnd = {
  readonly handler: LineHandler
  /** payloads that the other end has not got yet */
  readonly waiting: number
  /** Delivers the oldest of them; false when there is none. */
  deliver(): boolean
}

export type PlainPair = {
  readonly near: PlainEnd
  readonly far: PlainEnd
  /** what ended it, if something did */
  readonly failure: Error | null
  /** Delivers everything that is waiting and that comes of it, and lets the streams run in between. */
  run(): Promise<void>
  end(failure: Error | null): void
}

/** A line between Alice, who called, and Bob. */
export const joinPlain = (near: Service, far: Service): PlainPair => {
  type Said = { readonly bytes: Uint8Array; left(): void; lost(error: Error): void }
  const queues: readonly [Said[], Said[]] = [[], []]
  const handlers: LineHandler[] = []
  let failure: Error | null = null
  let isOver = false

  const end = (error: Error | null): void => {
    if (isOver) return
    isOver = true
    failure = error
    for (const handler of handlers) handler.detach(error)
    for (const queue of queues)
      for (const { lost } of queue.splice(0)) lost(error ?? new ConnectionError('ERR_CONNECTION_CLOSED'))
  }
  const makeEnd = (own: 0 | 1): PlainEnd => {
    const say = (payload: Payload): Promise<void> =>
      isOver
        ? Promise.reject(failure ?? new ConnectionError('ERR_CONNECTION_CLOSED'))
        : new Promise((left, lost) => void queues[own].push({ bytes: encodePayload(payload), left, lost }))
    const line: Line = {
      peer: own === 0 ? bob.log.id : alice.log.id,
      device: at((own === 0 ? bob : alice).log.last.entry.devices, 0),
      remote: own === 0 ? remoteOf(bob, alice, 'out') : remoteOf(alice, bob, 'in'),
      isCaller: own === 0,
      say,
      sendChunk: async () => {},
      end,
    }
    const handler = (own === 0 ? near : far).attach(line)
    handlers.push(handler)
    return {
      handler,
      get waiting() {
        return queues[own].length
      },
      deliver: () => {
        const said = queues[own].shift()
        if (said === undefined) return false
        said.left()
        const payload = decodePayload(said.bytes)
        try {
          if (payload !== null) handlers[1 - own]?.handle(payload)
        } catch (error) {
          end(error as Error)
        }
        return true
      },
    }
  }
  const [nearEnd, farEnd] = [makeEnd(0), makeEnd(1)]
  const run = async (): Promise<void> => {
    for (let idle = 0; idle < 4; idle++) {
      while (nearEnd.deliver() || farEnd.deliver()) idle = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    near: nearEnd,
    far: farEnd,
    get failure() {
      return failure
    },
    run,
    end,
  }
}

/** Alice and Bob on a real connection, which Alice made. */
export type Joined = {
  readonly pair: MemoryPair
  readonly alice: Connection
  readonly bob: Connection
}

export const join = async (near: readonly Service[], far: readonly Service[]): Promise<Joined> => {
  const pair = createPair()
  const met = await shakeHands(pair, alice, bob)
  const connect = (channel: typeof met.nearChannel, own: Identity, other: Identity, services: readonly Service[]) =>
    createConnection(channel, (own === alice ? met.nearMet : met.farMet).session, {
      peer: other.log.id,
      device: at(other.log.last.entry.devices, 0),
      remote: remoteOf(other, own, own === alice ? 'out' : 'in'),
      world: makeWorld(`streams/${own === alice}`),
      services,
    })
  return {
    pair,
    alice: connect(met.nearChannel, alice, bob, near),
    bob: connect(met.farChannel, bob, alice, far),
  }
}

/** Mallory, who called Bob and keeps no rule. */
export const joinMallory = async (
  side: Side,
): Promise<{ readonly pair: MemoryPair; readonly mallory: Puppet; readonly bob: Connection }> => {
  const pair = createPair()
  const met = await shakeHands(pair, mallory, bob)
  const connection = createConnection(met.farChannel, met.farMet.session, {
    peer: mallory.log.id,
    device: met.farMet.device,
    remote: remoteOf(mallory, bob, 'in'),
    world: makeWorld('streams/bob'),
    services: [side.streams.service],
  })
  return { pair, mallory: createPuppet(met.nearChannel, met.nearMet.session), bob: connection }
}

/** Both, with the connection closed behind the test. */
export const startSides = async (t: TestContext) => {
  const [near, far] = [makeSide(), makeSide()]
  const joined = await join([near.streams.service], [far.streams.service])
  t.after(() => Promise.all([joined.alice.close(), joined.bob.close()]))
  return { near, far, ...joined, toBob: bob.log.id, toAlice: alice.log.id }
}

/** The next stream of a loop. */
export const nextOf = async <T>(loop: AsyncIterable<T>): Promise<T> => {
  const { value, done } = await loop[Symbol.asyncIterator]().next()
  if (done === true) throw new Error('the loop has ended')
  return value
}

/** A stream of Alice's to Bob, and his end of it. */
export const openPair = async (
  { near, far, toBob }: { near: Side; far: Side; toBob: Uint8Array },
  protocol = 'test/1',
) => {
  const name = { ...NAME, protocol }
  const leaving = new AbortController()
  const loop = far.streams.serve(name, { signal: leaving.signal })
  const [ours, theirs] = await Promise.all([near.streams.open(toBob, name), nextOf(loop)])
  leaving.abort()
  return { ours, theirs }
}

export const readAll = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** How it ended, once it is closed: the code, or null when both directions have ended. */
export const endOf = async (stream: Duplex): Promise<unknown> => {
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve))
  const { errored } = stream
  return errored !== null && 'code' in errored ? errored.code : errored
}
