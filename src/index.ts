/** Handfast's public API, whole: what is not listed here may change at any time. */

export type { Connection, Ending } from './connection/connection.ts'
export type { ConnectionEvent } from './connection/connection-events.ts'
export type { Remote, Trust } from './connection/remote.ts'
export type { Blocked, Contact, Contacts } from './contacts/contact-api.ts'
export type { ContactEvent } from './contacts/contact-events.ts'
export type { ContactLimits, ContactVolume, ContactVolumes } from './contacts/contact-volumes.ts'
export type { Found } from './contacts/resolver.ts'
export { decodeAddress, encodeAddress } from './core/address.ts'
export { errorOf } from './core/error-of.ts'
export {
  type AddressErrorCode,
  type CardErrorCode,
  type CodeOf,
  type ConnectionErrorCode,
  type ContactErrorCode,
  type DirectoryErrorCode,
  type EncodingErrorCode,
  ERROR_CODES,
  type ErrorClass,
  type ErrorCode,
  type FernetErrorCode,
  type FileErrorCode,
  type HandshakeErrorCode,
  isCodeOf,
  type KeyErrorCode,
  type KeyLogErrorCode,
  type MailboxErrorCode,
  type MessageErrorCode,
  type NetworkErrorCode,
  type PeerErrorCode,
  type SessionErrorCode,
  type SlotErrorCode,
  type StoreErrorCode,
  type StreamErrorCode,
  type TokenErrorCode,
} from './core/errors/codes.ts'
export {
  AddressError,
  CardError,
  ConnectionError,
  ContactError,
  DirectoryError,
  EncodingError,
  type ErrorDetail,
  FernetError,
  FileError,
  HandfastError,
  HandshakeError,
  KeyError,
  KeyLogError,
  MailboxError,
  MessageError,
  NetworkError,
  PeerError,
  SessionError,
  SlotError,
  StoreError,
  StreamError,
  TokenError,
} from './core/errors.ts'
export type { Change } from './core/floor.ts'
export { checkForkProof, encodeForkProof, type ForkProof } from './core/fork-proof.ts'
export { exportPublicKey, type KeyFormat, parsePublicKey } from './core/key-formats.ts'
export type { KeyLog } from './core/key-log.ts'
export type { Device, Entry, LogEntry } from './core/key-log-entry.ts'
export type { P256PrivateKey, Signer } from './core/p256.ts'
export type { RootPlace, RootSigner, TokenKey } from './core/root-key.ts'
export type { Evidence } from './directory/client/evidence.ts'
export type { ClockReading } from './directory/client/heard-times.ts'
export type { DeviceCard, Lookup } from './directory/client/lookup.ts'
export type { Policy } from './directory/client/policies.ts'
export type { Publication } from './directory/client/publish.ts'
export type { Verdict } from './directory/client/verdict.ts'
export type { AcceptFileOptions, FileOffer, Files, FileTransfer, SendFileOptions } from './files/file-api.ts'
export type { FileEvent } from './files/file-events.ts'
export { type BackupOptions, type BackupSummary, backup, type RestoreOptions, restore } from './identity/backup.ts'
export { type InitializeOptions, initialize } from './identity/initialize.ts'
export {
  adopt,
  type ChangeOptions,
  type RecoveryOptions,
  type RenewalOptions,
  recover,
  renew,
  retire,
  rotate,
} from './identity/replace-keys.ts'
export type { Rotation } from './identity/rotation.ts'
export type { Body } from './messages/body.ts'
export type { Fetched, Mailboxes } from './messages/mailbox-poller.ts'
export type { Message } from './messages/message.ts'
export type { Messages } from './messages/message-api.ts'
export type { MessageEvent } from './messages/message-events.ts'
export type { MessageFilter } from './messages/readers.ts'
export type { NetworkState } from './network/network-state.ts'
export type { PeerNetwork } from './peer/network-state.ts'
export { type OpenOptions, openPeer } from './peer/open.ts'
export type { LookupOptions, Peer, Signal, StreamOptions } from './peer/peer.ts'
export type { PeerEvent } from './peer/peer-events.ts'
export type { Request, RequestEvent } from './peer/request.ts'
export type { AcceptOptions, Requests } from './peer/requests.ts'
export { goOnWithoutDatabase, type WentOn } from './store/lost-database.ts'
export { generatePkcs11Key, importPkcs11Key, openPkcs11Signer, type Pkcs11Signer } from './store/pkcs11-signer.ts'
export type { TokenOptions } from './store/pkcs11-tool.ts'
export type { ByteStream } from './streams/byte-stream.ts'
