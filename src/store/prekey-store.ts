import { hex } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, record, uint } from '../core/fields.ts'
import type { SecretKey } from '../core/kdf.ts'
import { exportKem, generateKem, KEM_SEED_BYTES, type KemPrivateKey } from '../core/kem.ts'
import { LABEL_STORE_PREKEYS } from '../core/labels.ts'
import { ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { PREKEYS_MAX, SPENT_MAX } from '../core/limits/store-limits.ts'
import { exportPrivateKey, importPrivateKey, type P256PrivateKey, SCALAR_BYTES } from '../core/p256.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'
import { checkOf, openBytes, sealBytes } from './sealing.ts'

/** The private halves of the prekeys in published cards, so that who reads a card can begin a session with one who is away. */

export type Prekeys = {
  /** the card's envelope, and the number of the log's entry that it names */
  readonly envelope: Uint8Array
  readonly seq: number
  readonly spk: P256PrivateKey
  readonly kem: KemPrivateKey
}

/** All of these throw StoreError as `Database` does. */
export type PrekeyStore = {
  /** @param card its hash, 32 bytes @param issued seconds since 1970 @param own the `dh` key of the device that it is of */
  keep(card: Uint8Array, prekeys: Prekeys, issued: number, own: Uint8Array): void
  get(card: Uint8Array): Prekeys | null
  /** Remembers that an initiator used them with its `ek` (33 bytes). */
  spend(card: Uint8Array, ek: Uint8Array): void
  /** Whether an initiator used them with that `ek`. */
  isSpent(card: Uint8Array, ek: Uint8Array): boolean
  /** Whether no more hellos for that card can be remembered. */
  isUsedUp(card: Uint8Array): boolean
  /** Forgets those issued before that time, seconds since 1970. */
  forget(before: number): void
  /** Forgets those of other devices of ours than these, by their `dh` keys: what was made for them is not opened any more. */
  forgetOthers(own: readonly Uint8Array[]): void
}

/** Envelope, scalar and seed, with what CBOR and Fernet add. */
const SEALED_MAX = ITEM_BYTES_MAX + 512

type Sealed = Pick<Prekeys, 'envelope' | 'seq'> & {
  readonly card: Uint8Array
  readonly spk: Uint8Array
  readonly kem: Uint8Array
}

const readSealed = record<Sealed>({
  card: bytes(HASH_BYTES),
  envelope: bytes(1, ITEM_BYTES_MAX),
  seq: uint(LOG_ENTRIES_MAX),
  spk: bytes(SCALAR_BYTES),
  kem: bytes(KEM_SEED_BYTES),
})
const readColumns = record<{ readonly sealed: Uint8Array }>({ sealed: bytes(1, SEALED_MAX) })
const readCount = record<{ readonly n: number }>({ n: uint() })

/** @param storeKey seals them */
export const createPrekeyStore = (database: Database, storeKey: SecretKey): PrekeyStore => {
  const check = checkOf(storeKey, LABEL_STORE_PREKEYS)

  return {
    keep: (card, { envelope, seq, spk, kem }, issued, own) => {
      const [scalar, seed] = [exportPrivateKey(spk), exportKem(kem)]
      const plaintext = encodeSecretCbor({ card, envelope, seq, spk: scalar, kem: seed })
      const sealed = sealBytes(storeKey, LABEL_STORE_PREKEYS, plaintext)
      for (const secret of [scalar, seed, plaintext]) secret.fill(0)
      database.transaction(() => {
        database.run('INSERT INTO prekeys (card, issued, own, sealed) VALUES (?, ?, ?, ?)', card, issued, own, sealed)
        database.erase(
          'DELETE FROM prekeys WHERE card IN (SELECT card FROM prekeys ORDER BY rowid DESC LIMIT -1 OFFSET ?)',
          PREKEYS_MAX,
        )
      })
    },
    get: (card) => {
      const row = database.get('SELECT sealed FROM prekeys WHERE card = ?', card)
      if (row === undefined) return null
      const { sealed } = readRow('prekeys', readColumns, row)
      const plaintext = openBytes(storeKey, LABEL_STORE_PREKEYS, { sealed, check })
      if (plaintext === null) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table prekeys' })
      const {
        card: own,
        envelope,
        seq,
        spk,
        kem,
      } = readRow('prekeys', (value, name) => readSealed(decodeCbor(value as Uint8Array), name), plaintext)
      plaintext.fill(0)
      if (hex(own) !== hex(card)) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'table prekeys' })
      const prekeys = { envelope, seq, spk: importPrivateKey(spk), kem: generateKem(() => kem) }
      spk.fill(0)
      return prekeys
    },
    spend: (card, ek) => database.run('INSERT INTO spent (card, ek) VALUES (?, ?)', card, ek),
    isSpent: (card, ek) => database.get('SELECT 1 FROM spent WHERE card = ? AND ek = ?', card, ek) !== undefined,
    isUsedUp: (card) =>
      readRow('spent', readCount, database.get('SELECT count(*) AS n FROM spent WHERE card = ?', card)).n >= SPENT_MAX,
    forget: (before) => database.erase('DELETE FROM prekeys WHERE issued < ?', before),
    forgetOthers: (own) =>
      database.erase(`DELETE FROM prekeys WHERE own NOT IN (${own.map(() => '?').join(', ')})`, ...own),
  }
}
