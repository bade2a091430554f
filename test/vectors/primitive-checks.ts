import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelopeBy, verifyEnvelope } from '../../src/core/cose.ts'
import { exportEd25519 } from '../../src/core/ed25519.ts'
import { ERROR_CODES } from '../../src/core/errors/codes.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { decapsulate, generateKem } from '../../src/core/kem.ts'
import { exportPublicKey, parsePublicKey } from '../../src/core/key-formats.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { normalizePhrase, phraseKeys } from '../../src/core/recovery-phrase.ts'
import { safetyNumber } from '../../src/core/safety-number.ts'
import { decrypt, encrypt } from '../../src/fernet.ts'
import { fromHex } from '../core/test-bytes.ts'
import { checkFernetSpec } from './fernet-spec.ts'
import type { Json, Vector } from './vector-files.ts'

/** What each vector of the primitives claims, held against the code; a mismatch throws. */

const text = (vector: Vector, field: string): string => {
  const value = vector[field]
  assert.ok(typeof value === 'string', `${field} is text`)
  return value
}

const seconds = (vector: Vector, field: string): number | undefined => {
  const value = vector[field]
  assert.ok(value === undefined || typeof value === 'number', `${field} is a number`)
  return value
}

/** A public key in every form. */
export const keyOutput = (point: Uint8Array) => ({
  point: hex(point),
  jwk: exportPublicKey(point, 'jwk'),
  spki: exportPublicKey(point, 'spki'),
  did: exportPublicKey(point, 'did'),
})

/** What a recovery phrase gives: its seed by BIP-39's own definition, the rest by the code. */
export const phraseOutput = (phrase: string) => {
  const chain = phraseKeys(phrase)
  const seed = pbkdf2Sync(normalizePhrase(phrase), 'mnemonic', 2048, 64, 'sha512')
  const epochOf = (rotation: number) => {
    const { next, slot, after } = chain.epoch(rotation)
    return { next: hex(next), slotSeed: hex(exportEd25519(chain.slot(rotation))), slot: hex(slot), after: hex(after) }
  }
  const rotations = [1, 2, 3, 63].map((rotation) => {
    const root = chain.root(rotation)
    return { rotation, privateKey: hex(exportPrivateKey(root)), root: hex(root.publicKey), ...epochOf(rotation) }
  })
  return { seed: hex(seed), ...epochOf(0), rotations }
}

const runCose = async (vector: Vector): Promise<Partial<Vector>> => {
  const [publicKey, label] = [() => fromHex(text(vector, 'publicKey')), () => text(vector, 'label')]
  if ('answer' in vector) {
    const signer = { publicKey: publicKey(), sign: async () => fromHex(text(vector, 'answer')) }
    return { output: hex(await signEnvelopeBy(fromHex(text(vector, 'payload')), signer, label())) }
  }
  const envelope = openEnvelope(fromHex(text(vector, 'envelope')))
  return { payload: hex(envelope.payload), verifies: verifyEnvelope(envelope, publicKey(), label()) }
}

/** Does what the folder is about and gives what came out, in the words of the vector. */
const RUNNERS: { readonly [folder: string]: (vector: Vector) => Partial<Vector> | Promise<Partial<Vector>> } = {
  address: (vector) => {
    const id = decodeAddress(text(vector, 'input'))
    assert.equal(encodeAddress(id), text(vector, 'input').toLowerCase())
    return { output: hex(id) }
  },
  cbor: (vector) => {
    const value = decodeCbor(fromHex(text(vector, 'input'))) as CborValue
    assert.equal(hex(encodeCbor(value)), vector.input)
    return { output: value as Json }
  },
  cose: runCose,
  fernet: (vector) => {
    const key = text(vector, 'key')
    const now = seconds(vector, 'now')
    const data = decrypt(key, text(vector, 'token'), { now, ttl: seconds(vector, 'ttl') })
    if ('iv' in vector) assert.equal(encrypt(key, data, { now, iv: fromHex(text(vector, 'iv')) }), vector.token)
    return { output: hex(data) }
  },
  phrase: (vector) => ({ output: phraseOutput(text(vector, 'phrase')) }),
  'safety-number': (vector) => ({ output: safetyNumber(fromHex(text(vector, 'a')), fromHex(text(vector, 'b'))) }),
  'key-format': (vector) => ({
    output: keyOutput('point' in vector ? fromHex(text(vector, 'point')) : parsePublicKey(text(vector, 'input'))),
  }),
}

/** The fields in which a vector says what must come out. */
const RESULTS = ['error', 'output', 'payload', 'verifies'] as const

const checkRun = (run: NonNullable<(typeof RUNNERS)[string]>) => async (vector: Vector) => {
  let result: Partial<Vector>
  try {
    result = await run(vector)
  } catch (error) {
    if (!(error instanceof HandfastError)) throw error
    result = { error: error.code }
  }
  if ('error' in vector) assert.ok((ERROR_CODES as readonly unknown[]).includes(vector.error))
  const given = 'answer' in vector ? RESULTS.filter((field) => field !== 'payload') : RESULTS
  for (const field of given) assert.deepEqual(result[field], vector[field], field)
}

/** ML-KEM: the key made of the seed, and what its holder decapsulates. */
const checkKemVector = (vector: Vector): void => {
  const key = generateKem(() => fromHex(text(vector, 'seed')))
  assert.equal(hex(key.publicKey), vector.ek)
  assert.equal(hex(decapsulate(key, fromHex(text(vector, 'ct')))), vector.ss)
}

type Check = (vector: Vector, file: string) => void | Promise<void>

const runs: { readonly [folder: string]: Check } = Object.fromEntries(
  Object.entries(RUNNERS).map(([folder, run]) => [folder, checkRun(run)]),
)

/** How the vectors of each folder are held against the code. */
export const primitiveChecks: { readonly [folder: string]: Check } = {
  ...runs,
  fernet: (vector, file) => (Array.isArray(vector) ? checkFernetSpec(file, vector) : runs.fernet?.(vector, file)),
  kem: checkKemVector,
}
