import { type CodeOf, ERROR_TABLES, type ErrorCode } from './errors/codes.ts'
import type { ErrorText } from './errors/text.ts'

/**
 * Every failure Handfast reports: one class per family, one stable code per cause, each code in one class. Programs branch on `code`; people
 * read the message and the advice. No text ever holds a secret. The codes with their texts stand in `errors/`.
 */

export type { ErrorCode } from './errors/codes.ts'

/** What an error says besides its sentence. */
export type ErrorDetail = {
  /** Which value is meant, or what more is known; never a secret. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Base class of every failure reported by Handfast; `code` is stable, the texts are for people. */
export abstract class HandfastError extends Error {
  override readonly name: string = 'HandfastError'
  readonly code: ErrorCode
  readonly #advice: string

  /** @throws TypeError when the code is none of the class's: the types do not let that happen */
  constructor(table: { readonly [C in ErrorCode]?: ErrorText }, code: ErrorCode, { hint, cause }: ErrorDetail = {}) {
    const text = Object.hasOwn(table, code) ? table[code] : undefined
    if (text === undefined) throw new TypeError('a code of another class')
    const [sentence, advice] = text
    super(hint === undefined ? sentence : `${sentence} (${hint})`, cause === undefined ? undefined : { cause })
    this.code = code
    this.#advice = advice
  }

  /** What to do about it. */
  get advice(): string {
    return this.#advice
  }
}

/** A Fernet token, key or option that is not one, or does not verify. */
export class FernetError extends HandfastError {
  override readonly name = 'FernetError'
  declare readonly code: CodeOf<'FernetError'>
  constructor(code: CodeOf<'FernetError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.FernetError, code, detail)
  }
}

/** Bytes that are not the strict encoding they must be. */
export class EncodingError extends HandfastError {
  override readonly name = 'EncodingError'
  declare readonly code: CodeOf<'EncodingError'>
  constructor(code: CodeOf<'EncodingError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.EncodingError, code, detail)
  }
}

/** A key, a recovery phrase or a signer that is not the right one. */
export class KeyError extends HandfastError {
  override readonly name = 'KeyError'
  declare readonly code: CodeOf<'KeyError'>
  constructor(code: CodeOf<'KeyError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.KeyError, code, detail)
  }
}

/** A PKCS#11 token that cannot be used. */
export class TokenError extends HandfastError {
  override readonly name = 'TokenError'
  declare readonly code: CodeOf<'TokenError'>
  constructor(code: CodeOf<'TokenError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.TokenError, code, detail)
  }
}

/** A text that is no address. */
export class AddressError extends HandfastError {
  override readonly name = 'AddressError'
  declare readonly code: CodeOf<'AddressError'>
  constructor(code: CodeOf<'AddressError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.AddressError, code, detail)
  }
}

/** A key log that a check refused, or that contradicts what was seen before. */
export class KeyLogError extends HandfastError {
  override readonly name = 'KeyLogError'
  declare readonly code: CodeOf<'KeyLogError'>
  constructor(code: CodeOf<'KeyLogError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.KeyLogError, code, detail)
  }
}

/** A card that a check refused. */
export class CardError extends HandfastError {
  override readonly name = 'CardError'
  declare readonly code: CodeOf<'CardError'>
  constructor(code: CodeOf<'CardError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.CardError, code, detail)
  }
}

/** A value of a slot that a check refused. */
export class SlotError extends HandfastError {
  override readonly name = 'SlotError'
  declare readonly code: CodeOf<'SlotError'>
  constructor(code: CodeOf<'SlotError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.SlotError, code, detail)
  }
}

/** A hello that a check refused. */
export class HandshakeError extends HandfastError {
  override readonly name = 'HandshakeError'
  declare readonly code: CodeOf<'HandshakeError'>
  constructor(code: CodeOf<'HandshakeError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.HandshakeError, code, detail)
  }
}

/** A message that the Double Ratchet refused, or a session that cannot be used. */
export class SessionError extends HandfastError {
  override readonly name = 'SessionError'
  declare readonly code: CodeOf<'SessionError'>
  constructor(code: CodeOf<'SessionError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.SessionError, code, detail)
  }
}

/** A connection that could not be made, or broke, or whose other side broke the rules. */
export class ConnectionError extends HandfastError {
  override readonly name = 'ConnectionError'
  declare readonly code: CodeOf<'ConnectionError'>
  constructor(code: CodeOf<'ConnectionError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.ConnectionError, code, detail)
  }
}

/** A byte stream that was refused or ended, or cannot be opened or served. */
export class StreamError extends HandfastError {
  override readonly name = 'StreamError'
  declare readonly code: CodeOf<'StreamError'>
  constructor(code: CodeOf<'StreamError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.StreamError, code, detail)
  }
}

/** An identity that cannot be talked to, or a peer that is closed. */
export class PeerError extends HandfastError {
  override readonly name = 'PeerError'
  declare readonly code: CodeOf<'PeerError'>
  constructor(code: CodeOf<'PeerError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.PeerError, code, detail)
  }
}

/** A contact that is not there, or cannot be named or verified so. */
export class ContactError extends HandfastError {
  override readonly name = 'ContactError'
  declare readonly code: CodeOf<'ContactError'>
  constructor(code: CodeOf<'ContactError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.ContactError, code, detail)
  }
}

/** A message that cannot be sent or was not delivered. */
export class MessageError extends HandfastError {
  override readonly name = 'MessageError'
  declare readonly code: CodeOf<'MessageError'>
  constructor(code: CodeOf<'MessageError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.MessageError, code, detail)
  }
}

/** A file that cannot be read, written, sent or received. */
export class FileError extends HandfastError {
  override readonly name = 'FileError'
  declare readonly code: CodeOf<'FileError'>
  constructor(code: CodeOf<'FileError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.FileError, code, detail)
  }
}

/** A lookup or a publication that failed. */
export class DirectoryError extends HandfastError {
  override readonly name = 'DirectoryError'
  declare readonly code: CodeOf<'DirectoryError'>
  constructor(code: CodeOf<'DirectoryError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.DirectoryError, code, detail)
  }
}

/** A node that cannot start or reach its network. */
export class NetworkError extends HandfastError {
  override readonly name = 'NetworkError'
  declare readonly code: CodeOf<'NetworkError'>
  constructor(code: CodeOf<'NetworkError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.NetworkError, code, detail)
  }
}

/** A mailbox that refused, or a parcel that does not open. */
export class MailboxError extends HandfastError {
  override readonly name = 'MailboxError'
  declare readonly code: CodeOf<'MailboxError'>
  constructor(code: CodeOf<'MailboxError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.MailboxError, code, detail)
  }
}

/** A data folder that cannot be read, opened or written. */
export class StoreError extends HandfastError {
  override readonly name = 'StoreError'
  declare readonly code: CodeOf<'StoreError'>
  constructor(code: CodeOf<'StoreError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.StoreError, code, detail)
  }
}

/** Standard output that takes nothing more, or not all; the library throws none. */
export class OutputError extends HandfastError {
  override readonly name = 'OutputError'
  declare readonly code: CodeOf<'OutputError'>
  constructor(code: CodeOf<'OutputError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.OutputError, code, detail)
  }
}

/** A command that was not understood; the library throws none. */
export class UsageError extends HandfastError {
  override readonly name = 'UsageError'
  declare readonly code: CodeOf<'UsageError'>
  constructor(code: CodeOf<'UsageError'>, detail?: ErrorDetail) {
    super(ERROR_TABLES.UsageError, code, detail)
  }
}
