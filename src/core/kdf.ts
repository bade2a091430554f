import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject, pbkdf2Sync } from 'node:crypto'
import { blake2b } from '@noble/hashes/blake2.js'
import { concat, utf8 } from './bytes.ts'
import { moved } from './wipe.ts'

/** Key bytes inside OpenSSL: neither `inspect` nor a log can show them. */
export type SecretKey = KeyObject

/** SHA-256 over the concatenation of `parts`: 32 bytes. */
export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

/**
 * BLAKE2b-256 (RFC 7693, no key): 32 bytes. HyperDHT names values by it, so what lies there as a value by itself has this name: a log
 * envelope, half of a KEM key, the key of a slot. All else is hashed by SHA-256.
 */
export const blake2b256 = (bytes: Uint8Array): Uint8Array => blake2b(bytes, { dkLen: 32 })

/** HKDF-SHA-256 (RFC 5869): `size` bytes from `ikm`, salted, for the one use that `label` names. */
export const hkdf = (salt: Uint8Array, ikm: Uint8Array | SecretKey, label: string, size: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', ikm, salt, utf8(label), size))

/** `hkdf` of several secrets in a row, which stay as they are; what they were put together in is wiped. */
export const hkdfOf = (salt: Uint8Array, secrets: readonly Uint8Array[], label: string, size: number): Uint8Array => {
  const ikm = concat(...secrets)
  const derived = hkdf(salt, ikm, label, size)
  ikm.fill(0)
  return derived
}

/** The 64-byte seed of a BIP-39 phrase without a passphrase; by OpenSSL, which takes a tenth of the time of the library for phrases. */
export const bip39Seed = (words: string): Uint8Array => moved(pbkdf2Sync(words, 'mnemonic', 2048, 64, 'sha512'))

/** HMAC-SHA-256: 32 bytes. */
export const hmac = (key: SecretKey, data: Uint8Array): Uint8Array =>
  moved(createHmac('sha256', key).update(data).digest())

/** Moves key bytes into OpenSSL; the bytes given are wiped. */
export const secretKey = (bytes: Uint8Array): SecretKey => {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** The bytes of a key, for storing or saying it, sealed, and nothing else; whoever calls wipes them. */
export const exportSecret = (key: SecretKey): Uint8Array => moved(key.export())
