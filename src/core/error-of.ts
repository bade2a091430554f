import { type CodeOf, ERROR_TABLES, type ErrorClass, type ErrorCode } from './errors/codes.ts'
import {
  AddressError,
  CardError,
  ConnectionError,
  ContactError,
  DirectoryError,
  EncodingError,
  type ErrorDetail,
  FernetError,
  FileError,
  type HandfastError,
  HandshakeError,
  KeyError,
  KeyLogError,
  MailboxError,
  MessageError,
  NetworkError,
  OutputError,
  PeerError,
  SessionError,
  SlotError,
  StoreError,
  StreamError,
  TokenError,
  UsageError,
} from './errors.ts'

/** From a code to the error of its class. */

const CLASSES = {
  FernetError,
  EncodingError,
  KeyError,
  TokenError,
  AddressError,
  KeyLogError,
  CardError,
  HandshakeError,
  SessionError,
  SlotError,
  ConnectionError,
  StreamError,
  PeerError,
  ContactError,
  MessageError,
  FileError,
  DirectoryError,
  NetworkError,
  MailboxError,
  StoreError,
  OutputError,
  UsageError,
} as const satisfies {
  [C in ErrorClass]: new (
    code: CodeOf<C>,
    detail?: ErrorDetail,
  ) => HandfastError
}

const CLASS_OF: ReadonlyMap<ErrorCode, ErrorClass> = new Map(
  (Object.keys(ERROR_TABLES) as ErrorClass[]).flatMap((name) =>
    (Object.keys(ERROR_TABLES[name]) as ErrorCode[]).map((code) => [code, name] as const),
  ),
)

/** The error that a code stands for, of its class: for a code that was stored, or said by another node. */
export const errorOf = (code: ErrorCode, detail?: ErrorDetail): HandfastError => {
  const Class = CLASSES[CLASS_OF.get(code) as ErrorClass] as new (
    code: ErrorCode,
    detail?: ErrorDetail,
  ) => HandfastError
  return new Class(code, detail)
}
