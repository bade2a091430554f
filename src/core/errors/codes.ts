import { CONNECTION, CONTACT, FILE, HANDSHAKE, MESSAGE, PEER, SESSION, STREAM } from './conversation.ts'
import { ADDRESS, ENCODING, FERNET, KEY, TOKEN } from './formats.ts'
import { CARD, KEY_LOG, SLOT } from './identity.ts'
import { OUTPUT, STORE, USAGE } from './local.ts'
import { DIRECTORY, MAILBOX, NETWORK } from './network.ts'

/** The codes of each class, with what is said about them. */
export const ERROR_TABLES = {
  FernetError: FERNET,
  EncodingError: ENCODING,
  KeyError: KEY,
  TokenError: TOKEN,
  AddressError: ADDRESS,
  KeyLogError: KEY_LOG,
  CardError: CARD,
  SlotError: SLOT,
  HandshakeError: HANDSHAKE,
  SessionError: SESSION,
  ConnectionError: CONNECTION,
  StreamError: STREAM,
  PeerError: PEER,
  ContactError: CONTACT,
  MessageError: MESSAGE,
  FileError: FILE,
  DirectoryError: DIRECTORY,
  NetworkError: NETWORK,
  MailboxError: MAILBOX,
  StoreError: STORE,
  OutputError: OUTPUT,
  UsageError: USAGE,
} as const

/** The name of a class of errors. */
export type ErrorClass = keyof typeof ERROR_TABLES

/** The codes of one class. */
export type CodeOf<C extends ErrorClass> = { [Name in C]: keyof (typeof ERROR_TABLES)[Name] & string }[C]

/** The codes of `FernetError`. */
export type FernetErrorCode = CodeOf<'FernetError'>
/** The codes of `EncodingError`. */
export type EncodingErrorCode = CodeOf<'EncodingError'>
/** The codes of `KeyError`. */
export type KeyErrorCode = CodeOf<'KeyError'>
/** The codes of `TokenError`. */
export type TokenErrorCode = CodeOf<'TokenError'>
/** The codes of `AddressError`. */
export type AddressErrorCode = CodeOf<'AddressError'>
/** The codes of `KeyLogError`. */
export type KeyLogErrorCode = CodeOf<'KeyLogError'>
/** The codes of `CardError`. */
export type CardErrorCode = CodeOf<'CardError'>
/** The codes of `SlotError`. */
export type SlotErrorCode = CodeOf<'SlotError'>
/** The codes of `HandshakeError`. */
export type HandshakeErrorCode = CodeOf<'HandshakeError'>
/** The codes of `SessionError`. */
export type SessionErrorCode = CodeOf<'SessionError'>
/** The codes of `ConnectionError`. */
export type ConnectionErrorCode = CodeOf<'ConnectionError'>
/** The codes of `StreamError`. */
export type StreamErrorCode = CodeOf<'StreamError'>
/** The codes of `PeerError`. */
export type PeerErrorCode = CodeOf<'PeerError'>
/** The codes of `ContactError`. */
export type ContactErrorCode = CodeOf<'ContactError'>
/** The codes of `MessageError`. */
export type MessageErrorCode = CodeOf<'MessageError'>
/** The codes of `FileError`. */
export type FileErrorCode = CodeOf<'FileError'>
/** The codes of `DirectoryError`. */
export type DirectoryErrorCode = CodeOf<'DirectoryError'>
/** The codes of `NetworkError`. */
export type NetworkErrorCode = CodeOf<'NetworkError'>
/** The codes of `MailboxError`. */
export type MailboxErrorCode = CodeOf<'MailboxError'>
/** The codes of `StoreError`. */
export type StoreErrorCode = CodeOf<'StoreError'>
export type OutputErrorCode = CodeOf<'OutputError'>
export type UsageErrorCode = CodeOf<'UsageError'>
/** The codes of all classes. */
export type ErrorCode = CodeOf<ErrorClass>

/** Every code, the command line's among them. */
export const ERROR_CODES: readonly ErrorCode[] = Object.values(ERROR_TABLES).flatMap(
  (table) => Object.keys(table) as ErrorCode[],
)

/** Whether a text from outside is a code of that class. */
export const isCodeOf = <C extends ErrorClass>(name: C, code: string): code is CodeOf<C> =>
  Object.hasOwn(ERROR_TABLES[name], code)
