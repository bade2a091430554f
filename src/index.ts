/** Handfast's public API, whole: what is not listed here may change at any time. */

export { decodeAddress, encodeAddress } from './core/address.ts'
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
  type StoreErrorCode,
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
  errorOf,
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
  StoreError,
  TokenError,
} from './core/errors.ts'
export type { Change } from './core/floor.ts'
export { checkForkProof, encodeForkProof, type ForkProof } from './core/fork-proof.ts'
export { exportPublicKey, type KeyFormat, parsePublicKey } from './core/key-formats.ts'
export type { Device, Entry, KeyLog, LogEntry } from './core/key-log.ts'
export type { P256PrivateKey, Signer } from './core/p256.ts'
export type { RootPlace, RootSigner, TokenKey } from './core/root-key.ts'
export type { Evidence } from './directory/evidence.ts'
export type { Lookup } from './directory/lookup.ts'
export type { Policy } from './directory/policies.ts'
export type { Publication } from './directory/publish.ts'
export type { Verdict } from './directory/verdict.ts'
export { type BackupOptions, type BackupSummary, backup, type RestoreOptions, restore } from './peer/backup.ts'
export type { Connection, Incoming } from './peer/connection.ts'
export type { Contact, Contacts } from './peer/contacts.ts'
export type { ConnectOptions, Listener, LookupOptions, Peer, Signal } from './peer/face.ts'
export type { FileOffer, Files, FileTransfer, SendFileOptions } from './peer/files.ts'
export type { Found } from './peer/finder.ts'
export type { Letter, Letters } from './peer/letters.ts'
export type { Fetched, Mailboxes } from './peer/mail-rounds.ts'
export type { Notice } from './peer/notice.ts'
export { type InitializeOptions, initialize, type OpenOptions, openPeer } from './peer/open.ts'
export {
  adopt,
  type ChangeOptions,
  type RecoveryOptions,
  type RenewalOptions,
  recover,
  renew,
  retire,
  rotate,
} from './peer/recovery.ts'
export type { Remote, Trust } from './peer/remote.ts'
export type { Rotation } from './peer/rotation.ts'
export { generatePkcs11Key, importPkcs11Key, openPkcs11Signer, type Pkcs11Signer } from './store/pkcs11-signer.ts'
export type { TokenOptions } from './store/pkcs11-tool.ts'
