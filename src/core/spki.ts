import { equal } from './bytes.ts'
import { KeyError } from './errors.ts'
import { importPublicKey, POINT_BYTES } from './p256.ts'

/**
 * SubjectPublicKeyInfo of P-256 (RFC 5480), in DER and as PEM (RFC 7468). DER has one encoding of a value, and the parameters have to name the curve: so
 * there are two texts of bytes for a key, with the whole point and with the compressed one, and both are a constant before the point. They are compared
 * with that, not parsed: a parser of BER reads many more.
 */

/** SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING with no unused bits } up to the point of 65 bytes, and of 33. */
const WHOLE = Uint8Array.from(Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'))
const COMPRESSED = Uint8Array.from(Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'))

const COORDINATE_BYTES = 32
const WHOLE_POINT = 4

/** One block and nothing else: other readers take the first of several keys and pass over the rest. */
const PEM = /^-----BEGIN PUBLIC KEY-----[ \t]*(?:\r\n|\r|\n)([A-Za-z0-9+/=\s]*)(?:\r\n|\r|\n)-----END PUBLIC KEY-----$/

const refuse = (hint: string): never => {
  throw new KeyError('ERR_KEY_FORMAT', { hint })
}

const startsWith = (bytes: Uint8Array, start: Uint8Array, more: number): boolean =>
  bytes.length === start.length + more && equal(bytes.subarray(0, start.length), start)

/** @throws KeyError ERR_KEY_FORMAT when it is on no curve */
const onCurve = (point: Uint8Array) => {
  try {
    return importPublicKey(point)
  } catch {
    return refuse('its point is not on P-256')
  }
}

/** @throws KeyError ERR_KEY_FORMAT */
const compress = (point: Uint8Array): Uint8Array => {
  const last = point[point.length - 1] ?? 0
  const compressed = Uint8Array.of(2 + (last & 1), ...point.subarray(1, 1 + COORDINATE_BYTES))
  const whole = onCurve(compressed).export({ format: 'raw-public', type: 'uncompressed' })
  return equal(Uint8Array.from(whole), point) ? compressed : refuse('its point is not on P-256')
}

/** The compressed point of a key in DER. @throws KeyError ERR_KEY_FORMAT */
export const parseSpki = (der: Uint8Array): Uint8Array => {
  if (startsWith(der, COMPRESSED, POINT_BYTES)) {
    const point = Uint8Array.from(der.subarray(COMPRESSED.length))
    onCurve(point)
    return point
  }
  const isWhole = startsWith(der, WHOLE, 1 + 2 * COORDINATE_BYTES) && der[WHOLE.length] === WHOLE_POINT
  return isWhole ? compress(der.subarray(WHOLE.length)) : refuse('it is no P-256 key that names its curve, in DER')
}

/** Whether a text is one PEM block of a public key, well written or not. */
export const isSpkiPem = (text: string): boolean => PEM.test(text)

/** The compressed point of a key in PEM. @throws KeyError ERR_KEY_FORMAT */
export const parseSpkiPem = (pem: string): Uint8Array => {
  const base64 = (PEM.exec(pem)?.[1] ?? '').replace(/\s/g, '')
  const der = Buffer.from(base64, 'base64')
  // Node reads over what is no base64, and over bits that stand for nothing.
  return der.toString('base64') === base64 ? parseSpki(der) : refuse('its base64 is not canonical')
}
