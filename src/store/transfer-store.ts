import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import type { FileErrorCode, PeerErrorCode } from '../core/errors/codes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, codeOf, literal, nullable, type Reader, record, text, uint } from '../core/fields.ts'
import { exportSecret, type SecretKey, secretKey } from '../core/kdf.ts'
import { LABEL_STORE_FILE } from '../core/labels.ts'
import { FILE_BYTES_MAX, FILES_REMEMBERED, STRANGERS_FILES_REMEMBERED } from '../core/limits/file-limits.ts'
import type { Database } from './database.ts'
import { FILE_WAS_EXPOSED } from './exposure-store.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/** Transfers of files that outlive their connection and this process (docs/spec/files.md). */

export type StoredState =
  /** ours, and not yet on the other disk */
  | 'queued'
  | 'delivered'
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
  /** when it began, milliseconds since 1970 */
  readonly at: number
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
  /** of an outgoing one: whether it went to a device that its owner took back since, where somebody else may have read it */
  readonly exposed: boolean
  /** what the chunk keys come from; its sender alone keeps it, as long as the file is on its way */
  readonly secret: SecretKey | null
}

export type NewTransfer = Omit<StoredTransfer, 'number' | 'chunks' | 'again' | 'exposed'>

/** All of these throw StoreError as `Database` does; what changes something is meant for a transaction of the caller's. */
export type TransferStore = {
  add(transfer: NewTransfer): StoredTransfer
  get(number: number): StoredTransfer | null
  find(peer: Uint8Array, out: boolean, id: Uint8Array): StoredTransfer | null
  /** Those of that peer that are under way, oldest first: `queued` are ours, `receiving` theirs. */
  open(peer: Uint8Array, state: 'queued' | 'receiving'): readonly StoredTransfer[]
  /** Peers that files are waiting for. */
  waiting(): readonly Uint8Array[]
  isWaiting(peer: Uint8Array): boolean
  /** Everything that is received. */
  receiving(): readonly StoredTransfer[]
  countReceiving(peer: Uint8Array): number
  /** How many are received from those who are no contacts. */
  countStrangers(): number
  keep(number: number, chunks: number): void
  /** Begins an incoming one anew, once. */
  restart(number: number): void
  /** Ends one; null when it was over. @param path where an incoming file is */
  finish(number: number, state: StoredState, reason: TransferReason | null, path?: string): StoredTransfer | null
  /** One of ours that waits, or was delivered, waits with another secret: the other side takes it by its id. */
  renew(number: number, secret: SecretKey): void
  /** Those with a partial file that may still be there, under way or over. */
  parts(): readonly StoredTransfer[]
  /** The partial file is gone. */
  forgetPart(number: number): void
  /** The latest `limit` with a number below `before`, of one peer or, null, of all, oldest first. */
  list(peer: Uint8Array | null, before: number, limit: number): readonly StoredTransfer[]
}

const NAME_MAX = 255
const PATH_MAX = 32_767
const SECRET_BYTES = 32

/** Name and path in UTF-8, with the rest and Fernet's and CBOR's additions. */
const SEALED_MAX = 4 * PATH_MAX

const STATES = ['queued', 'delivered', 'receiving', 'saved', 'refused', 'failed'] as const

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

const COLUMNS = `number, peer, out, id, at, size, changed, chunks, again, part, state, reason, sealed, ${FILE_WAS_EXPOSED} AS exposed`
const OVER = "state NOT IN ('queued', 'receiving')"
const STRANGERS = 'peer NOT IN (SELECT id FROM contacts)'

