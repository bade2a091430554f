import assert from 'node:assert/strict'
import { sign as signWithNode } from 'node:crypto'
import { test } from 'node:test'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { openEnvelope, signEnvelopeBy, verifyEnvelope } from '../../src/core/cose.ts'
import { createLog, createLogBy, updateLog, updateLogBy, verifyLog } from '../../src/core/key-log.ts'
import { LABEL_CARD } from '../../src/core/labels.ts'
import { keySigner, lowerS, type Signer, sign, verify } from '../../src/core/p256.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  failsWith,
  flip,
  makeBytes,
  makeIdentity,
  makeKey,
  NOW,
  publicOf,
} from './identities.ts'
import { fromHex } from './test-bytes.ts'

/** Keys that live elsewhere: whatever a token answers, only a low-s signature of the right key gets into an envelope. */

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const alice = makeIdentity('alice')
const root = at(alice.roots, 0)
const other = makeKey('other')
const PAYLOAD = utf8('payload')
const content = { devices: publicOf(alice.devices), time: NOW }
const next = commitmentAfter(alice, 0)

const sOf = (signature: Uint8Array): bigint => BigInt(`0x${hex(signature.subarray(32))}`)
const withS = (signature: Uint8Array, s: bigint): Uint8Array =>
  fromHex(hex(signature.subarray(0, 32)) + s.toString(16).padStart(64, '0'))
const isLow = (signature: Uint8Array): boolean => sOf(signature) <= N / 2n

const signerOf = (answer: (message: Uint8Array) => Uint8Array, publicKey = root.publicKey): Signer => ({
  publicKey,
  sign: async (message) => answer(message),
})
const highSigner = signerOf((message) => {
  const signature = sign(root, message)
  return withS(signature, N - sOf(signature))
})

/** Each way in which something is signed by a signer, down to the envelope. */
const ways: { readonly [name: string]: (signer: Signer) => Promise<Uint8Array> } = {
  signEnvelopeBy: (signer) => signEnvelopeBy(PAYLOAD, signer, LABEL_CARD),
  createLogBy: async (signer) => (await createLogBy(signer, next, content)).last.envelope,
  updateLogBy: async (signer) => (await updateLogBy(alice.log, signer, content)).last.envelope,
}

test('§1 of the two equivalent signatures lowerS gives the lower', () => {
  for (let round = 0; round < 8; round++) {
    const message = makeBytes(`message ${round}`, 20)
    const low = sign(root, message)
    const high = withS(low, N - sOf(low))
    assert.equal(lowerS(low), low)
    assert.deepEqual(lowerS(high), low)
    assert.deepEqual(
      [verify(root.publicKey, message, high), verify(root.publicKey, message, lowerS(high))],
      [false, true],
    )
  }
  const [half, above] = [withS(new Uint8Array(64), N / 2n), withS(new Uint8Array(64), N / 2n + 1n)]
  assert.equal(lowerS(half), half)
  assert.deepEqual(lowerS(above), half)
  for (const size of [0, 63, 65]) {
    const bytes = new Uint8Array(size).fill(255)
    assert.equal(lowerS(bytes), bytes)
  }
})

test('§1 lowerS does not change the bytes it was given', () => {
  const high = withS(makeBytes('r', 32), N - 1n)
  const copy = Uint8Array.from(high)
  assert.equal(sOf(lowerS(high)), 1n)
  assert.deepEqual(high, copy)
})

test('a key of this process signs as its signer does', async () => {
  const signer = keySigner(root)
  assert.deepEqual(signer.publicKey, root.publicKey)
  const signature = await signer.sign(PAYLOAD)
  assert.ok(isLow(signature) && verify(root.publicKey, PAYLOAD, signature))
})

