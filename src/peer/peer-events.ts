import type { ConnectionEvent } from '../connection/connection-events.ts'
import type { ContactEvent } from '../contacts/contact-events.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { FileEvent } from '../files/file-events.ts'
import type { MessageEvent } from '../messages/message-events.ts'
import type { NetworkState } from '../network/network-state.ts'
import type { RequestEvent } from './request.ts'

/** Everything that a peer has to tell, each `type` once: what a person is shown, and what a program may act on. */
export type PeerEvent =
  | ConnectionEvent
  | ContactEvent
  | MessageEvent
  | FileEvent
  | RequestEvent
  /** an identity was made in the data folder that held none */
  | { readonly type: 'created'; readonly address: string }
  /** the parcels that this peer's mailbox kept for others are gone from its folder; it goes on without them */
  | { readonly type: 'mailbox-lost' }
  /** this peer can be found, and takes connections */
  | { readonly type: 'listening'; readonly publication: Publication }
  /** the peer waits for a network, came into it, or found out that nobody answers any more, or that others see it otherwise */
  | ({ readonly type: 'network' } & NetworkState)
  /** more happened than this loop took in time: so many events are left out at this place, the oldest of the commonest; never a `message` */
  | { readonly type: 'missed'; readonly events: number }

export type EmitEvent = (event: PeerEvent) => void
