import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope, verifyEnvelope } from '../../src/core/cose.ts'
import { LABEL_CARD, LABEL_KEY_LOG, LABEL_LIVE_CARD } from '../../src/core/labels.ts'
import { ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { generatePrivateKey } from '../../src/core/p256.ts'
import { fromHex, seededRandom } from '../core/test-bytes.ts'
import { readVector, type Vectors } from './vector-files.ts'

/**
 * vectors/cose: `envelope` is refused with `error`, or opens to `payload` and then `verifies` or not under `publicKey` for `label`.
 * Where `answer` stands, it is what a signer of `publicKey` gave for `payload` and `label`: `output` is the envelope made of it.
 * ECDSA draws its nonce inside OpenSSL, so an envelope once signed is kept as long as it still says what it should.
 */

const alice = generatePrivateKey(seededRandom('vectors/cose/alice'))
const mallory = generatePrivateKey(seededRandom('vectors/cose/mallory'))
const PROTECTED = fromHex('a10126')
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const bytes32 = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'))

export const coseVectors = ({ renew }: { readonly renew: boolean }): Vectors => {
  /** The envelope written before under this name if it is still right, a new one otherwise. */
  const signed = (name: string, payload: Uint8Array, label: string = LABEL_CARD, key = alice): Uint8Array => {
    const before = renew ? undefined : readVector('cose', name)?.envelope
    if (typeof before === 'string') {
      const opened = openEnvelope(fromHex(before))
      if (hex(opened.payload) === hex(payload) && verifyEnvelope(opened, key.publicKey, label)) return fromHex(before)
    }
    return signEnvelope(payload, key, label)
  }

  const payload = utf8('a card')
  const valid = signed('valid', payload)
  const otherLabel = signed('other-label', payload, LABEL_KEY_LOG)
  const otherKey = signed('other-key', payload, LABEL_CARD, mallory)
  const { signature } = openEnvelope(valid)
  const r = signature.slice(0, 32)
  const s = BigInt(`0x${hex(signature.slice(32))}`)
  const overhead = 75 // array, protected, unprotected, and the heads of a long payload and of the signature, with the signature

  const opens = (
    description: string,
    verifies: boolean,
    envelope: Uint8Array,
    opened = payload,
    label: string = LABEL_CARD,
  ) => ({
    description,
    envelope: hex(envelope),
    publicKey: hex(alice.publicKey),
    label,
    payload: hex(opened),
    verifies,
  })
  const refused = (description: string, envelope: Uint8Array, error = 'ERR_COSE') => ({
    description,
    envelope: hex(envelope),
    error,
  })
  const list = (...items: readonly CborValue[]) => encodeCbor(items)
  const withSignature = (other: Uint8Array) => list(PROTECTED, {}, payload, other)
  const largest = new Uint8Array(ITEM_BYTES_MAX - overhead).fill(7)

  const signer = (description: string, answer: Uint8Array, result: { readonly [field: string]: string }) => ({
    description,
    publicKey: hex(alice.publicKey),
    label: LABEL_CARD,
    payload: hex(payload),
    answer: hex(answer),
    ...result,
  })
  const made = { output: hex(valid) }
  const noSignature = { error: 'ERR_SIGNER' }

  return {
    valid: opens('an envelope', true, valid),
    'empty-payload': opens('no payload bytes', true, signed('empty-payload', new Uint8Array(0)), new Uint8Array(0)),
    'largest-item': opens('900 bytes in all', true, signed('largest-item', largest), largest),

    'other-label': opens('signed for another use', false, otherLabel),
    'live-card-label': opens(
      'a live card passed off as a card',
      false,
      signed('live-card-label', payload, LABEL_LIVE_CARD),
    ),
    'no-label': opens('signed without external_aad', false, signed('no-label', payload, '')),
    'other-key': opens('signed by another key', false, otherKey),
    'payload-changed': opens('another payload', false, list(PROTECTED, {}, utf8('b card'), signature), utf8('b card')),
    'label-into-payload': opens(
      'the end of the label moved into the payload',
      false,
      list(PROTECTED, {}, utf8('da card'), signature),
      utf8('da card'),
      LABEL_CARD.slice(0, -1),
    ),
    'high-s': opens('the same signature with n − s', false, withSignature(concat(r, bytes32(N - s)))),
    'zero-signature': opens('r and s are zero', false, withSignature(new Uint8Array(64))),
    'zero-r': opens('r is zero', false, withSignature(concat(new Uint8Array(32), bytes32(s)))),
    'zero-s': opens('s is zero', false, withSignature(concat(r, new Uint8Array(32)))),
    'r-is-n': opens('r is the group order', false, withSignature(concat(bytes32(N), bytes32(s)))),
    'swapped-r-s': opens('r and s exchanged', false, withSignature(concat(bytes32(s), r))),

    'too-large': refused('901 bytes', unsignedEnvelope(largest.length + 1), 'ERR_COSE_SIZE'),
    empty: refused('no bytes', new Uint8Array(0)),
    'trailing-byte': refused('one byte after the envelope', concat(valid, Uint8Array.of(0))),
    'cut-off': refused('the last byte missing', valid.slice(0, -1)),
    tagged: refused('with the tag of COSE_Sign1', concat(Uint8Array.of(0xd2), valid)),
    'alg-es384': refused('algorithm ES384', list(fromHex('a1013822'), {}, payload, signature)),
    'alg-eddsa': refused('algorithm EdDSA', list(fromHex('a10127'), {}, payload, signature)),
    'no-alg': refused('an empty protected header', list(new Uint8Array(0), {}, payload, signature)),
    'extra-protected': refused('a kid beside the algorithm', list(fromHex('a20126044101'), {}, payload, signature)),
    'long-alg': refused('the algorithm in longer form', list(fromHex('a1013806'), {}, payload, signature)),
    'extra-unprotected': refused('an unprotected header', list(PROTECTED, { kid: payload }, payload, signature)),
    'alg-unprotected': refused(
      'the algorithm in the unprotected header',
      concat(fromHex('8440a10126'), encodeCbor(payload), encodeCbor(signature)),
    ),
    'detached-payload': refused('a payload of null', list(PROTECTED, {}, null, signature)),
    'text-payload': refused('a payload of text', list(PROTECTED, {}, 'a card', signature)),
    'short-signature': refused('a signature of 63 bytes', withSignature(signature.slice(1))),
    'der-signature': refused(
      'a signature in DER',
      withSignature(concat(fromHex('3044022000'), signature, fromHex('00'))),
    ),
    'three-items': refused('no signature', list(PROTECTED, {}, payload)),
    'five-items': refused('one item more', list(PROTECTED, {}, payload, signature, null)),
    'cose-sign': refused(
      'COSE_Sign with a list of signatures',
      list(PROTECTED, {}, payload, [[PROTECTED, {}, signature]]),
    ),
    map: refused('a map', encodeCbor({ payload, signature })),
    'long-length': refused(
      'the payload’s length in longer form',
      concat(fromHex('8443a10126a05806'), payload, encodeCbor(signature)),
    ),
    'key-off-curve': {
      description: 'a public key that is no point',
      envelope: hex(valid),
      publicKey: hex(Uint8Array.of(2, ...new Uint8Array(31), 1)),
      label: LABEL_CARD,
      error: 'ERR_P256_POINT',
    },

    'signer-low-s': signer('a signer that answers with low s', signature, made),
    'signer-high-s': signer('a signer that answers with n − s', concat(r, bytes32(N - s)), made),
    'signer-other-label': signer('a signature for another use', openEnvelope(otherLabel).signature, noSignature),
    'signer-other-key': signer('a signature by another key', openEnvelope(otherKey).signature, noSignature),
    'signer-short': signer('an answer of 63 bytes', signature.slice(1), noSignature),
    'signer-nothing': signer('an answer of no bytes', new Uint8Array(0), noSignature),
    'signer-zeros': signer('an answer of 64 zero bytes', new Uint8Array(64), noSignature),
  }
}

/** An envelope with a payload of this size, signed by nobody. */
const unsignedEnvelope = (size: number): Uint8Array =>
  encodeCbor([PROTECTED, {}, new Uint8Array(size), new Uint8Array(64)])
