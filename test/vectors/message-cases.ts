import { hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { without } from '../core/identities.ts'
import type { Json, Vector, Vectors } from './vector-files.ts'

/**
 * Vectors of CBOR messages: `input`, a message of the kind `message`, decodes to `output` (bytes as hex; null: it is of a kind that is
 * skipped) and encodes back to the same bytes, unless `oneWay`; or it is refused with `error`.
 */

/** A message as fields. */
export type Fields = { readonly [field: string]: CborValue }

export const json = (value: unknown): Json => {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(json)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, json(one)]))
  return value as Json
}

/** `size` bytes that count up from `first`. */
export const counting = (size: number, first = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (first + i) & 255)

export const accepted = (message: string, description: string, value: Fields): Vector => ({
  description,
  message,
  input: hex(encodeCbor(value)),
  output: json(value),
})

/** A message that is passed over: its type is one this version does not know. */
export const skipped = (message: string, description: string, value: Fields): Vector => ({
  description,
  message,
  input: hex(encodeCbor(value)),
  output: null,
  oneWay: true,
})

/** A message that says something in a way that is never written. */
export const oneWay = (message: string, description: string, value: Fields, output: Fields): Vector => ({
  description,
  message,
  input: hex(encodeCbor(value)),
  output: json(output),
  oneWay: true,
})

export const refused = (
  message: string,
  error: ErrorCode,
  description: string,
  input: CborValue | Uint8Array,
): Vector => ({ description, message, input: hex(input instanceof Uint8Array ? input : encodeCbor(input)), error })

/** Right for no field at all. */
const WRONG: CborValue = [1]

/** What is wrong with the shape of a message, field by field: each of them left out, and of another type; and one too many. */
export const misshapen = (message: string, error: ErrorCode, what: string, value: Fields, type: string): Vectors =>
  Object.fromEntries([
    ...Object.keys(value)
      .filter((field) => field !== type)
      .flatMap((field): [string, Vector][] => [
        [`${what}-without-${field}`, refused(message, error, `${what}: ${field} is missing`, without(value, field))],
        [`${what}-${field}-list`, refused(message, error, `${what}: a list as ${field}`, { ...value, [field]: WRONG })],
      ]),
    [`${what}-field-too-many`, refused(message, error, `${what}: a field too many`, { ...value, more: 1 })] as const,
  ])
