import type { Announcer } from '../contacts/announcer.ts'
import type { Maintenance } from '../contacts/maintenance.ts'
import { DirectoryError, PeerError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { Delivery } from '../messages/delivery.ts'
import type { Transport } from '../network/transport.ts'
import type { Store } from '../store/store.ts'
import type { createByMailbox } from './by-mailbox.ts'
import type { Connections } from './connections.ts'
import type { ContactSearch } from './contact-search.ts'
import type { Door } from './door.ts'
import type { EventBus } from './event-bus.ts'
import { namedRelays } from './named-relay.ts'
import type { Nearby } from './nearby.ts'
import { type NetworkPort, whenJoined } from './network-state.ts'
import type { Peer } from './peer.ts'
import type { Steps } from './steps.ts'

export type ListeningParts = {
  readonly identity: Identity
  readonly store: Pick<Store, 'settings'>
  readonly transport: Transport
  readonly network: NetworkPort
  /** aborted when the peer closes */
  readonly closing: AbortController
  readonly steps: Pick<Steps, 'checkGoing' | 'deadline'>
  readonly bus: Pick<EventBus, 'emit'>
  readonly nearby: Pick<Nearby, 'listen'>
  readonly contactSearch: Pick<ContactSearch, 'start'>
  readonly door: Door
  readonly connections: Connections
  readonly maintenance: Maintenance
  readonly delivery: Pick<Delivery, 'start'>
  readonly byMailbox: Pick<ReturnType<typeof createByMailbox>, 'poller'>
  readonly announcer: Pick<Announcer, 'look' | 'announce'>
}

/**
 * Publishes, takes connections, and begins all that goes on by itself. Once; a failure can be tried again. While nobody answers it is waited
 * for a network: who comes in through this peer finds it all the same, by its own node's copy.
 */
export const createListening = (parts: ListeningParts): Peer['listen'] => {
  const { identity, store, transport, network, closing, steps, bus, door, connections, announcer } = parts
  const { maintenance, delivery, byMailbox, nearby, contactSearch } = parts
  const isRetired = identity.log.last.entry.status === 'retired'
  let listening: Promise<Publication> | undefined

  const announce = (signal: AbortSignal | undefined): Promise<Publication> =>
    announcer.announce(() => steps.deadline(signal), { looked: true })

  const takeConnections = async (): Promise<void> => {
    const streams = await transport.listen({ admits: door.admits, relays: () => namedRelays(store) })
    if (isRetired) return
    connections.accept(streams).catch(() => {})
    // Also without a network: who is on the same cable finds this peer, and others.
    await nearby.listen()
    contactSearch.start()
  }

  /** A network may be gone again before it was told anything. */
  const announceWhenJoined = async (signal: AbortSignal | undefined): Promise<Publication> => {
    const until = AbortSignal.any([closing.signal, ...(signal === undefined ? [] : [signal])])
    for (;;) {
      if (network.state().state === 'waiting') {
        await announce(signal).catch(unlessSilent)
        await whenJoined(network, until)
        await announcer.look()
      }
      try {
        return await announce(signal)
      } catch (error) {
        unlessSilent(error)
        if (network.state().state === 'joined') throw error
      }
    }
  }

  const start = async (signal: AbortSignal | undefined): Promise<Publication> => {
    steps.checkGoing(signal)
    // Before this side can be dialled: who answers for its card now is another.
    await announcer.look()
    const [publication] = await Promise.all([announceWhenJoined(signal), takeConnections()])
    steps.checkGoing(signal)
    if (isRetired) throw new PeerError('ERR_PEER_RETIRED')
    maintenance.start()
    delivery.start()
    byMailbox.poller.start()
    bus.emit({ type: 'listening', publication })
    return publication
  }
  return ({ signal } = {}) => {
    listening ??= start(signal).catch((error: unknown) => {
      listening = undefined
      throw error
    })
    return listening
  }
}

/** That nobody took it is no news while nobody is there. @throws anything else */
const unlessSilent = (error: unknown): void => {
  if (!(error instanceof DirectoryError && error.code === 'ERR_PUBLISH_REFUSED')) throw error
}
