import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { equal, utf8 } from '../core/bytes.ts'
import { EncodingError, FernetError, StoreError } from '../core/errors.ts'
import { FERNET_IV_BYTES, type FernetKey, openFernet, sealFernet, takeFernetKey } from '../core/fernet.ts'
import { bytes, literal, type Reader, record, text, uint } from '../core/fields.ts'
import { hkdf, type SecretKey, secretKey } from '../core/kdf.ts'
import { moved } from '../core/wipe.ts'

/** Sealing of what lies on disk: a Fernet token under a key from a passphrase (argon2id) or from a key file. */

const SALT_BYTES = 16
const KEY_BYTES = 32

/** What trying one passphrase costs. `memory` is in KiB. */
export type KdfCost = { readonly memory: number; readonly passes: number; readonly parallelism: number }

/** RFC 9106 §4, second recommended option: 64 MiB, 3 passes, here with one lane. */
const FULL_COST: KdfCost = { memory: 65_536, passes: 3, parallelism: 1 }

/** A tampered file must not make us spend a machine's memory or patience: at most 256 MiB and about two seconds. */
const MEMORY_MAX = 262_144
const PASSES_MAX = 8
const LANES_MAX = 4

/** RFC 9106 §3.1: each lane needs 8 KiB. */
const LANE_MEMORY = 8

/** Tells a wrong key from a changed file; as hard to invert as the sealed part's own MAC. */
const CHECK_BYTES = 16

/** Longest sealed text in a file: an identity and a backup of thousands of contacts fit. */
export const SEALED_BYTES_MAX = 64 * 1024 * 1024

/** How a passphrase becomes a key; stored beside what it seals. */
export type Kdf = KdfCost & { readonly kdf: 'argon2id'; readonly salt: Uint8Array }
/** What opens the sealed part, stored beside it. `check` is 16 bytes that only the right key gives. */
export type Seal = { readonly check: Uint8Array } & (
  | ({ readonly by: 'passphrase' } & Kdf)
  | { readonly by: 'key-file' }
)

/** Bytes as base64url text; canonical text only, since Node's decoder passes over whatever is not base64. */
export const base64 =
  (min: number, max: number = min): Reader<Uint8Array> =>
  (value, name) => {
    const encoded = text(2 * max + 4)(value, name)
    const decoded = moved(Buffer.from(encoded, 'base64url'))
    if (toBase64(decoded) !== encoded) throw new EncodingError('ERR_FIELD', { hint: name })
    return bytes(min, max)(decoded, name)
  }

export const toBase64 = (value: Uint8Array): string => Buffer.from(value).toString('base64url')

const readPassphraseSeal = record<Extract<Seal, Kdf>>({
  by: literal('passphrase'),
  kdf: literal('argon2id'),
  memory: uint(MEMORY_MAX),
  passes: uint(PASSES_MAX),
  parallelism: uint(LANES_MAX),
  salt: base64(SALT_BYTES),
  check: base64(CHECK_BYTES),
})
const readKeyFileSeal = record<Exclude<Seal, Kdf>>({ by: literal('key-file'), check: base64(CHECK_BYTES) })

export const readSeal: Reader<Seal> = (value, name) => {
  const byPassphrase = typeof value === 'object' && value !== null && 'by' in value && value.by === 'passphrase'
  if (!byPassphrase) return readKeyFileSeal(value, name)
  const seal = readPassphraseSeal(value, name)
  const { memory, passes, parallelism } = seal
  if (passes < 1 || parallelism < 1 || memory < LANE_MEMORY * parallelism)
    throw new EncodingError('ERR_FIELD', { hint: `${name}: below what argon2id needs` })
  return seal
}

/**
 * A fresh way to make a key of a passphrase.
 * @param cost less than by default is for tests of something else than the passphrase: nothing in `src` asks for it
 */
export const newKdf = (cost: KdfCost = FULL_COST): Kdf => ({
  kdf: 'argon2id',
  ...cost,
  salt: Uint8Array.from(randomBytes(SALT_BYTES)),
})

/** The key of a passphrase; takes a fifth of a second by design. Text is normalised (NFKC), as keyboards differ. */
export const passphraseKey = async (passphrase: string, kdf: Kdf): Promise<SecretKey> => {
  const { memory, passes, parallelism, salt } = kdf
  const message = utf8(passphrase.normalize('NFKC'))
  const key = await promisify(argon2)('argon2id', {
    message,
    nonce: salt,
    memory,
    passes,
    parallelism,
    tagLength: KEY_BYTES,
  })
  message.fill(0)
  return secretKey(moved(key))
}

/** The Fernet key for the use `label`, and what tells whether `key` is the right one. */
const split = (key: SecretKey, label: string): { readonly fernet: FernetKey; readonly check: Uint8Array } => {
  const derived = hkdf(new Uint8Array(0), key, label, KEY_BYTES + CHECK_BYTES)
  return { fernet: takeFernetKey(derived.subarray(0, KEY_BYTES)), check: derived.slice(KEY_BYTES) }
}

/** What is stored to tell the key a thing was sealed under from others: 16 bytes. */
export const checkOf = (key: SecretKey, label: string): Uint8Array => split(key, label).check

/** Seals bytes for the use `label`: a raw Fernet token, whose time is left at 0, since a file has a date of its own. */
export const sealBytes = (key: SecretKey, label: string, plaintext: Uint8Array): Uint8Array =>
  sealFernet(split(key, label).fernet, plaintext, 0, randomBytes(FERNET_IV_BYTES))

/**
 * @returns null when the key is another one than that it was sealed under
 * @throws StoreError ERR_STORE_CORRUPT when a byte has changed
 */
export const openBytes = (
  key: SecretKey,
  label: string,
  { sealed, check }: { readonly sealed: Uint8Array; readonly check: Uint8Array },
): Uint8Array | null => {
  const own = split(key, label)
  if (!equal(own.check, check)) return null
  try {
    return openFernet(own.fernet, sealed)
  } catch (error) {
    if (error instanceof FernetError) throw new StoreError('ERR_STORE_CORRUPT')
    throw error
  }
}
