import { type Channel, openChannel } from '../connection/channel.ts'
import { createConnection, type OpenConnection } from '../connection/connection.ts'
import type { ConnectionEvent } from '../connection/connection-events.ts'
import { type Dialer, dial } from '../connection/dial.ts'
import { linger } from '../connection/linger.ts'
import { answerLive, type Met } from '../connection/live-handshake.ts'
import { describeRemote, type Trust } from '../connection/remote.ts'
import type { Service } from '../connection/service.ts'
import { saysTwin } from '../connection/twin-dial.ts'
import type { Announcer } from '../contacts/announcer.ts'
import type { ClockWatch } from '../contacts/clock-watch.ts'
import type { ContactEvent } from '../contacts/contact-events.ts'
import type { Resolver } from '../contacts/resolver.ts'
import type { TrustStore } from '../contacts/trust-store.ts'
import { orAbort } from '../core/abort.ts'
import { encodeAddress } from '../core/address.ts'
import { equal, hex } from '../core/bytes.ts'
import { ConnectionError, PeerError } from '../core/errors.ts'
import { changeSince, type Floor } from '../core/floor.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { VET_MS } from '../core/limits/connection-limits.ts'
import { seconds } from '../core/world.ts'
import { clockError } from '../directory/client/heard-times.ts'
import type { FrameStream } from '../network/frame-stream.ts'
import type { Store } from '../store/store.ts'
import type { Door, Visitor } from './door.ts'
import { createFramePace } from './frame-pace.ts'
import type { MailboxGuests } from './mailbox-guests.ts'
import type { Nearby } from './nearby.ts'
import type { OpenConnections } from './open-connections.ts'
import type { PeerParts } from './peer-parts.ts'
import type { Steps } from './steps.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** All the connections of a peer: dialled, accepted, counted, and told of. */
export type Connections = {
  /** For who asks for it: it is a contact from then on. @throws those of `Peer.connect` */
  connect(id: Uint8Array, signal: AbortSignal | undefined): Promise<OpenConnection>
  /** Sees to it that there is a connection: all who ask at once share one, which closes when nothing has needed it for a minute. */
  reach(id: Uint8Array, signal: AbortSignal | undefined): Promise<void>
  /** For what waits here: a stranger that only left something, and gets a receipt, is none. @throws those of `Peer.connect` */
  deliver(id: Uint8Array, signal: AbortSignal): Promise<OpenConnection>
  /** Takes what comes in, until the streams end. */
  accept(streams: AsyncIterable<FrameStream>): Promise<void>
  close(): Promise<void>
}

export type ConnectionsParts = Dialer & {
  readonly identity: Identity
  readonly store: Store
  readonly trustStore: TrustStore
  readonly resolver: Resolver
  readonly clockWatch: Pick<ClockWatch, 'isDoubted' | 'reading'>
  readonly steps: Steps
  readonly nearby: Pick<Nearby, 'ask'>
  /** looks after our own store */
  readonly announcer: Pick<Announcer, 'beforeConnecting' | 'told'>
  /** what is said on them */
  readonly services: readonly Service[]
  readonly guests: MailboxGuests
  /** who of those that come has a seat */
  readonly door: Door
  readonly open: OpenConnections
  /** who of those that came in is let in by a person */
  readonly waitingRoom: Pick<WaitingRoom, 'enter' | 'admit' | 'hasWritten'>
  /** Whether something goes on with a peer for which a connection has to stay. */
  readonly isNeeded: (peer: Uint8Array) => boolean
  readonly emit: (event: ConnectionEvent | ContactEvent) => void
  /** Told where a contact is, who has proved to be it. */
  readonly met?: PeerParts['met']
}

type Beginning = {
  readonly channel: Channel
  readonly met: Met
  readonly direction: 'in' | 'out'
  readonly trust: Trust
  /** what was known of them before */
  readonly floor: Floor | null
  /** of who called */
  readonly visitor?: Visitor
}

type Room = ConnectionsParts & {
  /** A frame of that peer came. @returns milliseconds until the next one is looked at */
  readonly pace: (peer: Uint8Array) => number
}

/** Begins to talk with somebody who has proved who they are. */
const begin = (parts: Room, beginning: Beginning): OpenConnection => {
  const { channel, met, direction, trust, floor } = beginning
  const { identity, world, trustStore, services, open, door, waitingRoom, emit } = parts
  const peer = met.log.id
  const circumstances = { trust, direction, change: changeSince(floor, met.log) }
  const way = channel.stream.way()
  const remote = describeRemote(met.log, identity.log, { ...circumstances, way })
  const watch = trustStore.watch(met.log, met.device)
  trustStore.met(met.log, met.device, met.inc, channel.stream.remoteKey)
  const { device, session } = met
  const parties = { peer, device, remote, world, services, ending: watch.signal, pace: () => parts.pace(peer) }
  const connection = createConnection(channel, session, parties)
  const leave = waitingRoom.enter(met.log, () => connection.close())
  emit({ type: 'connected', remote })
  let latest = way
  channel.stream.watchWay(() => {
    const now = channel.stream.way()
    if (now !== latest) emit({ type: 'way', remote, way: now })
    latest = now
  })
  const { remoteHost, remotePort } = channel.stream
  // Where a relay is tells nothing of where she is.
  if (way === 'direct' && parts.store.contacts.has(peer))
    parts.met?.(remote.address, { host: remoteHost, port: remotePort })
  open.adopt(connection)
  const giveWay = (): void => void connection.close()
  const visitor = beginning.visitor ?? door.invite(peer, channel.stream.remoteHost, giveWay)
  visitor.proved(peer, giveWay)
  channel.watch(visitor.heard)
  void connection.closed.then((ending) => {
    visitor.leave()
    watch.release()
    leave()
    emit({ type: 'disconnected', remote, ...ending })
  })
  return connection
}

