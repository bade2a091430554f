import { askOwnCard } from '../connection/twin-dial.ts'
import { createAnnouncer } from '../contacts/announcer.ts'
import { createBlocking } from '../contacts/blocking.ts'
import { createClockWatch } from '../contacts/clock-watch.ts'
import { checkName, createContacts } from '../contacts/contact-api.ts'
import { createJumpWatch } from '../contacts/jump-watch.ts'
import { createMaintenance } from '../contacts/maintenance.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import { createPublisher } from '../contacts/publisher.ts'
import { createResolver } from '../contacts/resolver.ts'
import { createTrustStore } from '../contacts/trust-store.ts'
import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { PeerError } from '../core/errors.ts'
import { TWIN_ANSWER_MS } from '../core/limits/own-check-limits.ts'
import { DEFAULT_APPLICATION, isProgramName } from '../core/names.ts'
import { ownDeviceId } from '../core/places.ts'
import { createSteadyClock } from '../core/steady-clock.ts'
import { createFiles } from '../files/create-files.ts'
import { createDelivery } from '../messages/delivery.ts'
import { createInbox } from '../messages/inbox.ts'
import { createLimitNews } from '../messages/limit-news.ts'
import { createLines } from '../messages/lines.ts'
import { createMessages } from '../messages/message-api.ts'
import { usedMailboxes } from '../messages/named-mailboxes.ts'
import { createRepair } from '../messages/repair.ts'
import { createSignals } from '../messages/signals.ts'
import type { NetworkState } from '../network/network-state.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import { createStreams } from '../streams/streams.ts'
import { createByMailbox } from './by-mailbox.ts'
import { createClosing } from './closing.ts'
import { createComings } from './comings.ts'
import { createConnections } from './connections.ts'
import { createContactSearch } from './contact-search.ts'
import { createDoor } from './door.ts'
import { createEventBus } from './event-bus.ts'
import { createExposures } from './exposures.ts'
import { createForgetting } from './forgetting.ts'
import { keptTime } from './kept-time.ts'
import { createListening } from './listening.ts'
import { createMailboxGuests } from './mailbox-guests.ts'
import { namedRelays } from './named-relay.ts'
import { createNearby } from './nearby.ts'
import { createOpenConnections } from './open-connections.ts'
import type { Peer } from './peer.ts'
import type { PeerParts } from './peer-parts.ts'
import { asEvents } from './request.ts'
import { createRequests } from './requests.ts'
import { createSteps } from './steps.ts'
import { createWaitingRoom } from './waiting-room.ts'

/** @throws PeerError ERR_PEER_APPLICATION */
export const checkApplication = (app: string): string => {
  if (!isProgramName(app)) throw new PeerError('ERR_PEER_APPLICATION', { hint: app.slice(0, 64) })
  return app
}

