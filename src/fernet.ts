import { randomBytes } from 'node:crypto'
import { FernetError } from './core/errors.ts'
import {
  FERNET_IV_BYTES,
  FERNET_KEY_BYTES,
  type FernetKey,
  importFernetKey,
  openFernet,
  sealFernet,
} from './core/fernet.ts'

/**
 * The public Fernet module: standard keys and tokens as text, readable by any Fernet library.
 *
 *     import { decrypt, encrypt, generateKey } from 'handfast/fernet'
 *     const key = generateKey()
 *     const token = encrypt(key, new TextEncoder().encode('hello'))
 *     decrypt(key, token, { ttl: 60 })
 */

export { FernetError } from './core/errors.ts'

/** What a token is made with; tests fix both. */
export type EncryptOptions = {
  /** The token's time in seconds since 1970; default: the clock. */
  readonly now?: number | undefined
  /** 16 bytes, never used before with this key; default: fresh random bytes. */
  readonly iv?: Uint8Array | undefined
}

/** What is asked of a token besides a valid MAC. */
export type DecryptOptions = {
  /** The oldest a token may be, in seconds; without it age does not matter. */
  readonly ttl?: number | undefined
  /** The time to judge the token by, in seconds since 1970; default: the clock. */
  readonly now?: number | undefined
}

const clock = (): number => Date.now() / 1000

/** Callers divide milliseconds by a thousand: a token knows whole seconds only. */
const whole = (seconds: number): number => (Number.isFinite(seconds) ? Math.floor(seconds) : seconds)

const bytesOf = (data: unknown): Uint8Array => {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  if (data instanceof Uint8Array) return data
  throw new FernetError('ERR_FERNET_OPTION', { hint: 'data is bytes or text' })
}

/** Padded base64url of exactly the bytes it decodes to; null when the text is anything else. */
const fromBase64 = (text: unknown): Uint8Array | null => {
  if (typeof text !== 'string') return null
  const bytes = Buffer.from(text, 'base64url')
  return toBase64(bytes) === text ? bytes : null
}

const toBase64 = (bytes: Uint8Array): string => {
  const text = Buffer.from(bytes).toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

const keyOf = (key: string | Uint8Array): FernetKey => {
  const bytes = key instanceof Uint8Array ? key : fromBase64(key)
  if (bytes === null) throw new FernetError('ERR_FERNET_KEY')
  return importFernetKey(bytes)
}

/** A fresh key: the 44-character base64url text of 32 random bytes. */
export const generateKey = (): string => toBase64(randomBytes(FERNET_KEY_BYTES))

/**
 * Encrypts bytes, or text as UTF-8, to a standard token: padded base64url text.
 * @param key 32 bytes, or their 44-character text
 * @throws FernetError ERR_FERNET_KEY, ERR_FERNET_OPTION
 */
export const encrypt = (
  key: string | Uint8Array,
  data: Uint8Array | string,
  { now = clock(), iv = randomBytes(FERNET_IV_BYTES) }: EncryptOptions = {},
): string => toBase64(sealFernet(keyOf(key), bytesOf(data), whole(now), iv))

/**
 * The bytes of a token. The MAC is checked, in constant time, before age and padding.
 * Unlike some libraries a token from more than 60 s in the future is refused also when no `ttl` is given.
 * @throws FernetError ERR_FERNET_KEY, _OPTION, _BASE64, _VERSION, _LENGTH, _MAC, _EXPIRED, _FUTURE, _PADDING
 */
export const decrypt = (
  key: string | Uint8Array,
  token: string,
  { ttl, now = clock() }: DecryptOptions = {},
): Uint8Array => {
  const fernetKey = keyOf(key)
  const raw = fromBase64(token)
  if (raw === null) throw new FernetError('ERR_FERNET_BASE64')
  return openFernet(fernetKey, raw, { now: whole(now), ttl: ttl === undefined ? undefined : whole(ttl) })
}
