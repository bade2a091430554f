import { createHash } from 'node:crypto'
import type { RandomBytes } from '../../src/core/bytes.ts'

/** Bytes for tests: written as hex, or drawn from a named seed so that every run sees the same. */

export const fromHex = (text: string): Uint8Array => {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error(`not hex: ${text.slice(0, 40)}`)
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** A generator whose n-th call gives SHAKE256(seed, n): never for keys outside a test. */
export const seededRandom = (seed: string): RandomBytes => {
  let call = 0
  return (size) => {
    if (size === 0) return new Uint8Array(0)
    return Uint8Array.from(createHash('shake256', { outputLength: size }).update(`${seed}/${call++}`).digest())
  }
}