test('§2 a log created and continued by a signer is one like any other', async () => {
  const created = await createLogBy(keySigner(root), next, content)
  const updated = await updateLogBy(created, keySigner(root), { ...content, time: NOW + 5 })
  assert.deepEqual(verifyLog(created.id, envelopesOf(updated)), updated)
  assert.deepEqual(created.last.entry, createLog(root, next, content).last.entry)
  assert.deepEqual(updated.last.entry, updateLog(created, root, { ...content, time: NOW + 5 }).last.entry)
  const retired = await updateLogBy(updated, keySigner(root), { ...content, time: NOW + 5, status: 'retired' })
  assert.equal(retired.last.entry.status, 'retired')
  await assert.rejects(
    updateLogBy(retired, keySigner(root), { ...content, time: NOW + 5 }),
    failsWith('ERR_LOG_RETIRED'),
  )
})

test('§2 a signer with another root key does not continue a log', async () => {
  await assert.rejects(updateLogBy(alice.log, keySigner(other), content), failsWith('ERR_LOG_ROOT'))
  await assert.rejects(updateLogBy(alice.log, keySigner(at(alice.roots, 1)), content), failsWith('ERR_LOG_ROOT'))
})

test('§1 an envelope by a signer holds for its key and its label', async () => {
  const envelope = openEnvelope(await signEnvelopeBy(PAYLOAD, keySigner(root), LABEL_CARD))
  assert.deepEqual(envelope.payload, PAYLOAD)
  assert.equal(verifyEnvelope(envelope, root.publicKey, LABEL_CARD), true)
  assert.equal(verifyEnvelope(envelope, other.publicKey, LABEL_CARD), false)
  assert.equal(verifyEnvelope(envelope, root.publicKey, 'handfast/v1/keylog'), false)
})

const der = (message: Uint8Array) => Uint8Array.from(signWithNode('sha256', message, { key: root.key }))
const answers: { readonly [name: string]: (message: Uint8Array) => Uint8Array } = {
  'of another key': (message) => sign(other, message),
  'of another message': (message) => sign(root, flip(message)),
  'in DER': der,
  'a byte short': (message) => sign(root, message).subarray(1),
  'a byte long': (message) => Uint8Array.of(...sign(root, message), 0),
  'with one bit changed': (message) => flip(sign(root, message)),
  'with r and s swapped': (message) =>
    Uint8Array.of(...sign(root, message).subarray(32), ...sign(root, message).subarray(0, 32)),
  'that is empty': () => new Uint8Array(0),
  'of zeros': () => new Uint8Array(64),
  'of ones': () => new Uint8Array(64).fill(255),
  'with s = n': (message) => withS(sign(root, message), N),
  'with s + n above n': (message) => withS(sign(root, message), N + 5n),
  'of noise': () => makeBytes('noise', 64),
}

for (const [name, signed] of Object.entries(ways)) {
  test(`§1 ${name}: a high-s answer gets in with its lower s`, async () => {
    const { signature } = openEnvelope(await signed(highSigner))
    assert.ok(isLow(signature))
  })

  test(`§1 ${name}: a signature that Node's Buffer holds is as good`, async () => {
    assert.ok((await signed(signerOf((message) => Buffer.from(sign(root, message))))).length > 64)
  })

  for (const [kind, answer] of Object.entries(answers))
    test(`§1 ${name}: an answer ${kind} is refused`, async () => {
      await assert.rejects(signed(signerOf(answer)), { name: 'KeyError', code: 'ERR_SIGNER' })
    })

  test(`§1 ${name}: what the signer throws comes out as it is`, async () => {
    const failure = new Error('the token was pulled out')
    const rejecting: Signer = { publicKey: root.publicKey, sign: () => Promise.reject(failure) }
    const throwing = signerOf(() => {
      throw failure
    })
    for (const signer of [rejecting, throwing]) await assert.rejects(signed(signer), (error) => error === failure)
  })

  test(`§1 ${name}: a signer whose key is no point is refused`, async () => {
    const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1)
    const signer = signerOf((message) => sign(root, message), offCurve)
    await assert.rejects(signed(signer), failsWith('ERR_P256_POINT'))
  })
}
