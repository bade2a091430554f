import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { SEQ_MAX } from '../../../src/core/mutable-value.ts'
import {
  decodeMutableAnswer,
  encodeMutableAnswer,
  encodeMutablePut,
} from '../../../src/directory/stock/stock-format.ts'
import { failsWith, makeBytes } from '../../core/identities.ts'
import { runs } from '../../runs.ts'

/** The bytes of stock nodes, held against HyperDHT's own code. */

type Codec = { readonly [name in 'mutableGetResponse' | 'mutablePutRequest']: object }
type Compact = { encode(codec: object, value: object): Buffer; decode(codec: object, bytes: Uint8Array): object }

const require = createRequire(import.meta.url)
const compact: Compact = createRequire(require.resolve('hyperdht'))('compact-encoding')
const messages: Codec = require('hyperdht/lib/messages.js')

const key = makeBytes('key', 32)
const signature = makeBytes('signature', 64)
const seqs = [0, 1, 252, 253, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 1_767_225_600_000, SEQ_MAX]
const sizes = [0, 1, 252, 253, 951, 986]

test('answers and puts are what HyperDHT writes, at every bound of a number', () => {
  for (const seq of seqs)
    for (const size of sizes) {
      const value = makeBytes('value', size)
      const theirs = Buffer.from(value)
      const answer = compact.encode(messages.mutableGetResponse, { seq, value: theirs, signature })
      assert.deepEqual(Buffer.from(encodeMutableAnswer({ seq, value, signature })), answer)
      assert.deepEqual(decodeMutableAnswer(Uint8Array.from(answer)), { seq, value, signature })
      const put = compact.encode(messages.mutablePutRequest, { publicKey: key, seq, value: theirs, signature })
      assert.deepEqual(Buffer.from(encodeMutablePut({ key, seq, value, signature })), put)
    }
})

test('what is too short, too long, or not the shortest is refused', () => {
  const whole = encodeMutableAnswer({ seq: 300, value: makeBytes('value', 300), signature })
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => decodeMutableAnswer(whole.slice(0, length)), failsWith('ERR_REQUEST_DECODE'))
  assert.throws(() => decodeMutableAnswer(Uint8Array.of(...whole, 0)), failsWith('ERR_REQUEST_DECODE'))
  const long = [
    [0xfd, 1, 0],
    [0xfe, 0xff, 0xff, 0, 0],
    [0xff, 0, 0, 0, 0, 0, 0, 0, 0],
    // Above 2⁵³ − 1: another number once it is read.
    [0xff, 0, 0, 0, 0, 0, 0, 0x20, 0],
    [0xff, 255, 255, 255, 255, 255, 255, 255, 255],
  ]
  for (const seq of long)
    assert.throws(() => decodeMutableAnswer(Uint8Array.of(...seq, 0, ...signature)), failsWith('ERR_REQUEST_DECODE'))
})

test('every answer reads as it was written', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 1_200 }), (seq, value) => {
      const bytes = encodeMutableAnswer({ seq, value, signature })
      assert.deepEqual(decodeMutableAnswer(bytes), { seq, value: Uint8Array.from(value), signature })
    }),
    { numRuns: runs(1_000) },
  )
})
