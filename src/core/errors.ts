/**
 * Every failure Handfast reports: one class per family, one stable code per cause, one sentence per code.
 * Programs branch on `code`; people read the sentence and the hint. No sentence ever holds a secret.
 */

const SENTENCES = {
  // Fernet tokens and keys
  ERR_FERNET_KEY: 'a Fernet key is 32 bytes, or their 44-character base64url text',
  ERR_FERNET_OPTION: 'a Fernet option is outside its range',
  ERR_FERNET_BASE64: 'the token is not canonical base64url text',
  ERR_FERNET_VERSION: 'the token does not start with Fernet version 0x80',
  ERR_FERNET_LENGTH: 'the token has an impossible length',
  ERR_FERNET_MAC: 'the token does not verify under this key',
  ERR_FERNET_PADDING: 'the token decrypts to invalid padding',
  ERR_FERNET_EXPIRED: 'the token is older than its time to live',
  ERR_FERNET_FUTURE: 'the token was made more than 60 s in the future',

  // Encodings
  ERR_CBOR: 'the bytes are not deterministic CBOR',
  ERR_FIELD: 'a decoded value does not have the shape it must have',
  ERR_COSE: 'the bytes are not a COSE_Sign1 envelope of this protocol',
  ERR_COSE_SIZE: 'the envelope is larger than an item may be',
  ERR_PADDING: 'the plaintext is not padded as it must be',

  // Keys
  ERR_P256_POINT: 'the bytes are not a compressed point on P-256',
  ERR_P256_SCALAR: 'the bytes are not a P-256 private key',
  ERR_KEM_KEY: 'the bytes are not an ML-KEM-768 key',
  ERR_KEM_CIPHERTEXT: 'the bytes are not an ML-KEM-768 ciphertext',
  ERR_PHRASE: 'the recovery phrase is not 24 words of the list with a matching checksum',
  ERR_PHRASE_OTHER: 'the recovery phrase belongs to another identity',
  ERR_KEY_FORMAT: 'the text is not a public P-256 key as JWK, SPKI PEM or did:key',
  ERR_KEY_OTHER: 'the key is none of the present keys of this identity',
  ERR_SIGNER: 'the signer did not give a signature of this key',
  ERR_ROOT_ELSEWHERE: 'the root key is not in the data folder: what holds it has to sign',
  ERR_ROOT_OTHER: 'the key that would sign is not the root key of this identity',

  // PKCS#11 token
  ERR_TOKEN_NAME: 'a key on a token is named by the path of a PKCS#11 module, a token label, and a key id in hex',
  ERR_TOKEN_TOOL: 'pkcs11-tool is missing or does not run',
  ERR_TOKEN_MISSING: 'the PKCS#11 module does not load, or shows no such token',
  ERR_TOKEN_PIN: 'the token did not accept the PIN, or none was given',
  ERR_TOKEN_KEY: 'the token shows no P-256 key of that id',
  ERR_TOKEN_KEY_EXISTS: 'the token holds a key of that id already',
  ERR_TOKEN_FAILED: 'the token failed, or did not answer in time',

  // Addresses
  ERR_ADDRESS_FORMAT: 'an address is hf1 followed by 58 lower-case letters and digits',
  ERR_ADDRESS_PREFIX: 'the address is not a Handfast address: it must start with hf1',
  ERR_ADDRESS_LENGTH: 'the address is too short or too long',
  ERR_ADDRESS_CHECKSUM: 'the address has a typo: its checksum does not match',

  // Key log, in the order of the checks
  ERR_LOG_SIZE: 'the log entry is larger than 900 bytes',
  ERR_LOG_DECODE: 'the log entry does not decode',
  ERR_LOG_EMPTY: 'the log has no entries',
  ERR_LOG_TOO_LONG: 'the log has more entries than this version follows',
  ERR_LOG_ADDRESS: 'the log does not belong to this address',
  ERR_LOG_SEQ: 'the log entry does not follow the entry before: wrong sequence number',
  ERR_LOG_PREV: 'the log entry does not follow the entry before: wrong hash',
  ERR_LOG_RETIRED: 'the identity is retired: nothing follows the last entry',
  ERR_LOG_SIGNATURE: 'the log entry is not signed by its root key',
  ERR_LOG_ROOT: 'the new root key and its commitment are not the ones committed to',
  ERR_LOG_NEXT: 'an update keeps the commitment to the next root keys',
  ERR_LOG_TIME_BACK: 'the log entry is older than the entry before',
  ERR_LOG_TIME_AHEAD: 'the log entry is more than an hour ahead of this clock',
  ERR_PROOF: 'this is no proof of a fork',
  ERR_LOG_FORK: 'two valid logs of the same identity contradict each other',

  // Card
  ERR_CARD_SIZE: 'the card is larger than 900 bytes',
  ERR_CARD_DECODE: 'the card does not decode',
  ERR_CARD_ID: 'the card belongs to another identity',
  ERR_CARD_HEAD: 'the card does not name the last entry of the log',
  ERR_CARD_RETIRED: 'a retired identity has no card',
  ERR_CARD_DEVICE: 'the card names a device the log does not have',
  ERR_CARD_SIGNATURE: 'the card is not signed by its device',
  ERR_CARD_WINDOW: 'the card is valid for a longer or emptier time than allowed',
  ERR_CARD_AHEAD: 'the card begins more than an hour ahead of this clock',
  ERR_CARD_EXPIRED: 'the card has expired',
  ERR_CARD_CHANNEL: 'the live card was made for another connection',
  ERR_CARD_KEM: 'the ML-KEM key is not the one the card commits to',
  ERR_CARD_SERIAL: 'a newer card of this device is known',

  // What was seen before
  ERR_ROLLBACK: 'an older truth than the one already seen was served',

  // Handshake
  ERR_HELLO_DECODE: 'the hello does not decode',
  ERR_HELLO_VERSION: 'the hello has a version this peer does not speak',
  ERR_HELLO_CARD: 'the hello was made for another card',
  ERR_HELLO_REPLAY: 'the hello was received before',
  ERR_HELLO_SEALED: 'the hello does not open: its sender used other keys',
  ERR_HELLO_DEVICE: 'the hello names a device its log does not have',
  ERR_HELLO_SIZE: 'the first message is too long to travel in a hello',

  // Session
  ERR_SESSION_HEADER: 'the message header does not decode',
  ERR_SESSION_OTHER: 'the message belongs to another session',
  ERR_SESSION_DUPLICATE: 'the message was already received, or is too old',
  ERR_SESSION_SKIP: 'too many messages are missing before this one',
  ERR_SESSION_TOKEN: 'the message does not verify',
  ERR_SESSION_NOT_READY: 'the session cannot send before it has received',
  ERR_SESSION_CORRUPT: 'a stored session is damaged',
  ERR_SESSION_VERSION: 'a stored session was written by another version',

  // Directory
  ERR_REQUEST_DECODE: 'the directory request or answer does not decode',
  ERR_PUT_GAP: 'the entry before is missing: put it first',
  ERR_PUT_FULL: 'the storage node has no room for this record',
  ERR_PUT_RATE: 'the storage node has had too much work from this network: try again later',
  ERR_PUT_CARD_FIRST: 'a key half is kept only for a card that commits to it',
  ERR_PUT_KEY_HALF: 'the key half is not the one the card commits to',
  ERR_LOOKUP_NOT_FOUND: 'no node that was asked holds this identity',
  ERR_LOOKUP_INCOMPLETE: 'too few nodes answered to say whether the identity exists',
  ERR_READ_BACK: 'what was stored could not be read back',
  ERR_PUBLISH_REFUSED: 'no storage node accepted the record',

  // Network
  ERR_BOOTSTRAP_MISSING: 'a bootstrap list is needed: host:port of at least one node of your network',
  ERR_BOOTSTRAP_FORMAT: 'a bootstrap node is written as host:port with an IPv4 address or host name',
  ERR_NETWORK_HOST: 'the host is not an IPv4 address of this machine',
  ERR_NETWORK_UNREACHABLE: 'no node of the bootstrap list answered',
  ERR_PORT_IN_USE: 'the port is in use by another process',
  ERR_PORT_DENIED: 'the port is outside 0 to 65535, or this user may not open it',
  ERR_STORAGE_ADDRESS: 'other nodes do not see this one at a steady address: a storage node must be reachable',
  ERR_LOOPBACK_ONLY: 'this node may only send to 127.0.0.0/8',
  ERR_CONNECT: 'the peer could not be reached',
  ERR_CONNECTION_LOST: 'the connection ended without a goodbye',
  ERR_CONNECTION_CLOSED: 'the connection is closed',
  ERR_FRAME_SIZE: 'a frame is larger than 64 KiB',
  ERR_FRAME_WINDOW: 'the other side sent more than there was room for',
  ERR_FRAME: 'a frame does not decode or arrives out of turn',
  ERR_FRAME_VERSION: 'the other side speaks another version of the protocol',
  ERR_TIMEOUT: 'the other side did not answer in time',

  // Peer
  ERR_PEER_NO_CARD: 'the identity exists, but nothing says where it can be reached',
  ERR_PEER_RETIRED: 'the identity is retired',
  ERR_PEER_NOT_HERE: 'the other side is not the identity that was asked for',
  ERR_PEER_SELF: 'this is your own address',
  ERR_PEER_SUPERSEDED: 'the directory knows a later log of this identity than this machine has',
  ERR_PEER_CLOSED: 'the peer is closed',
  ERR_REMOTE: 'the other side refused and said why',
  ERR_MESSAGE_SIZE: 'a message is larger than 32 KiB: send it as a file',
  ERR_FILE_NAME: 'the file name cannot be used',
  ERR_FILE_REFUSED: 'the other side did not take the file',
  ERR_FILE_CORRUPT: 'the file that arrived is not the file that was sent',
  ERR_FILE_READ: 'the file cannot be read',
  ERR_FILE_WRITE: 'the file cannot be written',
  ERR_FILE_FULL: 'there is no room for the file on the disk it should go to',
  ERR_FILE_CHANGED: 'the file has changed since it was to be sent',
  ERR_FILE_WITHDRAWN: 'the sender took the file back',
  ERR_FILE_LIMIT: 'too many files of one peer are under way',
  ERR_FILE_EXPIRED: 'the file could not be delivered in 30 days',
  ERR_FILE_UNKNOWN: 'no file of this number is under way',

  ERR_CONTACT: 'no contact of this name or address',
  ERR_CONTACT_NAME: 'the name cannot be used for a contact',
  ERR_VERIFY: 'none of the logs known of this identity has that entry',
  ERR_KEYS_REPLACED: 'the owner has replaced the keys of this connection',

  ERR_MESSAGE_GAP: 'a message is missing before this one',
  ERR_MESSAGE_EXPIRED: 'the message could not be delivered in 30 days',

  // Mailboxes
  ERR_PARCEL: 'the parcel does not open with these keys',
  ERR_BUNDLE: 'what came in a parcel is no bundle of messages of this protocol',
  ERR_MAILBOX_NONE: 'the other side keeps no mailbox',
  ERR_MAILBOX_ONLY: 'the other side is a mailbox, and nobody to talk to',
  ERR_MAILBOX_COUNT: 'a card names at most three mailboxes',
  ERR_MAILBOX_UNNAMED: 'this is none of your mailboxes',
  ERR_MAILBOX_REQUEST: 'what was said to or by a mailbox does not decode, or is out of turn',
  ERR_MAILBOX_SIZE: 'the parcel has none of the sizes that mailboxes take',
  ERR_MAILBOX_RECIPIENT: 'the recipient does not name this mailbox in its card',
  ERR_MAILBOX_FULL: 'the mailbox has no more room for this recipient, or for anybody',
  ERR_MAILBOX_SOURCE: 'the mailbox keeps too much from this network already',
  ERR_MAILBOX_BUSY: 'the mailbox has too many guests at the moment',
  ERR_MAILBOX_PROOF: 'nothing proves to the mailbox that its guest is the recipient',

  // Store
  ERR_STORE_MISSING: 'no identity in this folder',
  ERR_STORE_EXISTS: 'this folder already holds an identity',
  ERR_STORE_CORRUPT: 'a stored file is damaged or truncated',
  ERR_STORE_VERSION: 'a stored file was written by another version',
  ERR_STORE_PASSPHRASE: 'the passphrase is wrong, or the file was changed',
  ERR_STORE_LOCKED: 'the data folder is sealed: its passphrase is needed',
  ERR_STORE_KEY_FILE: 'the key file beside the identity is missing or damaged',
  ERR_STORE_IN_USE: 'another program is using this data folder',
  ERR_STORE_PERMISSION: 'the data folder cannot be read or written',
  ERR_STORE_FULL: 'the disk is full',
  ERR_STORE_IO: 'the data folder failed',
  ERR_BACKUP_SIZE: 'the data folder holds more than a backup can',

  // Command line
  ERR_USAGE: 'the command was not understood',
} as const