const connect = async (
  parts: Room,
  id: Uint8Array,
  signal: AbortSignal | undefined,
  isAsked = true,
): Promise<OpenConnection> => {
  const { identity, store, world, trustStore, clockWatch, steps, announcer, waitingRoom, emit } = parts
  if (equal(id, identity.log.id)) throw new PeerError('ERR_PEER_SELF')
  steps.checkGoing(signal)
  checkBlocked(store, id)
  await announcer.beforeConnecting()
  const floor = trustStore.floor(id)
  const nearby = parts.nearby.ask(id)
  const isOurs = isAsked || store.contacts.has(id) || waitingRoom.hasWritten(id)
  const found = await (isOurs ? steps.find : steps.findOther)(id, signal)
  // By a clock that is behind, every card is yet to begin.
  if (found.card === null && clockWatch.isDoubted()) throw clockError(clockWatch.reading, seconds(world))
  try {
    return await dial(
      parts,
      found,
      {
        identity: { ...identity, inc: store.self.state().inc },
        onStep: (step) => emit({ type: 'dialling', address: encodeAddress(id), step }),
        ...{ signal, nearby },
      },
      (channel, met) => {
        steps.checkGoing(signal)
        checkBlocked(store, id)
        if (isAsked || waitingRoom.hasWritten(id)) waitingRoom.admit(met.log)
        // A card made this moment for this connection is as fresh as it gets.
        const reason = 'its owner answered in person'
        const trust: Trust = { identity: trustStore.trust(id), freshness: 'current', reason }
        return begin(parts, { channel, met, direction: 'out', trust, floor })
      },
    )
  } catch (error) {
    // It is told once: here when there will be no connection to tell it.
    if (found.change !== 'none') emit({ type: 'changed', address: encodeAddress(id), change: found.change })
    steps.checkGoing(signal)
    throw error
  }
}

/** Whoever it is need not know that it is meant. Its transport key is kept: under that nothing is answered from now on. */
const refuseBlocked = (store: Store, log: KeyLog, device: Device, { remoteKey }: FrameStream): never => {
  store.transportKeys.note(log, device, remoteKey, true)
  throw new PeerError('ERR_PEER_REFUSED')
}

const checkBlocked = ({ blocked }: Store, id: Uint8Array): void => {
  if (blocked.has(id)) throw new PeerError('ERR_PEER_BLOCKED')
}

/** Lets somebody in, or a guest of the mailbox. A stranger that fails is told why and forgotten: it is no event of ours. */
const welcome = async (parts: Room, stream: FrameStream, visitor: Visitor): Promise<void> => {
  const { identity, store, world, transport, trustStore, resolver, steps, guests, open, announcer } = parts
  const channel = openChannel(stream)
  channel.watch(visitor.heard)
  let trust: Trust | undefined
  let floor: Floor | null = null
  try {
    const met = await answerLive(channel, {
      ...{ identity, inc: store.self.state().inc, world, transport: transport.publicKey },
      admit: (purpose, log, device) => {
        guests.admit(purpose)
        if (purpose === 'talk' && store.blocked.has(log.id)) refuseBlocked(store, log, device, stream)
      },
      vet: async (log) => {
        floor = trustStore.floor(log.id)
        trust = await resolver.vet(log, steps.deadline(undefined, VET_MS))
      },
    })
    if (met.purpose === 'mailbox') return guests.receive(channel, met, { adopt: open.adopt, visitor })
    trustStore.accept(met.log, null, false)
    if (trust === undefined) throw new ConnectionError('ERR_FRAME')
    begin(parts, { channel, met, direction: 'in', trust, floor, visitor })
  } catch (error) {
    if (saysTwin(error)) announcer.told()
    await channel.refuse(error)
    visitor.leave()
  }
}

export const createConnections = (given: ConnectionsParts): Connections => {
  const parts = { ...given, pace: createFramePace(given.world, given.store.contacts.has) }
  const { guests, open, door, isNeeded } = parts
  /** Dials under way that several wait for. */
  const reaching = new Map<string, Promise<void>>()

  return {
    connect: (id, signal) => connect(parts, id, signal),
    deliver: (id, signal) => connect(parts, id, signal, false),
    reach: async (id, signal) => {
      const key = hex(id)
      const going =
        reaching.get(key) ??
        connect(parts, id, undefined)
          .then((connection) => linger(connection, () => isNeeded(id)))
          .finally(() => reaching.delete(key))
      reaching.set(key, going)
      await orAbort(going, signal)
    },
    accept: async (streams) => {
      for await (const stream of streams) {
        const visitor = door.enter(stream)
        if (visitor === null) stream.destroy()
        else void welcome(parts, stream, visitor)
      }
    },
    close: async () => {
      door.close()
      await guests.close()
      await open.close()
    },
  }
}