/** What a peer consists of, each part made of those before it. */
const createRooms = (parts: PeerParts) => {
  const { identity, directory, others, store, transport, app = DEFAULT_APPLICATION, mailbox, talks = true } = parts
  store.applications.remember(checkApplication(app))
  const own = identity.log.id
  const closing = new AbortController()
  const bus = createEventBus(parts.early)
  const { self } = store
  const steady = parts.world.steady ?? createSteadyClock({ ...parts.world, kept: keptTime(store) })
  const world = { ...parts.world, steady }
  const signals = createSignals()
  const invite = (peer: Uint8Array): void => signals.say('taken', peer)
  const isContact = (id: Uint8Array): boolean => store.contacts.has(id)
  const tell = createComings({ world, isContact, emit: bus.emit })
  const waitingRoom = createWaitingRoom({ own, app, store, world, invite, tell, tellKept: bus.letIn })
  const { emit, isRefused, isTold } = waitingRoom
  const base = { identity, own, directory, store, world, transport, app, closing: closing.signal, emit, met: parts.met }

  const queued = (peer: Uint8Array): void => signals.say('queued', peer)
  const onMessages = (changed: readonly StoredMessage[]): void => messages.onMessages(changed)
  const expose = createExposures({ store, world, onMessages, queued, emit })
  const trustStore = createTrustStore(store, world, emit, expose)
  const clockWatch = createClockWatch(world, emit, parts.clockIsRight, steady)
  const resolver = createResolver(directory, trustStore, world, clockWatch)
  const blocking = createBlocking({ store, watches: trustStore, queued, emit })
  const contacts = createContacts(store, world, blocking.look)
  const nearby = createNearby(parts.lan, parts.network)
  const steps = createSteps(resolver, nearby, closing.signal)
  const known = { ...base, trustStore, clockWatch, resolver, contacts, steps, nearby, isContact }

  const publisher = createPublisher({
    ...{ identity, directory, prekeys: store.prekeys, self, transport: transport.publicKey, world, clockWatch },
    ...{ mailboxes: () => usedMailboxes(store), relays: () => namedRelays(store) },
  })
  const jumps = createJumpWatch(world)
  const announcer = createAnnouncer({
    // That our own node has nothing of another one of us says nothing.
    ...{ ...known, directory: others ?? directory, self, publisher, jumps, takeOver: parts.takeOver ?? false },
    deadline: () => steps.deadline(undefined),
    ask: (card) =>
      askOwnCard(known, card, { signal: steps.deadline(undefined, TWIN_ANSWER_MS), milliseconds: TWIN_ANSWER_MS }),
    stop: (error) => {
      emit({ type: 'twin', error })
      closing.abort(error)
    },
  })

  const inbox = createInbox({ own, store, world, isContact, isRefused, onLimit: createLimitNews(world, emit) })
  const repair = createRepair({ own, messages: store.messages, world })
  const messages = createMessages({ ...known, signals, isTold })
  // Whoever has what this store never wrote may lie: it is only a reason to look.
  const onOld = announcer.told
  const mending = { inbox, repair, signals, onMessages: messages.onMessages, onOld }
  const lines = createLines({ ...base, ...mending, own: ownDeviceId(identity) })
  const files = createFiles({ ...known, isContact, provenSince: lines.provenSince, queued })
  const streams = createStreams({ isContact, clock: world.clock, closing: closing.signal })

  const guests = createMailboxGuests({ mailbox, talks, identity, world })
  const open = createOpenConnections()
  const door = createDoor({
    ...{ isContact, clock: world.clock },
    ...{ ownerOf: store.transportKeys.contactWith, isShut: store.transportKeys.isBlocked },
  })
  const backlogs = [messages.backlog, files.backlog]
  const isNeeded = (peer: Uint8Array): boolean => streams.isBusy(peer) || backlogs.some((one) => one.isWaiting(peer))
  const services = [lines.service, files.service, streams.service]
  const connections = createConnections({ ...known, services, guests, door, waitingRoom, open, isNeeded, announcer })
  const byMailbox = createByMailbox({
    ...{ ...known, ...mending, waitingRoom, note: lines.note, isGreeted: lines.isGreeted, adopt: open.adopt },
    beforeMail: announcer.beforeMail,
  })
  const sending = { lines, mailbox: byMailbox.sender, connect: connections.deliver }
  const delivery = createDelivery({ store, world, signals, ...sending, backlogs, isNeeded })
  const maintenance = createMaintenance({
    ...{ ...known, jumps, onShaken: parts.network.onShaken },
    publishOwn: () => announcer.announce(() => steps.deadline(undefined)),
    weighOwn: announcer.weigh,
    published: publisher.records,
    deadline: () => steps.deadline(undefined),
  })
  const forgetting = createForgetting({ identity, store, world, backlog: files.backlog, review: trustStore.review })
  const contactSearch = createContactSearch({ ...known, signals, network: parts.network })
  const requests = createRequests({ ...known, waitingRoom, signals })
  if (talks) waitingRoom.recall()
  forgetting.start()
  blocking.start()
  const going = { delivery, announcer, maintenance, forgetting, blocking, waitingRoom, requests, contactSearch }
  return { ...known, ...going, closing, bus, door, messages, files, streams, connections, byMailbox }
}

/** Puts a peer together from its parts. @throws PeerError ERR_PEER_APPLICATION; StoreError */
export const createPeer = (parts: PeerParts): Peer => {
  const rooms = createRooms(parts)
  const { own, app, identity, contacts, steps, bus } = rooms
  const { messages, streams, connections, announcer, waitingRoom, requests } = rooms
  const endRooms = createClosing({ ...rooms, transport: parts.transport, release: parts.release })
  const tellNetwork = (state: NetworkState): void => bus.emit({ type: 'network', ...state })
  if (parts.network.state().state === 'waiting') tellNetwork(parts.network.state())
  const endWatch = parts.network.watch(tellNetwork)
  const close = (): Promise<void> => {
    endWatch()
    return endRooms()
  }
  const idOf = (who: string): Uint8Array => peerIdOf(contacts, who)

  return {
    address: encodeAddress(own),
    app,
    identity: { log: identity.log },
    contacts,
    messages: messages.api,
    files: rooms.files.api,
    mailboxes: rooms.byMailbox.poller.api,
    requests,
    get network() {
      return { ...parts.network.state(), directory: parts.understood?.() ?? null }
    },
    get clock() {
      return rooms.clockWatch.reading
    },
    events: ({ signal } = {}) => bus.loop(messages.kept, signal, () => asEvents(waitingRoom.list())),
    dial: async (who, protocol, { signal, app: of = app } = {}) => {
      const id = idOf(who)
      steps.checkGoing(signal)
      if (!streams.isConnected(id)) await connections.reach(id, signal)
      return streams.open(id, { app: of, protocol }, signal)
    },
    serve: (protocol, { signal, app: of = app } = {}) => streams.serve({ app: of, protocol }, { signal }),
    addContact: async (who, { signal, name, policy } = {}) => {
      const id = idOf(who)
      if (equal(id, own)) throw new PeerError('ERR_PEER_SELF')
      if (name !== undefined) checkName(name)
      const { log } = await steps.find(id, signal, policy)
      if (!rooms.isContact(id)) waitingRoom.admit(log)
      const address = encodeAddress(id)
      return name === undefined ? contacts.need(address) : contacts.rename(address, name)
    },
    lookup: async (who, { signal, policy } = {}) => steps.find(idOf(who), signal, policy),
    connect: async (who, { signal } = {}) => connections.connect(idOf(who), signal),
    listen: createListening({ ...rooms, transport: parts.transport, network: parts.network }),
    publish: async ({ signal } = {}) => {
      steps.checkGoing(signal)
      return announcer.announce(() => steps.deadline(signal))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
