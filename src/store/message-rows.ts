import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import type { MessageErrorCode, PeerErrorCode } from '../core/errors/codes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, codeOf, flag, literal, nullable, record, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { LABEL_STORE_MESSAGE } from '../core/labels.ts'
import { MESSAGE_BODY_MAX, SEQUENCE_ID_BYTES } from '../core/limits/message-limits.ts'
import { programName } from '../core/names.ts'
import type { Database } from './database.ts'
import { WAS_EXPOSED } from './exposure-store.ts'
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
  /** the sequence it has a number in */
  readonly sequence: Uint8Array
  readonly number: number
  /** when its sender wrote it, by its sender's clock, milliseconds since 1970 */
  readonly at: number
  readonly state: MessageState
  readonly reason: MessageReason | null
  /** of ours: whether it went to a device that its owner took back since, where somebody else may have read it */
  readonly exposed: boolean
  /** what it says, as `messages/body.ts` reads it */
  readonly body: Uint8Array
}

/** A body of the largest size, with Fernet's and CBOR's additions. */
const SEALED_MAX = 2 * MESSAGE_BODY_MAX

const STATES = ['queued', 'sent', 'delivered', 'failed', 'arrived', 'taken'] as const

type Columns = Omit<StoredMessage, 'out' | 'exposed' | 'body'> & {
  readonly out: number
  readonly exposed: number
  readonly sealed: Uint8Array
}
const readColumns = record<Columns>({
  id: uint(),
  peer: bytes(HASH_BYTES),
  app: programName,
  out: uint(1),
  sequence: bytes(SEQUENCE_ID_BYTES),
  number: uint(),
  at: uint(),
  state: literal(...STATES),
  reason: nullable(codeOf('MessageError', 'PeerError')),
  exposed: uint(1),
  sealed: bytes(1, SEALED_MAX),
})

type Sealed = Pick<StoredMessage, 'peer' | 'app' | 'out' | 'body'>

const readSealed = record<Sealed>({
  peer: bytes(HASH_BYTES),
  app: programName,
  out: flag,
  body: bytes(1, MESSAGE_BODY_MAX),
})

export const MESSAGE_COLUMNS = `id, peer, app, out, sequence, number, at, state, reason, sealed, ${WAS_EXPOSED} AS exposed`

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
    seal: ({ peer, app, out, body }) => sealBytes(storeKey, LABEL_STORE_MESSAGE, encodeCbor({ peer, app, out, body })),
    read: (row) => {
      const { sealed, out, exposed, ...columns } = readRow('messages', readColumns, row)
      const opened = openBytes(storeKey, LABEL_STORE_MESSAGE, { sealed, check }) ?? new Uint8Array(0)
      const inside = readRow(
        'messages',
        (value, name) => readSealed(decodeCbor(bytes(0, SEALED_MAX)(value, name)), name),
        opened,
      )
      const moved = inside.out !== (out === 1) || inside.app !== columns.app || !equal(inside.peer, columns.peer)
      if (moved) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table messages' })
      return { ...columns, out: out === 1, exposed: exposed === 1, body: inside.body }
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

export const insertMessage = (
  { database, rows }: MessageTable,
  message: Pick<StoredMessage, 'peer' | 'app' | 'out' | 'sequence' | 'number' | 'at' | 'state' | 'body'>,
): StoredMessage => {
  const { peer, app, out, sequence, number, at, state } = message
  const row = database.get(
    `INSERT INTO messages (peer, app, out, sequence, number, at, state, reason, sealed)
     VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?) RETURNING ${MESSAGE_COLUMNS}`,
    ...[peer, app, out ? 1 : 0, sequence, number, at, state, rows.seal(message)],
  )
  return rows.read(row)
}

const readCount = record<{ readonly n: number }>({ n: uint() })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })

/** The number of a row `n`. */
export const countOf = (row: unknown): number => readRow('messages', readCount, row).n
/** The peer of a row. */
export const peerOf = (row: unknown): Uint8Array => readRow('messages', readPeer, row).peer
