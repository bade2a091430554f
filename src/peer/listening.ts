import type { Announcer } from '../contacts/announcer.ts'
import type { Maintenance } from '../contacts/maintenance.ts'
import { PeerError } from '../core/errors.ts'
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
import type { Peer } from './peer.ts'
import type { Steps } from './steps.ts'

export type ListeningParts = {
  readonly identity: Identity
  readonly store: Pick<Store, 'settings'>
  readonly transport: Transport
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

/** Publishes, takes connections, and begins all that goes on by itself. Once; a failure can be tried again. */
export const createListening = (parts: ListeningParts): Peer['listen'] => {
  const { identity, store, transport, steps, bus, door, connections, maintenance, delivery, byMailbox } = parts
  const { announcer, nearby, contactSearch } = parts
  let listening: Promise<Publication> | undefined

  const start = async (signal: AbortSignal | undefined): Promise<Publication> => {
    steps.checkGoing(signal)
    // Before this side can be dialled: who answers for its card now is another.
    await announcer.look()
    const [streams, publication] = await Promise.all([
      transport.listen({ admits: door.admits, relays: () => namedRelays(store) }),
      announcer.announce(() => steps.deadline(signal), { looked: true }),
    ])
    steps.checkGoing(signal)
    if (identity.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    connections.accept(streams).catch(() => {})
    await nearby.listen()
    contactSearch.start()
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
