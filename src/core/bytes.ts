import { timingSafeEqual } from 'node:crypto'

/** Fills `size` fresh bytes; production passes the operating system's generator, vectors a fixed one. */
export type RandomBytes = (size: number) => Uint8Array

const textEncoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => textEncoder.encode(text)

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Whether two byte strings are equal, in time that depends on their lengths only. */
export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A plain Uint8Array over its own memory: no Buffer pool behind it, no prototype surprises for callers. */
export const copyOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)
