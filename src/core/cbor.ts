import { decode as decodeWithCborg, encode as encodeWithCborg, rfc8949EncodeOptions } from 'cborg'
import { equal } from './bytes.ts'
import { EncodingError } from './errors.ts'

/** Deterministic CBOR (RFC 8949 §4.2.1): one value, one byte string. */

export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

export const encodeCbor = (value: CborValue): Uint8Array =>
  Uint8Array.from(encodeWithCborg(value, rfc8949EncodeOptions))

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
}

/**
 * Decodes one value and nothing after it. Maps with other than text keys, tags, duplicate or unsorted keys, indefinite
 * lengths, non-minimal numbers, invalid UTF-8 and trailing bytes are refused: the value must encode to the very same bytes.
 * @throws EncodingError ERR_CBOR
 */
export const decodeCbor = (bytes: Uint8Array): unknown => {
  let same: boolean
  let value: unknown
  try {
    value = decodeWithCborg(bytes, decodeOptions)
    same = equal(encodeWithCborg(value, rfc8949EncodeOptions), bytes)
  } catch (cause) {
    // Nesting deeper than the stack holds arrives here too, as a RangeError.
    throw new EncodingError('ERR_CBOR', { cause })
  }
  if (!same) throw new EncodingError('ERR_CBOR', { hint: 'not the shortest form' })
  return value
}
