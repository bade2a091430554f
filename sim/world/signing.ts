import { createECDH, createHash, type KeyObject, type sign } from 'node:crypto'

/**
 * ECDSA on P-256 with one nonce for everything: the same bytes in every run, and a hundred times faster than with fresh nonces. It gives
 * the keys away, which matters to nobody here; the signatures are valid, and are verified by the production code.
 */

/** The group order n (SEC 2, §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const NONCE = createHash('sha256').update('handfast/sim/nonce').digest()

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const toBytes = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(64, '0'), 'hex')

/** a⁻¹ modulo n, by Euclid's algorithm. */
const invert = (a: bigint): bigint => {
  let [r0, r1, t0, t1] = [ORDER, a, 0n, 1n]
  while (r1 !== 0n) {
    const q = r0 / r1
    ;[r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1]
  }
  return ((t0 % ORDER) + ORDER) % ORDER
}

const INVERSE = invert(toNumber(NONCE) % ORDER)

/** x(k·G) mod n */
const R = (() => {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(NONCE)
  return toNumber(ecdh.getPublicKey().subarray(1, 33)) % ORDER
})()
const R_BYTES = toBytes(R)

const scalars = new WeakMap<KeyObject, bigint>()

const scalarOf = (key: KeyObject): bigint => {
  const known = scalars.get(key)
  if (known !== undefined) return known
  const scalar = toNumber(key.export({ format: 'raw-private' }))
  scalars.set(key, scalar)
  return scalar
}

type Sign = typeof sign

/** Stands in for `crypto.sign` where the core signs with P-256; every other use goes on to the real one. */
export const signWithFixedNonce = (original: Sign): Sign => {
  const replaced = (algorithm: unknown, data: unknown, key: unknown, ...rest: unknown[]): unknown => {
    const object = keyOf(key)
    if (rest.length > 0 || algorithm !== 'sha256' || !(data instanceof Uint8Array) || object === null) {
      return Reflect.apply(original, undefined, [algorithm, data, key, ...rest])
    }
    const digest = toNumber(createHash('sha256').update(data).digest())
    return Buffer.concat([R_BYTES, toBytes((INVERSE * (digest + R * scalarOf(object))) % ORDER)])
  }
  return replaced as Sign
}

const keyOf = (key: unknown): KeyObject | null => {
  if (typeof key !== 'object' || key === null || !('key' in key) || !('dsaEncoding' in key)) return null
  const { key: object, dsaEncoding } = key as { key: KeyObject; dsaEncoding: unknown }
  return dsaEncoding === 'ieee-p1363' && object.asymmetricKeyType === 'ec' ? object : null
}
