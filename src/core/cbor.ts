import {
  decode as decodeWithCborg,
  encodeInto,
  encode as encodeWithCborg,
  rfc8949EncodeOptions,
  Tokenizer,
  Type,
} from 'cborg'
import { encodedLength } from 'cborg/length'
import { equal } from './bytes.ts'
import { EncodingError } from './errors.ts'
import { CBOR_DEPTH_MAX } from './limits/protocol-limits.ts'

/** Deterministic CBOR (RFC 8949 §4.2.1): one value, one byte string. Numbers are safe integers: there are no floats. */

export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

const encodeOptions = {
  ...rfc8949EncodeOptions,
  typeEncoders: {
    number: (value: number) => {
      if (!Number.isSafeInteger(value)) throw new EncodingError('ERR_CBOR', { hint: 'a number is not a safe integer' })
      return null // cborg encodes it
    },
  },
}

/** The bytes of a value. @throws EncodingError ERR_CBOR when a number is not a safe integer */
export const encodeCbor = (value: CborValue): Uint8Array => new Uint8Array(encodeWithCborg(value, encodeOptions))

/**
 * `encodeCbor` of what holds secrets: the encoder writes into the bytes that are returned, and keeps no copy in memory that it uses again.
 * Whoever calls wipes them.
 */
export const encodeSecretCbor = (value: CborValue): Uint8Array => {
  const encoded = new Uint8Array(encodedLength(value, encodeOptions))
  encodeInto(value, encoded, encodeOptions)
  return encoded
}

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
}

const exactText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** cborg's tokens, with bounded nesting, and text as it stands: cborg drops a leading U+FEFF. */
const readTokens = (bytes: Uint8Array) => {
  // The slices of a Buffer would be views into it.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const tokenizer = new Tokenizer(plain, { ...decodeOptions, retainStringBytes: true })
  /** Items still to come in every list and map that is open. */
  const open: number[] = []
  const next = () => {
    const token = tokenizer.next()
    while (open.at(-1) === 0) open.pop()
    const last = open.length - 1
    if (last >= 0) open[last] = (open[last] ?? 0) - 1
    if (token.type === Type.array) open.push(token.value)
    if (token.type === Type.map) open.push(2 * token.value)
    if (open.length > CBOR_DEPTH_MAX) throw new EncodingError('ERR_CBOR', { hint: 'nested too deep' })
    if (token.byteValue !== undefined) token.value = exactText.decode(token.byteValue)
    return token
  }
  return { next, done: () => tokenizer.done(), pos: () => tokenizer.pos() }
}

/**
 * Decodes one value and nothing after it. Maps with other than text keys, tags, floats, duplicate or unsorted keys, indefinite
 * lengths, non-minimal numbers, invalid UTF-8, deep nesting and trailing bytes are refused: the value must encode to the
 * very same bytes.
 * @throws EncodingError ERR_CBOR
 */
export const decodeCbor = (bytes: Uint8Array): unknown => {
  let same: boolean
  let value: unknown
  try {
    value = decodeWithCborg(bytes, { ...decodeOptions, tokenizer: readTokens(bytes) })
    // What a value encodes to may be secret: it is written nowhere else, and wiped. What does not fit is longer than the bytes given.
    const again = new Uint8Array(bytes.length)
    same = encodeInto(value, again, encodeOptions).written === bytes.length && equal(again, bytes)
    again.fill(0)
  } catch (cause) {
    throw new EncodingError('ERR_CBOR', { cause })
  }
  if (!same) throw new EncodingError('ERR_CBOR', { hint: 'not the shortest form' })
  return value
}
