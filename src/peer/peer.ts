import type { Connection } from '../connection/connection.ts'
import type { Contact, Contacts } from '../contacts/contact-api.ts'
import type { Found } from '../contacts/resolver.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Policy } from '../directory/client/policies.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { Files } from '../files/file-api.ts'
import type { Mailboxes } from '../messages/mailbox-poller.ts'
import type { Messages } from '../messages/message-api.ts'

/** What a peer is to the program that opened it. `peer.ts` puts one together. */

/** Aborting it ends the call, which then throws its reason. */
export type Signal = { readonly signal?: AbortSignal | undefined }

/** How an identity is looked up. */
export type LookupOptions = Signal & {
  /** How hard to look: see `Policy`. Default: `fresh`. */
  readonly policy?: Policy | undefined
}

/** How a peer is connected to. */
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
  /** Whom this peer knows: kept in the data folder. */
  readonly contacts: Contacts
  /** Messages that are kept until they have arrived. What waits from an earlier time is delivered from `listen` on. */
  readonly messages: Messages
  /** Files that are sent until they have arrived, in the same way. */
  readonly files: Files
  /** Where messages wait for this peer while it is not there. */
  readonly mailboxes: Mailboxes
  /**
   * Finds an identity and makes it a contact, without connecting to it.
   * @throws those of `lookup`; PeerError ERR_PEER_SELF; ContactError ERR_CONTACT_NAME
   */
  addContact(address: string, options?: LookupOptions & { readonly name?: string | undefined }): Promise<Contact>
  /**
   * Finds an identity in the directory and verifies it to its address. What the answer rests on is its `evidence`, what that comes to its
   * `verdict`.
   * @throws AddressError; DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE; KeyLogError ERR_ROLLBACK
   */
  lookup(address: string, options?: LookupOptions): Promise<Found>
  /**
   * Looks the address up and connects to whoever proves to be it, who is a contact from then on.
   * @throws those of `lookup`; KeyLogError ERR_LOG_FORK while two logs of it contradict each other: see `contacts.verify`; PeerError ERR_PEER_SELF, _NO_CARD, _RETIRED;
   *   ConnectionError ERR_CONNECT, ERR_REMOTE, ERR_TIMEOUT; CardError, HandshakeError, SessionError when the other side is not who it should be
   */
  connect(address: string, options?: ConnectOptions): Promise<Connection>
  /**
   * Publishes log and card, again every 6 h with the logs of all contacts, and takes connections.
   * @throws DirectoryError ERR_PUBLISH_REFUSED; PeerError ERR_PEER_SUPERSEDED when the identity was rotated elsewhere,
   *   ERR_PEER_RETIRED after the retirement was published; ConnectionError ERR_CONNECT
   */
  listen(options?: Signal): Promise<Listener>
  /** Publishes log and card once, so that those this peer connects to find its log current, without taking connections. */
  publish(options?: Signal): Promise<Publication>
  /** Says goodbye on every connection, and lets go of the network and of the folder. Once is enough; again does no harm. */
  close(): Promise<void>
}
