import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, verifyEnvelope } from '../../src/core/cose.ts'
import { ERROR_CODES, HandfastError } from '../../src/core/errors.ts'
import { decrypt, encrypt } from '../../src/fernet.ts'
import { loadGenerators } from '../vectors/generate.ts'
import { COPIED, folders, primitiveVectors } from '../vectors/generate-primitives.ts'
import { listFiles, readFile, type Vector, vectorFile, vectorText } from '../vectors/vector-files.ts'
import { fromHex } from './test-bytes.ts'

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

/** Does what the folder is about and gives what came out, in the words of the vector. */
const RUNNERS: { readonly [folder: string]: (vector: Vector) => Partial<Vector> } = {
  address: (vector) => {
    const id = decodeAddress(text(vector, 'input'))
    assert.equal(encodeAddress(id), text(vector, 'input').toLowerCase())
    return { output: hex(id) }
  },
  cbor: (vector) => {
    const value = decodeCbor(fromHex(text(vector, 'input'))) as CborValue
    assert.equal(hex(encodeCbor(value)), vector.input)
    return { output: value as NonNullable<Vector[string]> }
  },
  cose: (vector) => {
    const envelope = openEnvelope(fromHex(text(vector, 'envelope')))
    const verifies = verifyEnvelope(envelope, fromHex(text(vector, 'publicKey')), text(vector, 'label'))
    return { payload: hex(envelope.payload), verifies }
  },
  fernet: (vector) => {
    const key = text(vector, 'key')
    const now = seconds(vector, 'now')
    const data = decrypt(key, text(vector, 'token'), { now, ttl: seconds(vector, 'ttl') })
    if ('iv' in vector) assert.equal(encrypt(key, data, { now, iv: fromHex(text(vector, 'iv')) }), vector.token)
    return { output: hex(data) }
  },
}

const codeOf = (error: unknown): string => {
  if (error instanceof HandfastError) return error.code
  throw error
}

for (const [folder, run] of Object.entries(RUNNERS))
  for (const file of listFiles(folder).filter((one) => !COPIED[folder]?.includes(one)))
    test(`vectors/${folder}/${file}`, () => {
      const vector: Vector = JSON.parse(readFile(folder, file))
      let result: Partial<Vector>
      try {
        result = run(vector)
      } catch (error) {
        result = { error: codeOf(error) }
      }
      if ('error' in vector) assert.ok((ERROR_CODES as readonly unknown[]).includes(vector.error))
      assert.ok('error' in result || Object.keys(result).length > 0)
      for (const field of ['error', 'output', 'payload', 'verifies'])
        assert.deepEqual(result[field], vector[field], field)
    })

test('the vectors on disk are those that the generator writes, byte for byte', () => {
  const wanted = primitiveVectors({ renew: false })
  assert.deepEqual(Object.keys(wanted).sort(), [...folders].sort())
  for (const [folder, vectors] of Object.entries(wanted)) {
    const files = Object.entries(vectors).map(([name, vector], index) => [vectorFile(index, name), vector] as const)
    assert.deepEqual(listFiles(folder), [...files.map(([file]) => file), ...(COPIED[folder] ?? [])].sort(), folder)
    for (const [file, vector] of files) assert.equal(readFile(folder, file), vectorText(vector), `${folder}/${file}`)
  }
})

test('every folder of vectors belongs to one generator, and every one of ours is run', async () => {
  const owned = (await loadGenerators()).flatMap((generator) => generator.folders)
  const root = new URL('../vectors/', import.meta.url)
  const present = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  assert.deepEqual(present.sort(), [...owned].sort())
  for (const folder of folders) assert.ok(folder in RUNNERS || folder === 'kem', `${folder} is run`)
  assert.ok(existsSync(new URL('kem.test.ts', import.meta.url)), 'kem/ is run there')
})

type SpecCase = { readonly token: string; readonly now: string; readonly ttl_sec?: number; readonly secret: string }
const spec = <T>(name: string): readonly (SpecCase & T)[] => JSON.parse(readFile('fernet', `spec-${name}.json`))
const time = ({ now }: SpecCase): number => Date.parse(now) / 1000

test('Fernet spec generate.json', () => {
  for (const one of spec<{ iv: number[]; src: string }>('generate')) {
    const iv = Uint8Array.from(one.iv)
    assert.equal(encrypt(one.secret, new TextEncoder().encode(one.src), { now: time(one), iv }), one.token)
  }
})

test('Fernet spec verify.json', () => {
  for (const one of spec<{ src: string }>('verify')) {
    const data = decrypt(one.secret, one.token, { now: time(one), ttl: one.ttl_sec })
    assert.equal(new TextDecoder().decode(data), one.src)
  }
})

/** The reason that each description gives. */
const INVALID: { readonly [description: string]: string } = {
  'incorrect mac': 'ERR_FERNET_MAC',
  'too short': 'ERR_FERNET_LENGTH',
  'invalid base64': 'ERR_FERNET_BASE64',
  'payload size not multiple of block size': 'ERR_FERNET_LENGTH',
  'payload padding error': 'ERR_FERNET_PADDING',
  'far-future TS (unacceptable clock skew)': 'ERR_FERNET_FUTURE',
  'expired TTL': 'ERR_FERNET_EXPIRED',
  'incorrect IV (causes padding error)': 'ERR_FERNET_PADDING',
  'trailing characters after b64 padding': 'ERR_FERNET_BASE64',
  'invalid characters in b64': 'ERR_FERNET_BASE64',
  'invalid non-urlsafe characters in b64': 'ERR_FERNET_BASE64',
}

for (const one of spec<{ desc: string }>('invalid'))
  test(`Fernet spec invalid.json: ${one.desc}`, () => {
    assert.throws(() => decrypt(one.secret, one.token, { now: time(one), ttl: one.ttl_sec }), {
      name: 'FernetError',
      code: INVALID[one.desc],
    })
  })
