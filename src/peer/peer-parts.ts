import type { Identity } from '../core/identity.ts'
import type { World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import type { MailboxHost } from '../mailbox/host.ts'
import type { Transport } from '../network/transport.ts'
import type { Store } from '../store/store.ts'
import type { LanPort } from './nearby.ts'
import type { NetworkPort, PeerNetwork } from './network-state.ts'
import type { PeerEvent } from './peer-events.ts'

/** What a peer is put together from. */
export type PeerParts = {
  readonly identity: Identity
  readonly directory: Directory
  /** The same without what this peer's own node keeps. Default: the same. */
  readonly others?: Directory | undefined
  /** Which of its forms the nodes of the network understand. Default: nobody knows. */
  readonly understood?: (() => PeerNetwork['directory']) | undefined
  /** Told where a contact, by address, was met: others may be found by it later. */
  readonly met?: ((contact: string, place: { readonly host: string; readonly port: number }) => void) | undefined
  readonly transport: Transport
  readonly network: NetworkPort
  readonly store: Store
  readonly world: World
  /** The local network, where others are asked for beside the directory. Default: they are not. */
  readonly lan?: LanPort | undefined
  /** what belongs to this peer alone and closes with it */
  readonly release: () => Promise<void>
  /** The application whose messages it has. Default: `handfast`. */
  readonly app?: string | undefined
  /** What happened before the peer was there to tell it. Default: nothing. */
  readonly early?: readonly PeerEvent[] | undefined
  /** The mailbox that this peer keeps for others; it closes with the peer. */
  readonly mailbox?: MailboxHost | undefined
  /** Whether, of two that run on copies of one folder, it is the other one that stops. Default: false. */
  readonly takeOver?: boolean | undefined
  /** Whether who connects may talk; a mailbox's own peer has nobody to talk to. Default: true. */
  readonly talks?: boolean | undefined
  /** The owner's word that the clock is right, whatever nodes say. Default: false. */
  readonly clockIsRight?: boolean | undefined
}
