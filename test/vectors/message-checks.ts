import assert from 'node:assert/strict'
import { decodeFrame } from '../../src/connection/frames.ts'
import { decodePayload } from '../../src/connection/payloads.ts'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { decodeMailboxAnswer, decodeMailboxRequest } from '../../src/mailbox/mailbox-format.ts'
import { decodeBundle, decodeEnvelope } from '../../src/messages/bundle-format.ts'
import { fromHex } from '../core/test-bytes.ts'
import { json } from './message-cases.ts'
import type { Vector } from './vector-files.ts'

/** What each vector of CBOR messages claims, held against the code; a mismatch throws. */

type Decoders = { readonly [message: string]: (bytes: Uint8Array) => unknown }

/** An envelope with the names of its fields. */
const envelopeFields = (bytes: Uint8Array) => {
  const { hello, message } = decodeEnvelope(bytes)
  return { v: 1, hello, h: message.header, d: message.token }
}

const check =
  (decoders: Decoders) =>
  (vector: Vector & { readonly message?: string }): void => {
    assert.ok(vector.message !== undefined && typeof vector.input === 'string')
    const decode = decoders[vector.message]
    assert.ok(decode !== undefined)
    const input = fromHex(vector.input)
    if (vector.error !== undefined) {
      assert.throws(() => decode(input), { code: vector.error })
      return
    }
    const message = decode(input)
    assert.deepEqual(json(message), vector.output)
    if (vector.oneWay !== true) assert.equal(hex(encodeCbor(message as CborValue)), vector.input)
  }

export const messageChecks: { readonly [folder: string]: (vector: never) => void } = {
  frame: check({ frame: decodeFrame }),
  payload: check({ payload: decodePayload }),
  bundle: check({ envelope: envelopeFields, bundle: decodeBundle }),
  'mailbox-message': check({ request: decodeMailboxRequest, answer: decodeMailboxAnswer }),
}
