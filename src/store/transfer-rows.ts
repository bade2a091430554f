import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import type { FileErrorCode, PeerErrorCode } from '../core/errors/codes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, codeOf, literal, nullable, type Reader, record, text, uint } from '../core/fields.ts'
import { exportSecret, type SecretKey, secretKey } from '../core/kdf.ts'
import { LABEL_STORE_FILE } from '../core/labels.ts'
import { FILE_BYTES_MAX } from '../core/limits/file-limits.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/** Transfers of files as rows of the database: names, paths, hashes and secrets are sealed, all else is in the clear (docs/spec/store.md §3). */

export type StoredState =
  /** ours, and not yet on the other disk */
  | 'queued'
  | 'delivered'
  /** ours: it was on the other side's disk, in a folder that is no more */
  | 'gone'
  /** theirs: accepted, and not whole yet */
  | 'receiving'
  | 'saved'
  | 'refused'
  /** it will not arrive: `reason` says why */
  | 'failed'

/** Why a file was not delivered: what happened to it, or to whom it was for. */
export type TransferReason = FileErrorCode | PeerErrorCode

export type StoredTransfer = {
  /** rises with every transfer of this store, in either direction */
  readonly number: number
  readonly peer: Uint8Array
  readonly out: boolean
  /** 16 bytes, chosen by the sender */
  readonly id: Uint8Array
  /** when it began; and when it was last to be sent, or something of an incoming one last came, milliseconds since 1970 */
  readonly at: number
  readonly queued: number
  readonly size: number
  /** when the file that is sent was last written to, microseconds since 1970; 0 of an incoming one */
  readonly changed: number
  /** of an incoming one: how many are certainly on disk */
  readonly chunks: number
  /** whether it was begun anew because the partial file was not what had been received */
  readonly again: boolean
  /** name of the partial file in the folder `path`; null when there is none */
  readonly part: string | null
  readonly state: StoredState
  readonly reason: TransferReason | null
  readonly name: string
  /** the file that is sent; the folder that is received into, and once `saved` the file */
  readonly path: string
  /** SHA-256 of the whole file */
  readonly hash: Uint8Array
  /** whether it went to, or was offered from, a device that its owner took back since, where somebody else may have read it, or made it */
  readonly exposed: boolean
  /** what the chunk keys come from; its sender alone keeps it, as long as the file is on its way */
  readonly secret: SecretKey | null
}

const NAME_MAX = 255
const PATH_MAX = 32_767
const SECRET_BYTES = 32

/** Name and path in UTF-8, with the rest and Fernet's and CBOR's additions. */
const SEALED_MAX = 4 * PATH_MAX

const STATES = ['queued', 'delivered', 'gone', 'receiving', 'saved', 'refused', 'failed'] as const

type Sealed = Pick<StoredTransfer, 'peer' | 'out' | 'id' | 'name' | 'path' | 'hash'> & {
  readonly secret: Uint8Array | null
}
type Sealable = Omit<Sealed, 'secret'> & Pick<StoredTransfer, 'secret'>

const readSealed = record<Sealed>({
  peer: bytes(HASH_BYTES),
  out: (value) => value === true,
  id: bytes(TRANSFER_ID_BYTES),
  name: text(NAME_MAX),
  path: text(PATH_MAX),
  hash: bytes(HASH_BYTES),
  secret: nullable(bytes(SECRET_BYTES)),
})

type Columns = Omit<StoredTransfer, keyof Sealed | 'again' | 'exposed'> &
  Pick<StoredTransfer, 'peer' | 'id'> & { readonly [N in 'out' | 'again' | 'exposed']: number } & {
    readonly sealed: Uint8Array
  }

const readPart: Reader<string> = (value, name) => {
  const part = text(40)(value, name)
  // It is joined to a path: nothing else may stand there.
  if (!/^\.[0-9a-f]{16}\.part$/.test(part)) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table transfers' })
  return part
}
const readColumns = record<Columns>({
  number: uint(),
  peer: bytes(HASH_BYTES),
  out: uint(1),
  id: bytes(TRANSFER_ID_BYTES),
  at: uint(),
  queued: uint(),
  size: uint(FILE_BYTES_MAX),
  changed: uint(),
  chunks: uint(2 ** 32),
  again: uint(1),
  part: nullable(readPart),
  state: literal(...STATES),
  reason: nullable(codeOf('FileError', 'PeerError')),
  exposed: uint(1),
  sealed: bytes(1, SEALED_MAX),
})

export const TRANSFER_COLUMNS =
  'number, peer, out, id, at, queued, size, changed, chunks, again, part, state, reason, exposed, sealed'

/** Writes and reads what is sealed of a row. */
export const createTransferRows = (storeKey: SecretKey) => {
  const check = checkOf(storeKey, LABEL_STORE_FILE)
  return {
    /** Whose transfer it is stands inside too: a row cannot be moved to another one. */
    seal: ({ peer, out, id, name, path, hash, secret }: Sealable): Uint8Array => {
      const bare = secret === null ? null : exportSecret(secret)
      const plaintext = encodeSecretCbor({ peer, out, id, name, path, hash, secret: bare })
      bare?.fill(0)
      const sealed = sealBytes(storeKey, LABEL_STORE_FILE, plaintext)
      plaintext.fill(0)
      return sealed
    },
    read: (row: unknown): StoredTransfer => {
      const { sealed, out, again, exposed, ...columns } = readRow('transfers', readColumns, row)
      const opened = openBytes(storeKey, LABEL_STORE_FILE, { sealed, check }) ?? new Uint8Array(0)
      const inside = readRow('transfers', (value, name) => readSealed(decodeCbor(value as Uint8Array), name), opened)
      opened.fill(0)
      const fits = inside.out === (out === 1) && equal(inside.peer, columns.peer) && equal(inside.id, columns.id)
      if (!fits) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table transfers' })
      const secret = inside.secret === null ? null : secretKey(inside.secret)
      return { ...columns, ...inside, out: out === 1, again: again === 1, exposed: exposed === 1, secret }
    },
  }
}