export type ErrorCode = keyof typeof SENTENCES

export const ERROR_CODES = Object.keys(SENTENCES) as readonly ErrorCode[]

export type ErrorDetail = {
  /** What the reader can do about it, or which value is meant; never a secret. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Base class of every failure reported by Handfast; `code` is stable, the message is for people. */
export class HandfastError extends Error {
  override readonly name: string = 'HandfastError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, { hint, cause }: ErrorDetail = {}) {
    super(
      hint === undefined ? SENTENCES[code] : `${SENTENCES[code]} (${hint})`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
  }
}

export class FernetError extends HandfastError {
  override readonly name = 'FernetError'
}

export class EncodingError extends HandfastError {
  override readonly name = 'EncodingError'
}

export class KeyError extends HandfastError {
  override readonly name = 'KeyError'
}

export class TokenError extends HandfastError {
  override readonly name = 'TokenError'
}

export class AddressError extends HandfastError {
  override readonly name = 'AddressError'
}

export class KeyLogError extends HandfastError {
  override readonly name = 'KeyLogError'
}

export class CardError extends HandfastError {
  override readonly name = 'CardError'
}

export class HandshakeError extends HandfastError {
  override readonly name = 'HandshakeError'
}

export class SessionError extends HandfastError {
  override readonly name = 'SessionError'
}

export class DirectoryError extends HandfastError {
  override readonly name = 'DirectoryError'
}

export class NetworkError extends HandfastError {
  override readonly name = 'NetworkError'
}

export class PeerError extends HandfastError {
  override readonly name = 'PeerError'
}

export class MailboxError extends HandfastError {
  override readonly name = 'MailboxError'
}

export class StoreError extends HandfastError {
  override readonly name = 'StoreError'
}

export class UsageError extends HandfastError {
  override readonly name = 'UsageError'
}
