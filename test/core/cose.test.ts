import assert from 'node:assert/strict'
import { verify as verifyWithNode } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope, verifyEnvelope } from '../../src/core/cose.ts'
import { ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { generatePrivateKey, importPublicKey, sign } from '../../src/core/p256.ts'
import { runs } from '../runs.ts'
import { refusalOf } from './refusal.ts'
import { fromHex, seededRandom } from './test-bytes.ts'

const random = seededRandom('cose')
const alice = generatePrivateKey(random)
const bob = generatePrivateKey(random)
const LABEL = 'handfast/v1/card'
const PAYLOAD = utf8('payload')
const PROTECTED = fromHex('a10126')
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const envelope = signEnvelope(PAYLOAD, alice, LABEL)

/** Opens and verifies in one go, as every caller does. */
const holds = (bytes: Uint8Array, label = LABEL, publicKey = alice.publicKey): boolean =>
  verifyEnvelope(openEnvelope(bytes), publicKey, label)

test('RFC 9052 §4.2 an envelope is [protected, {}, payload, signature], untagged, deterministic', () => {
  assert.equal(hex(envelope.subarray(0, 6)), '8443a10126a0')
  const [header, unprotected, payload, signature, ...rest] = decodeCbor(envelope) as CborValue[]
  assert.deepEqual([header, unprotected, payload, rest], [PROTECTED, {}, PAYLOAD, []])
  assert.ok(signature instanceof Uint8Array && signature.length === 64)
  const opened = openEnvelope(envelope)
  assert.deepEqual(opened, { payload: PAYLOAD, signature })
})

test('RFC 9052 §4.4 what is signed is ["Signature1", protected, external_aad, payload]', () => {
  const text = (value: string) => concat(Uint8Array.of(0x60 + value.length), utf8(value))
  const bytes = (value: Uint8Array) => concat(Uint8Array.of(0x40 + value.length), value)
  const structure = concat(
    Uint8Array.of(0x84),
    text('Signature1'),
    bytes(PROTECTED),
    bytes(utf8(LABEL)),
    bytes(PAYLOAD),
  )
  const key = { key: importPublicKey(alice.publicKey), dsaEncoding: 'ieee-p1363' } as const
  assert.ok(verifyWithNode('sha256', structure, key, openEnvelope(envelope).signature))
})

test('an envelope holds for its key and its label only', () => {
  assert.equal(holds(envelope), true)
  assert.equal(holds(envelope, LABEL, bob.publicKey), false)
  for (const label of ['', 'handfast/v1/keylog', 'handfast/v1/car', 'handfast/v1/card\0', 'handfast/v1/live-card'])
    assert.equal(holds(envelope, label), false, label)
})

test('label and payload do not run into each other', () => {
  const other = signEnvelope(utf8('dpayload'), alice, 'handfast/v1/car')
  const { signature } = openEnvelope(other)
  assert.equal(verifyEnvelope({ payload: PAYLOAD, signature }, alice.publicKey, LABEL), false)
})

test('§1 the same envelope with a high s is refused', () => {
  const { payload, signature } = openEnvelope(envelope)
  const s = BigInt(`0x${hex(signature.subarray(32))}`)
  const high = concat(signature.subarray(0, 32), fromHex((N - s).toString(16).padStart(64, '0')))
  assert.equal(holds(encodeCbor([PROTECTED, {}, payload, high])), false)
})

test('a public key that is no point is refused', () => {
  assert.throws(() => holds(envelope, LABEL, new Uint8Array(33)), { name: 'KeyError', code: 'ERR_P256_POINT' })
})

const { signature } = openEnvelope(envelope)

/** Each differs from the envelope in one thing. */
const NOT_ENVELOPES: readonly (readonly [string, CborValue])[] = [
  ['another algorithm: ES384', [fromHex('a1013822'), {}, PAYLOAD, signature]],
  ['another algorithm: EdDSA', [fromHex('a10127'), {}, PAYLOAD, signature]],
  ['no protected header', [new Uint8Array(0), {}, PAYLOAD, signature]],
  ['an empty protected map', [fromHex('a0'), {}, PAYLOAD, signature]],
  ['a protected header more: kid', [fromHex('a20126044101'), {}, PAYLOAD, signature]],
  ['a protected header in longer form', [fromHex('a1011806'), {}, PAYLOAD, signature]],
  ['an unprotected header', [PROTECTED, { kid: PAYLOAD }, PAYLOAD, signature]],
  ['the protected header as a map', [{ alg: -7 }, {}, PAYLOAD, signature]],
  ['headers exchanged', [{}, PROTECTED, PAYLOAD, signature]],
  ['unprotected as null', [PROTECTED, null, PAYLOAD, signature]],
  ['unprotected as a list', [PROTECTED, [], PAYLOAD, signature]],
  ['a detached payload', [PROTECTED, {}, null, signature]],
  ['a text payload', [PROTECTED, {}, 'payload', signature]],
  ['a short signature', [PROTECTED, {}, PAYLOAD, signature.subarray(1)]],
  ['a long signature', [PROTECTED, {}, PAYLOAD, concat(signature, Uint8Array.of(0))]],
  ['no signature', [PROTECTED, {}, PAYLOAD]],
  ['one item more', [PROTECTED, {}, PAYLOAD, signature, null]],
  ['COSE_Sign: a list of signatures', [PROTECTED, {}, PAYLOAD, [[PROTECTED, {}, signature]]]],
  ['a map', { 0: PROTECTED, 1: {}, 2: PAYLOAD, 3: signature }],
  ['nothing', null],
  ['the payload alone', PAYLOAD],
]

for (const [name, value] of NOT_ENVELOPES)
  test(`RFC 9052 §4.2 refused: ${name}`, () => {
    assert.throws(() => openEnvelope(encodeCbor(value)), { name: 'EncodingError', code: 'ERR_COSE' })
  })

test('RFC 9052 §4.2 refused: tagged, an integer key in the unprotected header, trailing bytes, nothing at all', () => {
  const integerKey = concat(envelope.subarray(0, 5), fromHex('a10126'), envelope.subarray(6))
  for (const bytes of [
    concat(Uint8Array.of(0xd2), envelope),
    integerKey,
    concat(envelope, Uint8Array.of(0)),
    envelope.subarray(0, -1),
    new Uint8Array(0),
  ])
    assert.throws(() => openEnvelope(bytes), { name: 'EncodingError', code: 'ERR_COSE' })
})

test('§2 an envelope of 900 bytes is read, one of 901 is not', () => {
  const overhead = signEnvelope(new Uint8Array(300), alice, LABEL).length - 300
  const largest = signEnvelope(new Uint8Array(ITEM_BYTES_MAX - overhead), alice, LABEL)
  assert.equal(largest.length, ITEM_BYTES_MAX)
  assert.equal(holds(largest), true)
  const larger = signEnvelope(new Uint8Array(ITEM_BYTES_MAX - overhead + 1), alice, LABEL)
  assert.throws(() => openEnvelope(larger), { name: 'EncodingError', code: 'ERR_COSE_SIZE' })
  assert.throws(() => openEnvelope(new Uint8Array(70_000)), { code: 'ERR_COSE_SIZE' })
})

test('an envelope with any byte changed does not open, or does not hold', () => {
  for (const index of envelope.keys())
    for (const change of [0x01, 0x80, 0xff]) {
      const changed = Uint8Array.from(envelope)
      changed[index] = (changed[index] ?? 0) ^ change
      let held = false
      const refusal = refusalOf(() => {
        held = holds(changed)
      })
      assert.ok(refusal === 'ERR_COSE' || (refusal === null && !held), `byte ${index}: ${refusal}`)
    }
})

test('payloads and labels round-trip, and two envelopes never open to one meaning', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.string({ maxLength: 40 }), (payload, label) => {
      const bytes = signEnvelope(payload, alice, label)
      assert.deepEqual(openEnvelope(bytes).payload, payload)
      assert.equal(holds(bytes, label), true)
      assert.equal(holds(bytes, `${label}x`), false)
      const { signature } = openEnvelope(bytes)
      assert.deepEqual(encodeCbor([PROTECTED, {}, payload, signature]), bytes)
    }),
    { seed: 9052, numRuns: runs(200) },
  )
})

test('random lists of four are refused, with ERR_COSE and nothing else', () => {
  const item = fc.oneof(
    fc.constant(PROTECTED),
    fc.constant({}),
    fc.constant(sign(alice, PAYLOAD)),
    fc.uint8Array({ maxLength: 70 }),
    fc.constant(null),
  )
  fc.assert(
    fc.property(fc.array(item, { minLength: 3, maxLength: 5 }), (items) => {
      const bytes = encodeCbor(items)
      const refusal = refusalOf(() => assert.equal(holds(bytes), false))
      assert.ok(refusal === null || refusal === 'ERR_COSE')
    }),
    { seed: 9053, numRuns: runs(1000) },
  )
})
