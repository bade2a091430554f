import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { concat, equal } from './bytes.ts'
import { FernetError } from './errors.ts'
import { FERNET_SKEW } from './limits/protocol-limits.ts'

/**
 * Fernet (github.com/fernet/spec, version 0x80):
 * token = 0x80 ‖ time (8 B, big-endian seconds) ‖ iv (16 B) ‖ AES-128-CBC ciphertext ‖ HMAC-SHA-256 over all before (32 B)
 * key   = signing key (16 B) ‖ encryption key (16 B)
 */

export const FERNET_KEY_BYTES = 32
export const FERNET_IV_BYTES = 16
const VERSION = 0x80
const BLOCK = 16
const HEADER = 1 + 8 + FERNET_IV_BYTES
const MAC = 32

/** A Fernet key inside OpenSSL; `inspect` shows no secret. */
export type FernetKey = { readonly signing: KeyObject; readonly encryption: KeyObject }

/** @throws FernetError ERR_FERNET_KEY when it is not 32 bytes */
export const importFernetKey = (key: Uint8Array): FernetKey => {
  if (key.length !== FERNET_KEY_BYTES) throw new FernetError('ERR_FERNET_KEY')
  return { signing: createSecretKey(key.subarray(0, 16)), encryption: createSecretKey(key.subarray(16)) }
}

/** `importFernetKey` of bytes that were derived for this alone; they are wiped. */
export const takeFernetKey = (derived: Uint8Array): FernetKey => {
  const key = importFernetKey(derived)
  derived.fill(0)
  return key
}

const checkSeconds = (seconds: number, name: string): void => {
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw new FernetError('ERR_FERNET_OPTION', { hint: `${name} is whole seconds` })
}

/**
 * Encrypts to a raw token. `now` is in seconds, `iv` 16 bytes never used before with this key.
 * @throws FernetError ERR_FERNET_OPTION
 */
export const sealFernet = (key: FernetKey, plaintext: Uint8Array, now: number, iv: Uint8Array): Uint8Array => {
  checkSeconds(now, 'now')
  if (!(iv instanceof Uint8Array) || iv.length !== FERNET_IV_BYTES)
    throw new FernetError('ERR_FERNET_OPTION', { hint: 'iv is 16 bytes' })
  const header = new Uint8Array(HEADER)
  header[0] = VERSION
  new DataView(header.buffer).setBigUint64(1, BigInt(now))
  header.set(iv, 9)
  const cipher = createCipheriv('aes-128-cbc', key.encryption, iv)
  const body = concat(header, cipher.update(plaintext), cipher.final())
  return concat(body, createHmac('sha256', key.signing).update(body).digest())
}

/** How old a token may be: at most `ttl` seconds before `now`, and never more than 60 s after it. */
export type FernetAge = { readonly now: number; readonly ttl?: number | undefined }

const checkAge = (token: Uint8Array, { now, ttl }: FernetAge): void => {
  const time = new DataView(token.buffer, token.byteOffset).getBigUint64(1)
  if (ttl !== undefined && time + BigInt(ttl) < BigInt(now)) throw new FernetError('ERR_FERNET_EXPIRED')
  if (time > BigInt(now) + BigInt(FERNET_SKEW)) throw new FernetError('ERR_FERNET_FUTURE')
}

/**
 * Decrypts a raw token: version, length, MAC in constant time, then age, and only then the padding.
 * Without `age` the token's time is not looked at: a session orders its messages by counters, not by clocks.
 * @throws FernetError ERR_FERNET_LENGTH, _VERSION, _MAC, _EXPIRED, _FUTURE, _PADDING, _OPTION
 */
export const openFernet = (key: FernetKey, token: Uint8Array, age?: FernetAge): Uint8Array => {
  if (age !== undefined) checkSeconds(age.now, 'now')
  if (age?.ttl !== undefined) checkSeconds(age.ttl, 'ttl')
  if (token.length === 0) throw new FernetError('ERR_FERNET_LENGTH')
  if (token[0] !== VERSION) throw new FernetError('ERR_FERNET_VERSION')
  const ciphertextBytes = token.length - HEADER - MAC
  if (ciphertextBytes < BLOCK || ciphertextBytes % BLOCK !== 0) throw new FernetError('ERR_FERNET_LENGTH')
  const body = token.subarray(0, token.length - MAC)
  if (!equal(createHmac('sha256', key.signing).update(body).digest(), token.subarray(body.length)))
    throw new FernetError('ERR_FERNET_MAC')
  if (age !== undefined) checkAge(token, age)
  const decipher = createDecipheriv('aes-128-cbc', key.encryption, body.subarray(9, HEADER))
  try {
    return concat(decipher.update(body.subarray(HEADER)), decipher.final())
  } catch (cause) {
    throw new FernetError('ERR_FERNET_PADDING', { cause })
  }
}