/** Writes and reads what is sealed of a row. */
const createSealing = (storeKey: SecretKey) => {
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

/** A partial file that is still there has to be removed first: its row says where it is. */
const prune = (database: Database, peer: Uint8Array): void => {
  const latest = (where: string, kept: number): string =>
    `DELETE FROM transfers WHERE part IS NULL AND number IN (SELECT number FROM transfers
     WHERE ${where} AND ${OVER} ORDER BY number DESC LIMIT -1 OFFSET ${kept})`
  database.run(latest('peer = ?', FILES_REMEMBERED), peer)
  database.run(latest(STRANGERS, STRANGERS_FILES_REMEMBERED))
}

const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })
const readCount = record<{ readonly n: number }>({ n: uint() })

/** @param storeKey seals names, paths, hashes and secrets; without the passphrase of the folder nobody reads them */
export const createTransferStore = (database: Database, storeKey: SecretKey): TransferStore => {
  const { seal, read } = createSealing(storeKey)
  const select = (where: string, ...values: readonly (Uint8Array | number | string)[]): readonly StoredTransfer[] =>
    database.all(`SELECT ${COLUMNS} FROM transfers WHERE ${where}`, ...values).map(read)
  const count = (where: string, ...values: readonly Uint8Array[]): number =>
    readRow('transfers', readCount, database.get(`SELECT count(*) AS n FROM transfers WHERE ${where}`, ...values)).n
  const get = (number: number): StoredTransfer | null => select('number = ?', number)[0] ?? null

  return {
    add: (transfer) => {
      const { peer, out, id, at, size, changed, part, state, reason } = transfer
      const row = database.get(
        `INSERT INTO transfers (peer, out, id, at, size, changed, chunks, again, part, state, reason, sealed)
         VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
        ...[peer, out ? 1 : 0, id, at, size, changed, part, state, reason, seal(transfer)],
      )
      prune(database, peer)
      return read(row)
    },
    get,
    find: (peer, out, id) => select('peer = ? AND out = ? AND id = ?', peer, out ? 1 : 0, id)[0] ?? null,
    open: (peer, state) => select('peer = ? AND state = ? ORDER BY number', peer, state),
    waiting: () =>
      database
        .all("SELECT DISTINCT peer FROM transfers WHERE state = 'queued'")
        .map((row) => readRow('transfers', readPeer, row).peer),
    isWaiting: (peer) => count("peer = ? AND state = 'queued'", peer) > 0,
    receiving: () => select("state = 'receiving' ORDER BY number"),
    countReceiving: (peer) => count("peer = ? AND state = 'receiving'", peer),
    countStrangers: () => count(`state = 'receiving' AND ${STRANGERS}`),
    keep: (number, chunks) => database.run('UPDATE transfers SET chunks = ? WHERE number = ?', chunks, number),
    restart: (number) => database.run('UPDATE transfers SET chunks = 0, again = 1 WHERE number = ?', number),
    finish: (number, state, reason, path) => {
      const row = get(number)
      if (row === null || (row.state !== 'queued' && row.state !== 'receiving')) return null
      // With what comes from its secret nobody has anything to do any more, but who recorded its chunks.
      const ended = { ...row, state, reason, path: path ?? row.path, secret: null }
      const write = row.secret === null ? database.run : database.erase
      write(
        'UPDATE transfers SET state = ?, reason = ?, sealed = ? WHERE number = ?',
        ...[state, reason, seal(ended), number],
      )
      prune(database, row.peer)
      return ended
    },
    renew: (number, secret) => {
      const row = get(number)
      if (row === null || (row.state !== 'queued' && row.state !== 'delivered')) return
      database.erase(
        "UPDATE transfers SET state = 'queued', sealed = ? WHERE number = ?",
        seal({ ...row, secret }),
        number,
      )
    },
    parts: () => select('part IS NOT NULL ORDER BY number'),
    forgetPart: (number) => database.run('UPDATE transfers SET part = NULL WHERE number = ?', number),
    list: (peer, before, limit) => {
      const whose = peer === null ? 'number < ?' : 'number < ? AND peer = ?'
      const values = peer === null ? [before] : [before, peer]
      return select(`${whose} ORDER BY number DESC LIMIT ?`, ...values, limit).toReversed()
    },
  }
}
