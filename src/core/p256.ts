import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto'
import type { RandomBytes } from './bytes.ts'
import { KeyError } from './errors.ts'
import { moved } from './wipe.ts'

/** P-256 (SECP256R1): ECDH and low-s ECDSA over SEC1-compressed points of 33 bytes. */

export const POINT_BYTES = 33
export const SCALAR_BYTES = 32
export const SIGNATURE_BYTES = 64

/** The group order n (SEC 2, §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const ORDER_BYTES = Buffer.from(ORDER.toString(16), 'hex')

/** A private key inside OpenSSL with its public point beside it; `inspect` shows no secret. */
export type P256PrivateKey = {
  /** @internal not part of the published types, which then need none of Node's */
  readonly key: KeyObject
  /** 33 bytes */
  readonly publicKey: Uint8Array
}

const CURVE = { asymmetricKeyType: 'ec', namedCurve: 'P-256' } as const

/**
 * Imports a private scalar of 32 big-endian bytes.
 * @throws KeyError ERR_P256_SCALAR when it is not in 1..n−1
 */
export const importPrivateKey = (scalar: Uint8Array): P256PrivateKey => {
  if (scalar.length !== SCALAR_BYTES || Buffer.compare(scalar, ORDER_BYTES) >= 0 || scalar.every((byte) => byte === 0))
    throw new KeyError('ERR_P256_SCALAR')
  const key = createPrivateKey({ key: scalar, format: 'raw-private', ...CURVE })
  const publicKey = createPublicKey(key).export({ format: 'raw-public', type: 'compressed' })
  return { key, publicKey: Uint8Array.from(publicKey) }
}

/** The scalar of a private key, 32 bytes: for storing it, sealed, and nothing else; whoever calls wipes it. */
export const exportPrivateKey = (privateKey: P256PrivateKey): Uint8Array =>
  moved(privateKey.key.export({ format: 'raw-private' }))

/** A fresh private key: candidates are drawn until one is in range (FIPS 186-5, A.2.2). */
export const generatePrivateKey = (random: RandomBytes): P256PrivateKey => {
  for (;;) {
    const candidate = random(SCALAR_BYTES)
    try {
      return importPrivateKey(candidate)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
    } finally {
      candidate.fill(0)
    }
  }
}

/** So many points are kept: a log has some, and whoever reads or stores logs meets the same ones again and again. */
const IMPORTED_MAX = 256
const imported = new Map<string, KeyObject>()

/**
 * Checks that 33 bytes are a point on the curve other than the identity.
 * @throws KeyError ERR_P256_POINT
 */
export const importPublicKey = (point: Uint8Array): KeyObject => {
  if (point.length !== POINT_BYTES || (point[0] !== 2 && point[0] !== 3)) throw new KeyError('ERR_P256_POINT')
  const name = Buffer.from(point).toString('latin1')
  const known = imported.get(name)
  if (known !== undefined) return known
  try {
    const key = createPublicKey({ key: point, format: 'raw-public', ...CURVE })
    for (const [oldest] of imported) {
      if (imported.size < IMPORTED_MAX) break
      imported.delete(oldest)
    }
    imported.set(name, key)
    return key
  } catch (cause) {
    throw new KeyError('ERR_P256_POINT', { cause })
  }
}

/**
 * ECDH: the 32-byte x-coordinate shared by the two keys. Whoever calls wipes it.
 * @throws KeyError ERR_P256_POINT
 */
export const dh = (publicKey: Uint8Array, privateKey: P256PrivateKey): Uint8Array =>
  moved(diffieHellman({ privateKey: privateKey.key, publicKey: importPublicKey(publicKey) }))

const sOf = (signature: Uint8Array): bigint => BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)

/** The one of the two equivalent signatures whose s is in the lower half; anything but 64 bytes is returned as it is. */
export const lowerS = (signature: Uint8Array): Uint8Array => {
  if (signature.length !== SIGNATURE_BYTES || sOf(signature) <= ORDER / 2n) return signature
  const lower = Uint8Array.from(signature)
  lower.set(Buffer.from((ORDER - sOf(signature)).toString(16).padStart(64, '0').slice(-64), 'hex'), 32)
  return lower
}

/** ECDSA with SHA-256 (COSE ES256): r‖s of 64 bytes with s in the lower half, so that no second signature says the same. */
export const sign = (privateKey: P256PrivateKey, message: Uint8Array): Uint8Array =>
  lowerS(Uint8Array.from(signWithNode('sha256', message, { key: privateKey.key, dsaEncoding: 'ieee-p1363' })))

/** A P-256 key that may live elsewhere: a token, a TPM, an HSM, or in this process. */
export type Signer = {
  /** 33 bytes */
  readonly publicKey: Uint8Array
  /** ECDSA with SHA-256 over `message`: r‖s, 64 bytes, s in either half */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** The signer for a key that is in this process. */
export const keySigner = (privateKey: P256PrivateKey): Signer => ({
  publicKey: privateKey.publicKey,
  sign: async (message) => sign(privateKey, message),
})

/**
 * Whether `signature` (64 bytes, low-s) is `publicKey`'s over `message`; a high-s signature is not.
 * @throws KeyError ERR_P256_POINT
 */
export const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const key = importPublicKey(publicKey)
  if (signature.length !== SIGNATURE_BYTES || sOf(signature) > ORDER / 2n) return false
  return verifyWithNode('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
