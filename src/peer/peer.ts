import type { Connection } from '../connection/connection.ts'
import type { Contact, Contacts } from '../contacts/contact-api.ts'
import type { Found } from '../contacts/resolver.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { ClockReading } from '../directory/client/heard-times.ts'
import type { Policy } from '../directory/client/policies.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { Files } from '../files/file-api.ts'
import type { Mailboxes } from '../messages/mailbox-poller.ts'
import type { Messages } from '../messages/message-api.ts'
import type { NetworkState } from '../network/network-state.ts'
import type { ByteStream } from '../streams/byte-stream.ts'
import type { PeerNetwork } from './network-state.ts'
import type { PeerEvent } from './peer-events.ts'
import type { Requests } from './requests.ts'

export type { NetworkState }

/** What a peer is to the program that opened it. `create-peer.ts` puts one together. */

/** Ends what it is given to. */
export type Signal = { readonly signal?: AbortSignal | undefined }

/** How a lookup is made. */
export type LookupOptions = Signal & {
  /** How hard to look: see `Policy`. Default: `fresh`. */
  readonly policy?: Policy | undefined
}

/** For which application a stream is, and until when it is waited for. */
export type StreamOptions = Signal & {
  /** The application that the protocol is of. Default: the peer's. */
  readonly app?: string | undefined
}

/**
 * Your side: one identity on one network. Whoever a method names as `who` is named in one way everywhere: by the name of a contact, by an
 * address `hf1…`, or by a link `handfast:hf1…`. A `who` that is none of these is an AddressError, or ContactError ERR_CONTACT.
 */
export type Peer = AsyncDisposable & {
  /** the address to hand out: hf1… */
  readonly address: string
  /** the application whose messages this peer has */
  readonly app: string
  /** This peer's own key log: what others know of its keys. */
  readonly identity: { readonly log: KeyLog }
  /** Whom this peer knows: kept in the data folder. */
  readonly contacts: Contacts
  /** Messages that are kept until they have arrived. What waits from an earlier time is delivered from `listen` on. */
  readonly messages: Messages
  /** Files that are sent until they have arrived, in the same way. */
  readonly files: Files
  /** Where messages wait for this peer while it is not there. */
  readonly mailboxes: Mailboxes
  /** Strangers that ask to be let in, which a person decides. */
  readonly requests: Requests
  /** How this peer is in the network at the moment. */
  readonly network: PeerNetwork
  /** What nodes said last of the time, against this computer's clock: it is only compared, and never set. */
  readonly clock: ClockReading
  /**
   * Everything there is to tell, from now on: connections, deliveries, files, trust, the network. It begins with the messages of this
   * application that were not taken yet; the first loop also tells what happened before it, the latest 1,000 events and the requests that
   * wait. A stranger is one `request`; what it says and offers comes when it is let in (`requests`). Ends when the signal aborts, or the peer
   * closes. A loop may take its time: a message is read from disk when the loop comes to it, and none is left out; of other events at most
   * 10,000 wait, and `missed` tells how many did not.
   * @throws StoreError when a message cannot be read
   */
  events(options?: Signal): AsyncIterable<PeerEvent>
  /**
   * Opens an encrypted byte stream to whoever serves that protocol at `who`, on the connection there is, or a new one; resolves when the
   * other side has accepted.
   * @param protocol 1 to 64 of a-z, 0-9, dot, underscore, hyphen and slash: `chess/1`
   * @throws those of `connect`; StreamError ERR_STREAM_PROTOCOL when nobody serves it there, ERR_STREAM_LIMIT, ERR_STREAM_NAME, ERR_STREAM_RESET
   */
  dial(who: string, protocol: string, options?: StreamOptions): Promise<ByteStream>
  /**
   * The byte streams that others open for a protocol, as they come. Ends when the signal aborts, or the peer closes.
   * @throws StreamError ERR_STREAM_SERVED when it is served already, ERR_STREAM_NAME
   */
  serve(protocol: string, options?: StreamOptions): AsyncIterable<ByteStream>
  /**
   * Finds an identity and makes it a contact, without connecting to it.
   * @throws those of `lookup`; PeerError ERR_PEER_SELF; ContactError ERR_CONTACT_NAME
   */
  addContact(who: string, options?: LookupOptions & { readonly name?: string | undefined }): Promise<Contact>
  /**
   * Finds an identity in the directory and verifies it to its address. What the answer rests on is its `evidence`, what that comes to its
   * `verdict`.
   * @throws AddressError; ContactError ERR_CONTACT; DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE; KeyLogError ERR_ROLLBACK
   */
  lookup(who: string, options?: LookupOptions): Promise<Found>
  /**
   * Looks `who` up and connects to whoever proves to be it, who is a contact from then on. Nothing needs it: messages, files and streams
   * connect by themselves. It tells at once who is there, and holds a connection open until it is closed.
   * @throws those of `lookup`; KeyLogError ERR_LOG_FORK while two logs of it contradict each other: see `contacts.verify`; PeerError
   *   ERR_PEER_SELF, _BLOCKED, _NO_CARD, _RETIRED; DirectoryError ERR_CLOCK when no card has begun yet by this clock; ConnectionError ERR_CONNECT, ERR_REMOTE, ERR_TIMEOUT; CardError, HandshakeError, SessionError when
   *   the other side is not who it should be
   */
  connect(who: string, options?: Signal): Promise<Connection>
  /**
   * Comes online, which `openPeer` does unless it was told not to. Of a peer that waits for a network it resolves once others answer. It publishes log and card, again every 6 h with the logs of all contacts,
   * takes connections, and delivers what waits.
   * @throws DirectoryError ERR_PUBLISH_REFUSED, ERR_CLOCK when most of three networks or more say another time, or nodes refuse because of it;
   *   PeerError ERR_PEER_SUPERSEDED when the identity was rotated elsewhere,
   *   ERR_PEER_RETIRED after the retirement was published; ConnectionError ERR_CONNECT
   */
  listen(options?: Signal): Promise<Publication>
  /** Publishes log and card once, so that those this peer connects to find its log current, without taking connections. */
  publish(options?: Signal): Promise<Publication>
  /** Says goodbye to everybody, ends every loop, and closes everything; what is on disk stays. */
  close(): Promise<void>
}
