import { concat } from '../../core/bytes.ts'
import { encodeUint } from '../../core/compact-uint.ts'
import { DirectoryError } from '../../core/errors.ts'
import type { MutableValue } from '../../core/mutable-value.ts'

/** Values in the requests of HyperDHT 6.34: numbers and lengths as compact-encoding writes them. What does not read is ERR_REQUEST_DECODE. */

const SIGNATURE_BYTES = 64

/** "What is there, whatever its number": the value of a request for a mutable value. */
export const ANY_SEQ = Uint8Array.of(0)

/** What a node answers to such a request. The key is not among it: who asks knows the place, or finds the key in the value. */
export type MutableAnswer = Omit<MutableValue, 'key'>

type Cursor = { readonly bytes: Uint8Array; at: number }

const malformed = (): DirectoryError => new DirectoryError('ERR_REQUEST_DECODE')

const take = (cursor: Cursor, length: number): Uint8Array => {
  const taken = cursor.bytes.subarray(cursor.at, cursor.at + length)
  if (taken.length < length) throw malformed()
  cursor.at += length
  return taken
}

/** As `encodeUint` writes it, and no longer than that. */
const takeUint = (cursor: Cursor): number => {
  const [first = 0] = take(cursor, 1)
  if (first < 0xfd) return first
  const length = first === 0xfd ? 2 : first === 0xfe ? 4 : 8
  const value = take(cursor, length).reduceRight((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(value) || encodeUint(value).length !== length + 1) throw malformed()
  return value
}

/** @throws DirectoryError ERR_REQUEST_DECODE */
export const decodeMutableAnswer = (bytes: Uint8Array): MutableAnswer => {
  const cursor = { bytes, at: 0 }
  const seq = takeUint(cursor)
  const value = Uint8Array.from(take(cursor, takeUint(cursor)))
  const signature = Uint8Array.from(take(cursor, SIGNATURE_BYTES))
  if (cursor.at !== bytes.length) throw malformed()
  return { seq, value, signature }
}

export const encodeMutableAnswer = ({ seq, value, signature }: MutableAnswer): Uint8Array =>
  concat(encodeUint(seq), encodeUint(value.length), value, signature)

/** The value of a request that puts one. */
export const encodeMutablePut = ({ key, ...answer }: MutableValue): Uint8Array =>
  concat(key, encodeMutableAnswer(answer))
