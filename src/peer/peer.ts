import { decodeAddress, encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { ConnectionError, PeerError } from '../core/errors.ts'
import { changeSince, type Floor } from '../core/floor.ts'
import type { Identity } from '../core/identity.ts'
import { HANDSHAKES_MAX, LOOKUP_MS, VET_MS } from '../core/limits.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { Policy } from '../directory/policies.ts'
import type { Publication } from '../directory/publish.ts'
import type { Mailbox } from '../mailbox/service.ts'
import type { Store } from '../store/store.ts'
import { createAcquaintances } from './acquaintances.ts'
import { createAnnouncer } from './announce.ts'
import { type Calling, call } from './call.ts'
import { openChannel } from './channel.ts'
import { type Connection, createConnection } from './connection.ts'
import { checkName, createContacts } from './contacts.ts'
import { createCorrespondence } from './correspondence.ts'
import type { Listener, Peer } from './face.ts'
import { createFinder, type Found } from './finder.ts'
import { answer, type Met } from './greeting.ts'
import { createInbox, drain } from './inbox.ts'
import { createHost } from './mailbox-host.ts'
import { namedMailboxes } from './mailbox-names.ts'
import type { Notify } from './notice.ts'
import { type FrameStream, seconds, type Transport, type World } from './ports.ts'
import { describeRemote, type Remote, type Trust } from './remote.ts'
import { createUpkeep } from './upkeep.ts'

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
  readonly mailbox?: Mailbox | undefined
  /** Whether who connects may talk; a mailbox's own peer has nobody to talk to. Default: true. */
  readonly talks?: boolean | undefined
}

/** Puts a peer together from its parts. */
export const createPeer = (parts: PeerParts): Peer => {
  const { identity, directory, transport, store, world, release, notify = () => {}, mailbox, talks = true } = parts
  const closing = new AbortController()
  const connections = new Set<Connection>()
  const accepted = createInbox<Connection>()
  const acquaintances = createAcquaintances(store, world, notify)
  const finder = createFinder(directory, acquaintances, world)
  const contacts = createContacts(store, world)
  const calling: Calling = { transport, acquaintances, world }
  let greetings = 0
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
      return await finder.find(id, { signal: deadline(signal), asked: true, policy })
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
    const watch = acquaintances.watch(met.log, met.device)
    const connection = createConnection(channel, met.session, remote, world, {
      ending: watch.signal,
      attach: (line) => post.attach(met.log.id, line),
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
    const before = acquaintances.floor(id)
    const found = await find(id, signal)
    onFound?.(found)
    try {
      return await call(calling, found, { identity, signal }, (channel, met) => {
        checkGoing(signal)
        store.contacts.keep(met.log, seconds(world))
        // A card made this moment for this connection is as fresh as it gets.
        const reason = 'you asked for this address, and its owner answered in person'
        const trust: Trust = { identity: acquaintances.standing(id), freshness: 'current', reason }
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

  const host = createHost({ mailbox, talks, identity, world, adopt })

  const welcome = async (stream: FrameStream): Promise<Connection | null> => {
    const channel = openChannel(stream)
    let trust: Trust | undefined
    let before: Floor | null = null
    try {
      const met = await answer(channel, {
        identity,
        transport: transport.publicKey,
        world,
        admit: host.admit,
        vet: async (log) => {
          before = acquaintances.floor(log.id)
          trust = await finder.vet(log, deadline(undefined, VET_MS))
        },
      })
      if (met.purpose === 'mailbox') {
        host.receive(channel, met)
        return null
      }
      acquaintances.accept(met.log, null, false)
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

  const { post, letters, files, rounds } = createCorrespondence({
    ...{ ...calling, identity, directory, store, contacts, finder, acquaintances, notify },
    ...{ closing: closing.signal, find, checkGoing, adopt, deadline },
    connect: (id, signal) => connect(encodeAddress(id), { signal }),
    handOver: (connection) => {
      const listens = listening !== undefined && accepted.size < HANDSHAKES_MAX
      if (listens) accepted.put(connection)
      return listens
    },
  })
  const announcer = createAnnouncer({
    ...{ identity, directory, prekeys: store.prekeys, transport: transport.publicKey, world },
    mailboxes: () => namedMailboxes(store),
  })
  const announce = (signal: AbortSignal | undefined): Promise<Publication> => announcer.announce(() => deadline(signal))
  const upkeep = createUpkeep({
    ...{ identity, directory, store, acquaintances, finder, world, notify },
    announce: () => announce(undefined),
    announced: announcer.records,
    deadline: () => deadline(undefined),
  })

  const startListening = async (signal: AbortSignal | undefined): Promise<Listener> => {
    checkGoing(signal)
    const [streams, publication] = await Promise.all([transport.listen(), announce(signal)])
    checkGoing(signal)
    if (identity.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    greet(streams).catch(() => {})
    upkeep.start()
    post.start()
    rounds.start()
    const accept: Listener['accept'] = (options = {}) => accepted.take(options.signal)
    return { publication, accept, [Symbol.asyncIterator]: () => drain(accepted) }
  }

  const close = async (): Promise<void> => {
    closing.abort()
    accepted.end()
    upkeep.stop()
    post.stop()
    rounds.stop()
    await host.close()
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
    letters,
    files: files.api,
    mailboxes: rounds.api,
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
      return announce(signal)
    },
    close: end,
    [Symbol.asyncDispose]: end,
  }
}
