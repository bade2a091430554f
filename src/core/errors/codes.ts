import { CONNECTION, CONTACT, FILE, HANDSHAKE, MESSAGE, PEER, SESSION, STREAM } from './conversation.ts'
import { ADDRESS, ENCODING, FERNET, KEY, TOKEN } from './formats.ts'
import { CARD, KEY_LOG } from './identity.ts'
import { STORE, USAGE } from './local.ts'
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
  UsageError: USAGE,
} as const

export type ErrorClass = keyof typeof ERROR_TABLES

/** The codes of one class. */
export type CodeOf<C extends ErrorClass> = { [Name in C]: keyof (typeof ERROR_TABLES)[Name] & string }[C]

export type FernetErrorCode = CodeOf<'FernetError'>
export type EncodingErrorCode = CodeOf<'EncodingError'>
export type KeyErrorCode = CodeOf<'KeyError'>
export type TokenErrorCode = CodeOf<'TokenError'>
export type AddressErrorCode = CodeOf<'AddressError'>
export type KeyLogErrorCode = CodeOf<'KeyLogError'>
export type CardErrorCode = CodeOf<'CardError'>
export type HandshakeErrorCode = CodeOf<'HandshakeError'>
export type SessionErrorCode = CodeOf<'SessionError'>
export type ConnectionErrorCode = CodeOf<'ConnectionError'>
export type StreamErrorCode = CodeOf<'StreamError'>
export type PeerErrorCode = CodeOf<'PeerError'>
export type ContactErrorCode = CodeOf<'ContactError'>
export type MessageErrorCode = CodeOf<'MessageError'>
export type FileErrorCode = CodeOf<'FileError'>
export type DirectoryErrorCode = CodeOf<'DirectoryError'>
export type NetworkErrorCode = CodeOf<'NetworkError'>
export type MailboxErrorCode = CodeOf<'MailboxError'>
export type StoreErrorCode = CodeOf<'StoreError'>
export type UsageErrorCode = CodeOf<'UsageError'>
export type ErrorCode = CodeOf<ErrorClass>

export const ERROR_CODES: readonly ErrorCode[] = Object.values(ERROR_TABLES).flatMap(
  (table) => Object.keys(table) as ErrorCode[],
)

/** Whether a text from outside is a code of that class. */
export const isCodeOf = <C extends ErrorClass>(name: C, code: string): code is CodeOf<C> =>
  Object.hasOwn(ERROR_TABLES[name], code)
