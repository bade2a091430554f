import { decodeAddress, encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import type { Card, SignedCard } from '../core/card.ts'
import { HandfastError, KeyLogError, PeerError } from '../core/errors.ts'
import { type Change, changeSince, checkFloor, type Floor, raiseFloor } from '../core/floor.ts'
import type { Identity } from '../core/identity.ts'
import { compareLogs, type KeyLog } from '../core/key-log.ts'
import { CARD_REISSUE, HANDSHAKES_MAX, LOOKUP_MS, VET_MS } from '../core/limits.ts'
import { type Lookup, lookup } from '../directory/lookup.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { Publication } from '../directory/publish.ts'
import type { Floors } from '../store/floors-file.ts'
import { createAnnouncer } from './announce.ts'
import { openChannel } from './channel.ts'
import { type Connection, createConnection } from './connection.ts'
import { answer, dial, type Met } from './greeting.ts'
import { createInbox, drain } from './inbox.ts'
import { type FrameStream, seconds, type Transport, type World } from './ports.ts'
import { describeRemote, type Trust } from './remote.ts'

export type Signal = { readonly signal?: AbortSignal | undefined }

/** An identity as the directory shows it, and what became of it since this peer saw it last. */
export type Found = Lookup & { readonly change: Change }

export type ConnectOptions = Signal & {
  /** Called with what the directory said, before the connection is tried: a change is told once. */
  readonly onFound?: ((found: Found) => void) | undefined
}

/** Connections as they come in, and how well the address can be found. */
export type Listener = AsyncIterable<Connection> & {
  readonly publication: Publication
  /** The next peer that proved its address; null once the peer is closed. */
  accept(options?: Signal): Promise<Connection | null>
}

/** Your side: one identity on one network. */
export type Peer = AsyncDisposable & {
  /** the address to hand out: hf1… */
  readonly address: string
  readonly identity: { readonly log: KeyLog }
  /**
   * Finds an identity in the directory and verifies it to its address.
   * @throws AddressError; DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE; KeyLogError ERR_ROLLBACK
   */
  lookup(address: string, options?: Signal): Promise<Found>
  /**
   * Looks the address up and connects to whoever proves to be it.
   * @throws those of `lookup`; KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_SELF, _NO_CARD, _RETIRED, ERR_REMOTE, ERR_TIMEOUT;
   *   NetworkError ERR_CONNECT; CardError, HandshakeError, SessionError when the other side is not who it should be
   */
  connect(address: string, options?: ConnectOptions): Promise<Connection>
  /**
   * Publishes log and card, again every 6 h, and takes connections.
   * @throws DirectoryError ERR_PUBLISH_REFUSED; PeerError ERR_PEER_SUPERSEDED when the identity was rotated elsewhere,
   *   ERR_PEER_RETIRED after the retirement was published; NetworkError ERR_CONNECT
   */
  listen(options?: Signal): Promise<Listener>
  /** Publishes log and card once, so that those this peer connects to find its log current, without taking connections. */
  publish(options?: Signal): Promise<Publication>
  close(): Promise<void>
}

export type PeerParts = {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  readonly transport: Transport
  readonly floors: Floors
  readonly world: World
  /** what belongs to this peer alone and closes with it */
  readonly release: () => Promise<void>
}

/** Puts a peer together from its parts. */
export const createPeer = ({ identity, directory, transport, floors, world, release }: PeerParts): Peer => {
  const closing = new AbortController()
  const connections = new Set<Connection>()
  const accepted = createInbox<Connection>()
  let greetings = 0
  let listening: Promise<Listener> | undefined
  let reissue: NodeJS.Timeout | undefined
  let closed: Promise<void> | undefined

  const deadline = (signal: AbortSignal | undefined, milliseconds: number = LOOKUP_MS): AbortSignal =>
    AbortSignal.any([closing.signal, AbortSignal.timeout(milliseconds), ...(signal === undefined ? [] : [signal])])

  /** The deadline gives a partial answer; the caller's own signal, or closing, ends the call. */
  const checkGoing = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    if (closing.signal.aborted) throw new PeerError('ERR_PEER_CLOSED')
  }

  const hold = (log: KeyLog, card: SignedCard<Card> | null): void => {
    const floor = floors.get(log.id)
    if (floor !== null) checkFloor(floor, log, card)
  }

  /** Checked again at the end: what was accepted while we waited must not sink. `asked`: we asked for it, it did not call. */
  const raise = async (log: KeyLog, card: SignedCard<Card> | null, asked: boolean): Promise<void> => {
    hold(log, card)
    await floors.set(log.id, raiseFloor(floors.get(log.id), log, card), asked)
  }

  const find = async (id: Uint8Array, signal: AbortSignal | undefined, caller = false): Promise<Found> => {
    checkGoing(signal)
    const options = { now: seconds(world), signal: deadline(signal, caller ? VET_MS : LOOKUP_MS) }
    const found = await lookup(directory, id, options).catch((error: unknown) => {
      checkGoing(signal)
      throw error
    })
    checkGoing(signal)
    const change = changeSince(floors.get(id), found.log)
    // An expired card says nothing: a newer one that has expired as well must not turn it into a rollback.
    const card = found.freshness === 'current' ? found.card : null
    if (found.fork === null) await raise(found.log, card, !caller)
    else hold(found.log, card)
    return { ...found, change }
  }

  const open = (channel: ReturnType<typeof openChannel>, met: Met, trust: Trust, floor: Floor | null): Connection => {
    const remote = describeRemote(met.log, identity.log, trust, changeSince(floor, met.log))
    const connection = createConnection(channel, met.session, remote, world)
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
    return connection
  }

  const connect: Peer['connect'] = async (address, { signal, onFound } = {}) => {
    const id = decodeAddress(address)
    if (equal(id, identity.log.id)) throw new PeerError('ERR_PEER_SELF')
    const before = floors.get(id)
    const found = await find(id, signal)
    onFound?.(found)
    if (found.fork !== null) throw new KeyLogError('ERR_LOG_FORK')
    if (found.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    if (found.card === null) throw new PeerError('ERR_PEER_NO_CARD')
    const stream = await transport.connect(found.card.card.transport, { signal })
    const channel = openChannel(stream)
    const abort = (): void => stream.destroy()
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      const met = await dial(channel, { identity, known: found.log, floor: floors.get(id), world })
      await raise(met.log, null, true)
      checkGoing(signal)
      // A card made this moment for this connection is as fresh as it gets.
      const reason = 'you asked for this address, and its owner answered in person'
      return open(channel, met, { identity: 'pinned', freshness: 'current', reason }, before)
    } catch (error) {
      await channel.refuse(error)
      checkGoing(signal)
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** What the directory says about an initiator's log: it must not know better. */
  const vet = async (log: KeyLog): Promise<Trust> => {
    hold(log, null)
    const found = await find(log.id, undefined, true).catch((error: unknown) => {
      // A directory that holds nothing, or less than was seen already, says nothing against this log.
      const silent = error instanceof HandfastError && /^ERR_(LOOKUP_|ROLLBACK)/.test(error.code)
      if (silent) return null
      throw error
    })
    const stale = { identity: 'unknown', freshness: 'stale' } as const
    if (found === null) return { ...stale, reason: 'the directory could not confirm its log' }
    const relation = compareLogs(log, found.log)
    if (found.fork !== null || relation === 'fork') throw new KeyLogError('ERR_LOG_FORK')
    if (relation === 'shorter' || relation === 'superseded') throw new KeyLogError('ERR_ROLLBACK')
    if (relation !== 'same') return { ...stale, reason: 'the directory does not know the end of its log yet' }
    if (found.freshness === 'stale') return { ...stale, reason: 'no current card of it was found' }
    return { identity: 'unknown', freshness: 'current', reason: 'its card is current' }
  }

  const welcome = async (stream: FrameStream): Promise<Connection | null> => {
    const channel = openChannel(stream)
    let trust: Trust | undefined
    let before: Floor | null = null
    try {
      const met = await answer(channel, {
        identity,
        transport: transport.publicKey,
        world,
        vet: async (log) => {
          before = floors.get(log.id)
          trust = await vet(log)
        },
      })
      await raise(met.log, null, false)
      if (trust === undefined) throw new PeerError('ERR_FRAME')
      return open(channel, met, trust, before)
    } catch (error) {
      // A stranger that fails is told why and forgotten; it is no event of ours.
      await channel.refuse(error)
      return null
    }
  }

  const greet = async (streams: AsyncIterableIterator<FrameStream>): Promise<void> => {
    for await (const stream of streams) {
      // Connections nobody has taken yet count too: strangers must not fill the memory with them.
      if (greetings + accepted.size >= HANDSHAKES_MAX) {
        stream.destroy()
        continue
      }
      greetings += 1
      void welcome(stream).then((connection) => {
        greetings -= 1
        if (connection !== null) accepted.put(connection)
      })
    }
  }

  const announcing = createAnnouncer({ identity, directory, transport: transport.publicKey, world })
  const announce = (signal: AbortSignal | undefined): Promise<Publication> => announcing(() => deadline(signal))

  const startListening = async (signal: AbortSignal | undefined): Promise<Listener> => {
    checkGoing(signal)
    const [streams, publication] = await Promise.all([transport.listen(), announce(signal)])
    checkGoing(signal)
    if (identity.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    greet(streams).catch(() => {})
    reissue = setInterval(() => announce(undefined).catch(() => {}), CARD_REISSUE * 1000)
    const accept: Listener['accept'] = (options = {}) => accepted.take(options.signal)
    return { publication, accept, [Symbol.asyncIterator]: () => drain(accepted) }
  }

  const close = async (): Promise<void> => {
    closing.abort()
    accepted.end()
    clearInterval(reissue)
    await Promise.all([...connections].map((connection) => connection.close()))
    await transport.close()
    await release()
  }
  const end = (): Promise<void> => {
    closed ??= close()
    return closed
  }

  return {
    address: encodeAddress(identity.log.id),
    identity: { log: identity.log },
    lookup: async (address, { signal } = {}) => find(decodeAddress(address), signal),
    connect,
    listen: ({ signal } = {}) => {
      listening ??= startListening(signal).catch((error: unknown) => {
        listening = undefined
        throw error
      })
      return listening
    },
    publish: async ({ signal } = {}) => {
      checkGoing(signal)
      return announce(signal)
    },
    close: end,
    [Symbol.asyncDispose]: end,
  }
}
