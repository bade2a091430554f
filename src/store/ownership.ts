import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { equal } from '../core/bytes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, record } from '../core/fields.ts'
import { hkdf, hmac, type SecretKey, secretKey } from '../core/kdf.ts'
import { LABEL_STORE_OWNER } from '../core/labels.ts'
import { type Access, type Database, HANDFAST, openDatabase } from './database.ts'
import { asStoreError, systemCode } from './failures.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * Whose database `handfast.db` is (docs/spec/store.md §3). It is made before the identity is, and says so itself: so an identity whose
 * database is not there, is empty, or is another's has lost it, and must not go on as if it had never seen anybody.
 */

/** An identity, and what seals the rest of its folder. */
export type Owner = {
  /** identity hash, 32 bytes */
  readonly id: Uint8Array
  /** undefined for who only reads what is in the clear: then a database counts that names the identity */
  readonly storeKey?: SecretKey | undefined
}

export type ClaimingOwner = { readonly id: Uint8Array; readonly storeKey: SecretKey }

type Row = { readonly identity: Uint8Array; readonly proof: Uint8Array }

const KEY_BYTES = 32
const readOwner = record<Row>({ identity: bytes(HASH_BYTES), proof: bytes(HASH_BYTES) })

const ownerOf = (database: Database): Row | null => {
  const row = database.get('SELECT identity, proof FROM owner')
  return row === undefined ? null : readRow('owner', readOwner, row)
}

/** What only the vault with that store key can say: a database is bound to it as to the identity. */
const proofOf = (id: Uint8Array, storeKey: SecretKey): Uint8Array =>
  hmac(secretKey(hkdf(new Uint8Array(0), storeKey, LABEL_STORE_OWNER, KEY_BYTES)), id)

const isOf = (row: Row, { id, storeKey }: Owner): boolean =>
  equal(row.identity, id) && (storeKey === undefined || equal(row.proof, proofOf(id, storeKey)))

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'owner'"

/** Whether anything was ever remembered in it: an identity that was killed before it was whole remembered nothing. */
const isUsed = (database: Database): boolean =>
  database
    .all(TABLES)
    .some((row) => database.get(`SELECT 1 FROM "${String((row as { name: unknown }).name)}" LIMIT 1`) !== undefined)

const lost = (path: string, what: string): StoreError => new StoreError('ERR_STORE_LOST', { hint: `${path} ${what}` })

/**
 * Gives a database to an identity that is about to be made in its folder.
 * @param last called when nobody else can do the same: what it throws leaves all as it was
 * @throws StoreError ERR_STORE_FOREIGN when it remembers what another one saw; ERR_STORE_*
 */
export const claimDatabase = (database: Database, { id, storeKey }: ClaimingOwner, last: () => void = () => {}): void =>
  database.transaction(() => {
    last()
    const row = ownerOf(database)
    if (row !== null && isOf(row, { id, storeKey })) return
    if (row !== null && isUsed(database)) throw new StoreError('ERR_STORE_FOREIGN', { hint: HANDFAST.name })
    const proof = proofOf(id, storeKey)
    database.run('INSERT OR REPLACE INTO owner (one, identity, proof) VALUES (1, ?, ?)', id, proof)
  })

/** Whether a file is there, and has anything in it. @throws StoreError ERR_STORE_PERMISSION, _IO */
export const isThere = (path: string): boolean => {
  try {
    return lstatSync(path).size > 0
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false
    throw asStoreError(cause, path)
  }
}

/**
 * Opens the database of an identity that is in the folder.
 * @throws StoreError ERR_STORE_LOST when it is missing, empty, or another's: nothing is changed then; as `openDatabase`
 */
export const openOwnDatabase = (folder: string, owner: Owner, access?: Access): Database => {
  const path = join(folder, HANDFAST.name)
  if (!isThere(path)) throw lost(path, existsSync(path) ? 'is empty' : 'is missing')
  const database = openDatabase(folder, HANDFAST, access)
  try {
    const row = ownerOf(database)
    if (row === null) throw lost(path, 'was never used by this identity')
    if (!isOf(row, owner)) throw lost(path, 'is that of another identity or folder')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
