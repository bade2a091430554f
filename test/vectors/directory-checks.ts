import assert from 'node:assert/strict'
import { hex } from '../../src/core/bytes.ts'
import {
  decodeGet,
  decodeGetAnswer,
  decodeGetKemHalf,
  decodeGetKemHalfAnswer,
  decodePut,
  decodePutAnswer,
  encodeMessage,
} from '../../src/directory/request-format.ts'
import { fromHex } from '../core/test-bytes.ts'
import type { MessageKind } from './generate-directory.ts'
import type { Vector } from './vector-files.ts'

/** What each vector of the directory's messages claims, held against the code; a mismatch throws. */

type Message = Parameters<typeof encodeMessage>[0]

export const DECODERS: { readonly [K in MessageKind]: (bytes: Uint8Array) => Message } = {
  get: decodeGet,
  'get-answer': decodeGetAnswer,
  'get-kem-half': decodeGetKemHalf,
  'get-kem-half-answer': decodeGetKemHalfAnswer,
  put: decodePut,
  'put-answer': decodePutAnswer,
}

/** A message with hex in place of bytes, as vectors write it. */
const written = (message: Message): unknown =>
  JSON.parse(JSON.stringify(message, (_, value) => (value instanceof Uint8Array ? hex(value) : value)))

const checkMessage = (vector: Vector & { readonly message?: MessageKind }): void => {
  assert.ok(vector.message !== undefined && typeof vector.input === 'string')
  const decode = DECODERS[vector.message]
  const input = fromHex(vector.input)
  if (vector.error !== undefined) {
    assert.throws(() => decode(input), { code: vector.error })
    return
  }
  const message = decode(input)
  assert.deepEqual(written(message), vector.output)
  if (vector.oneWay !== true) assert.equal(hex(encodeMessage(message)), vector.input)
}

export const directoryChecks: { readonly [folder: string]: (vector: never) => void } = { directory: checkMessage }
