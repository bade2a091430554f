import { createPublicKey, type KeyObject } from 'node:crypto'
import { base58 } from '@scure/base'
import { concat } from './bytes.ts'
import { tooLarge } from './errors/sizes.ts'
import { KeyError } from './errors.ts'
import { importPublicKey, POINT_BYTES } from './p256.ts'
import { isSpkiPem, parseSpkiPem } from './spki.ts'

/**
 * Public P-256 keys in the forms other software reads: JWK (RFC 7517), SPKI PEM (RFC 5480, 7468), did:key (W3C CCG, p256-pub). A did:key is read
 * without `did:key:` too.
 */

export const KEY_FORMATS = ['jwk', 'spki', 'did'] as const
/** How a public key is written as text: JWK, SPKI PEM, or did:key. */
export type KeyFormat = (typeof KEY_FORMATS)[number]

/** Multicodec p256-pub 0x1200 as a varint. */
const P256_PUB = Uint8Array.of(0x80, 0x24)
const DID_PREFIX = 'did:key:'
/** What begins base58btc (multibase). */
const BASE58 = 'z'

/** Longest text that can be one key in any of the forms. */
const TEXT_MAX = 2000

const PRIVATE = 'it holds a private key: give the public one'

const toJwk = (key: KeyObject): string => {
  const { kty, crv, x, y } = key.export({ format: 'jwk' })
  return JSON.stringify({ kty, crv, x, y })
}

/**
 * Writes a compressed public key (33 bytes) in a standard form.
 * @throws KeyError ERR_P256_POINT
 */
export const exportPublicKey = (point: Uint8Array, format: KeyFormat): string => {
  const key = importPublicKey(point)
  if (format === 'jwk') return toJwk(key)
  if (format === 'spki') return String(key.export({ format: 'pem', type: 'spki' }))
  return `${DID_PREFIX}${BASE58}${base58.encode(concat(P256_PUB, point))}`
}

const fromMultibase = (text: string): Uint8Array => {
  const bytes = base58.decode(text.slice(BASE58.length))
  if (bytes.length !== P256_PUB.length + POINT_BYTES || bytes[0] !== P256_PUB[0] || bytes[1] !== P256_PUB[1])
    throw new KeyError('ERR_KEY_FORMAT', { hint: 'the did:key is not of a P-256 key' })
  const point = bytes.slice(P256_PUB.length)
  importPublicKey(point)
  return point
}

const fromJwk = (text: string): KeyObject => {
  const jwk: unknown = JSON.parse(text)
  const isPublic = typeof jwk === 'object' && jwk !== null && !('d' in jwk)
  if (!isPublic) throw new KeyError('ERR_KEY_FORMAT', { hint: PRIVATE })
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  // OpenSSL's reader takes other alphabets and lengths of the coordinates too: one key, one text.
  const { x, y } = key.export({ format: 'jwk' })
  const given: { readonly x?: unknown; readonly y?: unknown } = jwk
  if (given.x !== x || given.y !== y) throw new KeyError('ERR_KEY_FORMAT')
  return key
}

const compressed = (key: KeyObject): Uint8Array => {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new KeyError('ERR_KEY_FORMAT', { hint: 'not a P-256 key' })
  return Uint8Array.from(key.export({ format: 'raw-public', type: 'compressed' }))
}

/**
 * Reads a public key in any of the forms, told apart by how the text begins: the compressed point, 33 bytes.
 * @throws KeyError ERR_KEY_FORMAT, also for private keys and other curves; ERR_P256_POINT
 */
export const parsePublicKey = (text: string): Uint8Array => {
  const trimmed = text.trim()
  if (trimmed.length > TEXT_MAX)
    throw new KeyError('ERR_KEY_FORMAT', { hint: tooLarge(trimmed.length, TEXT_MAX, 'characters') })
  try {
    // A DID document has what follows did:key: by itself, as publicKeyMultibase.
    const multibase = trimmed.startsWith(DID_PREFIX) ? trimmed.slice(DID_PREFIX.length) : trimmed
    if (multibase.startsWith(BASE58)) return fromMultibase(multibase)
    if (trimmed.startsWith('{')) return compressed(fromJwk(trimmed))
    if (isSpkiPem(trimmed)) return parseSpkiPem(trimmed)
  } catch (error) {
    if (error instanceof KeyError) throw error
    // The parser's error could quote a private key that was given by mistake.
    throw new KeyError('ERR_KEY_FORMAT')
  }
  const isPrivate = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(trimmed)
  throw new KeyError('ERR_KEY_FORMAT', { hint: isPrivate ? PRIVATE : 'neither JWK, SPKI PEM nor did:key' })
}
