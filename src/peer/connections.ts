import { type Channel, openChannel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import { type Dialer, dial } from '../connection/dial.ts'
import type { ConnectionEvent } from '../connection/events.ts'
import { answerLive, type Met } from '../connection/live-handshake.ts'
import { describeRemote, type Trust } from '../connection/remote.ts'
import type { Service } from '../connection/service.ts'
import type { ContactEvent } from '../contacts/events.ts'
import type { Resolver } from '../contacts/resolver.ts'
import type { TrustStore } from '../contacts/trust-store.ts'
import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { ConnectionError, PeerError } from '../core/errors.ts'
import { changeSince, type Floor } from '../core/floor.ts'
import type { Identity } from '../core/identity.ts'
import { HANDSHAKES_MAX, PEER_CONNECTIONS_MAX, STRANGER_CONNECTIONS_MAX, VET_MS } from '../core/limits.ts'
import { seconds } from '../core/world.ts'
import type { FrameStream } from '../network/frame-stream.ts'
import type { Store } from '../store/store.ts'
import type { MailboxGuests } from './mailbox-guests.ts'
import type { Steps } from './steps.ts'

/** All the connections of a peer: dialled, accepted, counted, and told of. */
export type Connections = {
  /** @throws those of `Peer.connect` */
  connect(id: Uint8Array, signal: AbortSignal | undefined): Promise<Connection>
  /** Takes what comes in, until the streams end. */
  accept(streams: AsyncIterable<FrameStream>): Promise<void>
  /** Makes a connection end with the peer. */
  adopt(connection: Connection): void
  close(): Promise<void>
}

export type ConnectionsParts = Dialer & {
  readonly identity: Identity
  readonly store: Store
  readonly trustStore: TrustStore
  readonly resolver: Resolver
  readonly steps: Steps
  /** what is said on them */
  readonly services: readonly Service[]
  readonly guests: MailboxGuests
  readonly emit: (event: ConnectionEvent | ContactEvent) => void
}

type Open = { readonly peer: Uint8Array; readonly connection: Connection }

/** Who has too many makes room with their oldest: whoever comes next is there for sure, and an old one may be dead and not know it. */
const makeRoom = (open: readonly Open[], most: number): void => {
  for (const { connection } of open.slice(0, Math.max(0, open.length - most))) void connection.close()
}

/** The connections that are open. @param isStranger whoever called as a stranger may be a contact by now */
const createRoom = (isStranger: (peer: Uint8Array) => boolean) => {
  const open = new Set<Open>()
  return {
    /** Makes room for it where there are too many. */
    add: (one: Open): void => {
      open.add(one)
      const all = [...open]
      const ofPeer = all.filter(({ peer }) => equal(peer, one.peer))
      makeRoom(ofPeer, PEER_CONNECTIONS_MAX)
      if (!isStranger(one.peer)) return
      const strangers = all.filter(({ peer }) => isStranger(peer))
      makeRoom(strangers, STRANGER_CONNECTIONS_MAX)
    },
    remove: (one: Open): void => void open.delete(one),
  }
}

/** Connections that end with the peer. */
const createAdopted = () => {
  const adopted = new Set<Connection>()
  return {
    adopt: (connection: Connection): void => {
      adopted.add(connection)
      void connection.closed.then(() => adopted.delete(connection))
    },
    closeAll: () => Promise.all([...adopted].map((connection) => connection.close())),
  }
}

export const createConnections = (parts: ConnectionsParts): Connections => {
  const { identity, store, world, transport, trustStore, resolver, steps, services, guests, emit } = parts
  const { log: own } = identity
  const { adopt, closeAll } = createAdopted()
  const room = createRoom((peer) => trustStore.trust(peer) === 'unknown')

  /** Begins to talk with somebody who has proved who they are. */
  const begin = (
    channel: Channel,
    met: Met,
    direction: 'in' | 'out',
    trust: Trust,
    floor: Floor | null,
  ): Connection => {
    const peer = met.log.id
    const remote = describeRemote(met.log, own, { trust, direction, change: changeSince(floor, met.log) })
    const watch = trustStore.watch(met.log, met.device)
    const connection = createConnection(channel, met.session, { peer, remote, world, services, ending: watch.signal })
    emit({ type: 'connected', remote })
    const one = { peer, connection }
    adopt(connection)
    room.add(one)
    void connection.closed.then((ending) => {
      watch.release()
      room.remove(one)
      emit({ type: 'disconnected', remote, ...ending })
    })
    return connection
  }

  const connect: Connections['connect'] = async (id, signal) => {
    if (equal(id, own.id)) throw new PeerError('ERR_PEER_SELF')
    steps.checkGoing(signal)
    const before = trustStore.floor(id)
    const found = await steps.find(id, signal)
    try {
      return await dial(parts, found, { identity, signal }, (channel, met) => {
        steps.checkGoing(signal)
        store.contacts.keep(met.log, seconds(world))
        // A card made this moment for this connection is as fresh as it gets.
        const reason = 'you asked for this address, and its owner answered in person'
        const trust: Trust = { identity: trustStore.trust(id), freshness: 'current', reason }
        return begin(channel, met, 'out', trust, before)
      })
    } catch (error) {
      // It is told once: here when there will be no connection to tell it.
      if (found.change !== 'none') emit({ type: 'changed', address: encodeAddress(id), change: found.change })
      steps.checkGoing(signal)
      throw error
    }
  }

  const welcome = async (stream: FrameStream): Promise<void> => {
    const channel = openChannel(stream)
    let trust: Trust | undefined
    let before: Floor | null = null
    try {
      const met = await answerLive(channel, {
        ...{ identity, world, transport: transport.publicKey, admit: guests.admit },
        vet: async (log) => {
          before = trustStore.floor(log.id)
          trust = await resolver.vet(log, steps.deadline(undefined, VET_MS))
        },
      })
      if (met.purpose === 'mailbox') return guests.receive(channel, met, adopt)
      trustStore.accept(met.log, null, false)
      if (trust === undefined) throw new ConnectionError('ERR_FRAME')
      begin(channel, met, 'in', trust, before)
    } catch (error) {
      // A stranger that fails is told why and forgotten; it is no event of ours.
      await channel.refuse(error)
    }
  }

  let handshakes = 0
  return {
    connect,
    adopt,
    accept: async (streams) => {
      for await (const stream of streams) {
        if (handshakes >= HANDSHAKES_MAX) {
          stream.destroy()
          continue
        }
        handshakes += 1
        void welcome(stream).finally(() => {
          handshakes -= 1
        })
      }
    },
    close: async () => {
      await guests.close()
      await closeAll()
    },
  }
}
