import { hex } from '../../src/core/bytes.ts'
import { safetyNumber } from '../../src/core/safety-number.ts'
import { flip, makeBytes } from '../core/identities.ts'
import type { Vectors } from './vector-files.ts'

/** vectors/safety-number: the identity hashes `a` and `b` have the safety number `output`. */

const alice = makeBytes('vectors/safety-number/alice', 32)
const bob = makeBytes('vectors/safety-number/bob', 32)
const number = (description: string, a: Uint8Array, b: Uint8Array) => ({
  description,
  a: hex(a),
  b: hex(b),
  output: safetyNumber(a, b),
})

export const safetyNumberVectors: Vectors = {
  pair: number('two identities', alice, bob),
  swapped: number('the same for the other side', bob, alice),
  'one-bit': number('one bit of an identity changed', alice, flip(bob)),
  'last-byte': number('two identities that differ in their last byte only', flip(alice), alice),
  zeros: number('the lowest and the highest identity', new Uint8Array(32), new Uint8Array(32).fill(255)),
  self: number('an identity and itself', alice, alice),
}
