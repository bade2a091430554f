import { openChannel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import { type Dialer, dial } from '../connection/dial.ts'
import { answerLive, type Met } from '../connection/live-handshake.ts'
import { createQueue, drain } from '../connection/queue.ts'
import { describeRemote, type Remote, type Trust } from '../connection/remote.ts'
import { checkName, createContacts } from '../contacts/contact-api.ts'
import { createMaintenance } from '../contacts/maintenance.ts'
import type { Notify } from '../contacts/notice.ts'
import { createPublisher } from '../contacts/publisher.ts'
import { createResolver, type Found } from '../contacts/resolver.ts'
import { createTrustStore } from '../contacts/trust-store.ts'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { ConnectionError, PeerError } from '../core/errors.ts'
import { changeSince, type Floor } from '../core/floor.ts'
import type { Identity } from '../core/identity.ts'
import { HANDSHAKES_MAX, LOOKUP_MS, VET_MS } from '../core/limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { Policy } from '../directory/client/policies.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { MailboxHost } from '../mailbox/host.ts'
import { namedMailboxes } from '../messages/named-mailboxes.ts'
import type { FrameStream } from '../network/frame-stream.ts'
import type { Transport } from '../network/transport.ts'
import type { Store } from '../store/store.ts'
import { createCorrespondence } from './correspondence.ts'
import { createMailboxGuests } from './mailbox-guests.ts'
import type { Listener, Peer } from './peer.ts'

export type PeerParts = {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  readonly transport: Transport
  readonly store: Store
  readonly world: World
  /** what belongs to this peer alone and closes with it */
  readonly release: () => Promise<void>
  /** Told what the owner should know, without having been asked. */
  readonly notify?: Notify | undefined
  /** The mailbox that this peer keeps for others; it closes with the peer. */
  readonly mailbox?: MailboxHost | undefined
  /** Whether who connects may talk; a mailbox's own peer has nobody to talk to. Default: true. */
  readonly talks?: boolean | undefined
}

/** Puts a peer together from its parts. */
export const createPeer = (parts: PeerParts): Peer => {
  const { identity, directory, transport, store, world, release, notify = () => {}, mailbox, talks = true } = parts
  const closing = new AbortController()
  const connections = new Set<Connection>()
  const accepted = createQueue<Connection>()
  const trustStore = createTrustStore(store, world, notify)
  const resolver = createResolver(directory, trustStore, world)
  const contacts = createContacts(store, world)
  const calling: Dialer = { transport, trustStore, world }
  let handshakes = 0
  let listening: Promise<Listener> | undefined
  let closed: Promise<void> | undefined

  const deadline = (signal: AbortSignal | undefined, milliseconds: number = LOOKUP_MS): AbortSignal =>
    AbortSignal.any([closing.signal, AbortSignal.timeout(milliseconds), ...(signal === undefined ? [] : [signal])])

  /** The deadline gives a partial answer; the caller's own signal, or closing, ends the call. */
  const checkGoing = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    if (closing.signal.aborted) throw new PeerError('ERR_PEER_CLOSED')
  }

  const find = async (id: Uint8Array, signal: AbortSignal | undefined, policy?: Policy): Promise<Found> => {
    checkGoing(signal)
    try {
      return await resolver.find(id, { signal: deadline(signal), asked: true, policy })
    } finally {
      checkGoing(signal)
    }
  }

  const open = (
    channel: ReturnType<typeof openChannel>,
    met: Met,
    { trust, direction }: Pick<Remote, 'trust' | 'direction'>,
    floor: Floor | null,
  ): Connection => {
    const remote = describeRemote(met.log, identity.log, { trust, direction, change: changeSince(floor, met.log) })
    const watch = trustStore.watch(met.log, met.device)
    const connection = createConnection(channel, met.session, remote, world, {
      ending: watch.signal,
      attach: (line) => delivery.attach(met.log.id, line),
      attachFiles: (line) => files.attach(met.log.id, line),
    })
    adopt(connection)
    void connection.closed.then(watch.release)
    return connection
  }

  const connect: Peer['connect'] = async (address, { signal, onFound } = {}) => {
    const id = decodeAddress(address)
    if (equal(id, identity.log.id)) throw new PeerError('ERR_PEER_SELF')
    checkGoing(signal)
    const before = trustStore.floor(id)
    const found = await find(id, signal)
    onFound?.(found)
    try {
      return await dial(calling, found, { identity, signal }, (channel, met) => {
        checkGoing(signal)
        store.contacts.keep(met.log, seconds(world))
        // A card made this moment for this connection is as fresh as it gets.
        const reason = 'you asked for this address, and its owner answered in person'
        const trust: Trust = { identity: trustStore.trust(id), freshness: 'current', reason }
        return open(channel, met, { trust, direction: 'out' }, before)
      })
    } catch (error) {
      checkGoing(signal)
      throw error
    }
  }

  /** Makes a connection end with the peer. */
  const adopt = (connection: Connection): void => {
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
  }

  const mailboxGuests = createMailboxGuests({ mailbox, talks, identity, world, adopt })

  const welcome = async (stream: FrameStream): Promise<Connection | null> => {
    const channel = openChannel(stream)
    let trust: Trust | undefined
    let before: Floor | null = null
    try {
      const met = await answerLive(channel, {
        identity,
        transport: transport.publicKey,
        world,
        admit: mailboxGuests.admit,
        vet: async (log) => {
          before = trustStore.floor(log.id)
          trust = await resolver.vet(log, deadline(undefined, VET_MS))
        },
      })
      if (met.purpose === 'mailbox') {
        mailboxGuests.receive(channel, met)
        return null
      }
      trustStore.accept(met.log, null, false)
      if (trust === undefined) throw new ConnectionError('ERR_FRAME')
      return open(channel, met, { trust, direction: 'in' }, before)
    } catch (error) {
      // A stranger that fails is told why and forgotten; it is no event of ours.
      await channel.refuse(error)
      return null
    }
  }

  const greet = async (streams: AsyncIterableIterator<FrameStream>): Promise<void> => {
    for await (const stream of streams) {
      // Connections nobody has taken yet count too: strangers must not fill the memory with them.
      if (handshakes + accepted.size >= HANDSHAKES_MAX) {
        stream.destroy()
        continue
      }
      handshakes += 1
      void welcome(stream).then((connection) => {
        handshakes -= 1
        if (connection !== null) accepted.put(connection)
      })
    }
  }

  const { delivery, messages, files, mailboxPoller } = createCorrespondence({
    ...{ ...calling, identity, directory, store, contacts, resolver, trustStore, notify },
    ...{ closing: closing.signal, find, checkGoing, adopt, deadline },
    connect: (id, signal) => connect(encodeAddress(id), { signal }),
    handOver: (connection) => {
      const listens = listening !== undefined && accepted.size < HANDSHAKES_MAX
      if (listens) accepted.put(connection)
      return listens
    },
  })
  const publisher = createPublisher({
    ...{ identity, directory, prekeys: store.prekeys, transport: transport.publicKey, world },
    mailboxes: () => namedMailboxes(store),
  })
  const publishOwn = (signal: AbortSignal | undefined): Promise<Publication> =>
    publisher.publish(() => deadline(signal))
  const maintenance = createMaintenance({
    ...{ identity, directory, store, trustStore, resolver, world, notify },
    publishOwn: () => publishOwn(undefined),
    published: publisher.records,
    deadline: () => deadline(undefined),
  })

  const startListening = async (signal: AbortSignal | undefined): Promise<Listener> => {
    checkGoing(signal)
    const [streams, publication] = await Promise.all([transport.listen(), publishOwn(signal)])
    checkGoing(signal)
    if (identity.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    greet(streams).catch(() => {})
    maintenance.start()
    delivery.start()
    mailboxPoller.start()
    const accept: Listener['accept'] = (options = {}) => accepted.take(options.signal)
    return { publication, accept, [Symbol.asyncIterator]: () => drain(accepted) }
  }

  const close = async (): Promise<void> => {
    closing.abort()
    accepted.end()
    maintenance.stop()
    delivery.stop()
    mailboxPoller.stop()
    await mailboxGuests.close()
    await Promise.all([...connections].map((connection) => connection.close()))
    await files.stop()
    await transport.close()
    await release()
    // What the application has taken is not to come again.
    await store.group.run(() => {}).catch(() => {})
    store.close()
  }
  const end = (): Promise<void> => {
    closed ??= close()
    return closed
  }

  return {
    address: encodeAddress(identity.log.id),
    identity: { log: identity.log },
    contacts,
    messages,
    files: files.api,
    mailboxes: mailboxPoller.api,
    addContact: async (address, { signal, name, policy } = {}) => {
      const id = decodeAddress(address)
      if (equal(id, identity.log.id)) throw new PeerError('ERR_PEER_SELF')
      if (name !== undefined) checkName(name)
      const { log } = await find(id, signal, policy)
      if (store.contacts.get(id) === null) store.contacts.keep(log, seconds(world))
      return name === undefined ? contacts.need(address) : contacts.rename(address, name)
    },
    lookup: async (address, { signal, policy } = {}) => find(decodeAddress(address), signal, policy),
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
      return publishOwn(signal)
    },
    close: end,
    [Symbol.asyncDispose]: end,
  }
}
