import { type CodeOf, ERROR_CODES, type ErrorClass, type ErrorCode, isCodeOf } from './errors/codes.ts'
import { EncodingError } from './errors.ts'

/** Readers that turn a decoded value into a typed one; unknown, missing and misshapen fields are all ERR_FIELD. */

export type Reader<T> = (value: unknown, name: string) => T

const refuse = (name: string, wanted: string): never => {
  throw new EncodingError('ERR_FIELD', { hint: `${name}: ${wanted}` })
}

/** An integer from 0 to `max`. */
export const uint =
  (max: number = Number.MAX_SAFE_INTEGER): Reader<number> =>
  (value, name) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max && !Object.is(value, -0)
      ? value
      : refuse(name, `an integer from 0 to ${max}`)

/** Bytes of exactly `min`, or of `min` to `max`. */
export const bytes =
  (min: number, max: number = min): Reader<Uint8Array> =>
  (value, name) =>
    value instanceof Uint8Array && value.length >= min && value.length <= max
      ? Uint8Array.from(value)
      : refuse(name, min === max ? `${min} bytes` : `${min} to ${max} bytes`)

/** Text of at most `max` UTF-16 units. */
export const text =
  (max: number): Reader<string> =>
  (value, name) =>
    typeof value === 'string' && value.length <= max ? value : refuse(name, `text of at most ${max}`)

/** A code another node gave as its reason; one that this version does not know is ERR_REMOTE. */
export const errorCode: Reader<ErrorCode> = (value, name) => {
  const code = text(40)(value, name)
  return ERROR_CODES.find((known) => known === code) ?? 'ERR_REMOTE'
}

/** A code of one of these classes; any other is ERR_FIELD. */
export const codeOf =
  <C extends ErrorClass>(...classes: readonly C[]): Reader<CodeOf<C>> =>
  (value, name) => {
    const code = text(40)(value, name)
    for (const one of classes) if (isCodeOf(one, code)) return code
    return refuse(name, `a code of ${classes.join(' or ')}`)
  }

export const flag: Reader<boolean> = (value, name) => (typeof value === 'boolean' ? value : refuse(name, 'a boolean'))

export const literal =
  <T extends string | number | null>(...wanted: readonly T[]): Reader<T> =>
  (value, name) =>
    wanted.find((one) => one === value) ??
    (value === null && wanted.includes(null as T) ? (null as T) : refuse(name, wanted.join(' or ')))

export const nullable =
  <T>(reader: Reader<T>): Reader<T | null> =>
  (value, name) =>
    value === null ? null : reader(value, name)

export const list =
  <T>(reader: Reader<T>, min: number, max: number): Reader<T[]> =>
  (value, name) =>
    Array.isArray(value) && value.length >= min && value.length <= max
      ? value.map((one, index) => reader(one, `${name}[${index}]`))
      : refuse(name, `a list of ${min} to ${max}`)

type Shape<T> = { readonly [K in keyof T]: Reader<T[K]> }

/** A map with exactly these keys. */
export const record =
  <T extends object>(shape: Shape<T>): Reader<T> =>
  (value, name) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array)
      return refuse(name, 'a map')
    const fields = new Map<string, unknown>(Object.entries(value))
    const result: Partial<T> = {}
    for (const key of Object.keys(shape) as (keyof T & string)[]) {
      if (!fields.has(key)) refuse(name, `${key} is missing`)
      result[key] = shape[key](fields.get(key), `${name}.${key}`)
      fields.delete(key)
    }
    for (const key of fields.keys()) refuse(name, `${JSON.stringify(key.slice(0, 32))} is unknown`)
    return result as T
  }

/** An array with exactly these items, in this order. */
export const tuple =
  <T extends readonly unknown[]>(...readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (value, name) =>
    Array.isArray(value) && value.length === readers.length
      ? (readers.map((reader, index) => reader(value[index], `${name}[${index}]`)) as unknown as T)
      : refuse(name, `a list of ${readers.length}`)
