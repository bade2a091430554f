import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import type { MessageErrorCode, PeerErrorCode } from '../core/errors/codes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, codeOf, flag, literal, nullable, record, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { LABEL_STORE_MESSAGE } from '../core/labels.ts'
import { MESSAGE_BODY_MAX, MESSAGE_ID_BYTES, MESSAGE_RANDOM_BYTES } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/** Messages as rows of the database: what a message says is sealed, all else is in the clear (docs/spec/store.md §3). */

export type MessageState =
  /** on this disk only */
  | 'queued'
  /** on its way, or with a mailbox */
  | 'sent'
  /** on the other side's disk */
  | 'delivered'
  /** it was on the other side's disk, in a store that is no more */
  | 'gone'
  /** it will not arrive: `reason` says why */
  | 'failed'
  /** from the other side, and not yet taken by the application */
  | 'arrived'
  | 'taken'

/** Why a message will not arrive. */
export type MessageReason = MessageErrorCode | PeerErrorCode

export type StoredMessage = {
  /** rises with every message of this store, in either direction */
  readonly id: number
  readonly peer: Uint8Array
  /** the application it is of */
  readonly app: string
  readonly out: boolean
  /** its id, 32 bytes, the same on both sides */
  readonly m: Uint8Array
  /** what the id took besides, 16 random bytes */
  readonly r: Uint8Array
  /** when its sender wrote it, by its sender's clock, as far as that can be; milliseconds since 1970 */
  readonly at: number
  /** when it was last queued, or came, by our clock */
  readonly queued: number
  readonly state: MessageState
  readonly reason: MessageReason | null
  /** whether it went to, or came from, a device that its owner took back since: somebody else may have read it, or written it */
  readonly exposed: boolean
  /** what it says, as `messages/body.ts` reads it */
  readonly body: Uint8Array
}

/** A body of the largest size, with Fernet's and CBOR's additions. */
const SEALED_MAX = 2 * MESSAGE_BODY_MAX

const STATES = ['queued', 'sent', 'delivered', 'gone', 'failed', 'arrived', 'taken'] as const

type Columns = Omit<StoredMessage, 'out' | 'exposed' | 'body' | 'r'> & {
  readonly out: number
  readonly exposed: number
  readonly sealed: Uint8Array
}

const readColumns = record<Columns>({
  id: uint(),
  peer: bytes(HASH_BYTES),
  app: programName,
  out: uint(1),
  m: bytes(MESSAGE_ID_BYTES),
  at: uint(),
  queued: uint(),
  state: literal(...STATES),
  reason: nullable(codeOf('MessageError', 'PeerError')),
  exposed: uint(1),
  sealed: bytes(1, SEALED_MAX),
})

/** `at` as its sender said it, which the id took. */
type Sealed = Pick<StoredMessage, 'peer' | 'app' | 'out' | 'm' | 'r' | 'at' | 'body'>

const readSealed = record<Sealed>({
  peer: bytes(HASH_BYTES),
  app: programName,
  out: flag,
  m: bytes(MESSAGE_ID_BYTES),
  r: bytes(MESSAGE_RANDOM_BYTES),
  at: uint(),
  body: bytes(1, MESSAGE_BODY_MAX),
})

const MESSAGE_COLUMNS = 'id, peer, app, out, m, at, queued, state, reason, exposed, sealed'

export type MessageRows = {
  seal(content: Sealed): Uint8Array
  /** @throws StoreError ERR_STORE_CORRUPT */
  read(row: unknown): StoredMessage
}

/** @param storeKey seals what messages say; without the passphrase of the folder nobody reads them */
export const createMessageRows = (storeKey: SecretKey): MessageRows => {
  const check = checkOf(storeKey, LABEL_STORE_MESSAGE)
  return {
    /** Whose message it is stands inside too: a row cannot be moved into another conversation. */
    seal: ({ peer, app, out, m, r, at, body }) =>
      sealBytes(storeKey, LABEL_STORE_MESSAGE, encodeCbor({ peer, app, out, m, r, at, body })),
    read: (row) => {
      const { sealed, out, exposed, ...columns } = readRow('messages', readColumns, row)
      const opened = openBytes(storeKey, LABEL_STORE_MESSAGE, { sealed, check }) ?? new Uint8Array(0)
      const inside = readRow(
        'messages',
        (value, name) => readSealed(decodeCbor(bytes(0, SEALED_MAX)(value, name)), name),
        opened,
      )
      const fits =
        inside.out === (out === 1) &&
        inside.app === columns.app &&
        equal(inside.peer, columns.peer) &&
        equal(inside.m, columns.m)
      if (!fits) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table messages' })
      return { ...columns, out: out === 1, exposed: exposed === 1, r: inside.r, body: inside.body }
    },
  }
}

/** The table of messages, as those that write to it share it. */
export type MessageTable = { readonly database: Database; readonly rows: MessageRows }

export const selectMessages = (
  { database, rows }: MessageTable,
  where: string,
  ...values: readonly (Uint8Array | number | string)[]
) => database.all(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE ${where}`, ...values).map(rows.read)

/** @param said when its sender says that it was written; `at` is as it is shown */
export const insertMessage = (
  { database, rows }: MessageTable,
  message: Omit<StoredMessage, 'id' | 'reason' | 'exposed'>,
  said = message.at,
): StoredMessage => {
  const { peer, app, out, m, at, queued, state } = message
  const row = database.get(
    `INSERT INTO messages (peer, app, out, m, at, queued, placed, state, reason, sealed)
     VALUES (?, ?, ?, ?, ?, ?, NULL, ?, NULL, ?) RETURNING ${MESSAGE_COLUMNS}`,
    ...[peer, app, out ? 1 : 0, m, at, queued, state, rows.seal({ ...message, at: said })],
  )
  return rows.read(row)
}

const readCount = record<{ readonly n: number }>({ n: uint() })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })

/** The number of a row `n`. */
export const countOf = (row: unknown): number => readRow('messages', readCount, row).n
/** The peer of a row. */
export const peerOf = (row: unknown): Uint8Array => readRow('messages', readPeer, row).peer
