import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { chunkCount, chunkSize, openChunk, sealChunk, type Transfer } from '../../src/core/chunk.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { failsWith, flip, makeBytes, NOW } from './identities.ts'

const secret = makeBytes('secret', 32)
const IV = makeBytes('iv', 16)
const transferOf = (size: number, name = 'transfer'): Transfer => ({
  id: makeBytes(name, 16),
  secret: secretKey(Uint8Array.from(secret)),
  size,
})
const seal = (transfer: Transfer, index: number, plaintext = makeBytes('plain', chunkSize(transfer.size, index))) =>
  sealChunk(transfer, index, plaintext, NOW, IV)

test('§8 a file is as many chunks as it needs; an empty file is one empty chunk', () => {
  const counts: readonly [number, number][] = [
    [0, 1],
    [1, 1],
    [CHUNK_BYTES - 1, 1],
    [CHUNK_BYTES, 1],
    [CHUNK_BYTES + 1, 2],
    [2 * CHUNK_BYTES, 2],
    [Number.MAX_SAFE_INTEGER, Math.ceil(Number.MAX_SAFE_INTEGER / CHUNK_BYTES)],
  ]
  for (const [size, count] of counts) assert.equal(chunkCount(size), count, `${size}`)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 * CHUNK_BYTES }), (size) => {
      const sizes = Array.from({ length: chunkCount(size) }, (_, index) => chunkSize(size, index))
      assert.equal(
        sizes.reduce((sum, one) => sum + one, 0),
        size,
      )
      assert.ok(sizes.slice(0, -1).every((one) => one === CHUNK_BYTES))
    }),
  )
})

test('§8 every chunk opens in its place, and fits a frame', () => {
  for (const size of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
    const transfer = transferOf(size)
    for (let index = 0; index < chunkCount(size); index++) {
      const plaintext = makeBytes(`${size}/${index}`, chunkSize(size, index))
      const token = seal(transfer, index, plaintext)
      assert.deepEqual(openChunk(transfer, index, token), plaintext)
      assert.ok(token.length + 100 <= FRAME_BYTES_MAX)
    }
  }
})

test('§8 the key is HKDF(id ‖ index ‖ last, secret, "handfast/v1/chunk")', () => {
  const transfer = transferOf(CHUNK_BYTES + 5)
  for (const [index, last] of [
    [0, 0],
    [1, 1],
  ] as const) {
    const salt = Buffer.concat([transfer.id, Buffer.from([0, 0, 0, index, last])])
    const signing = Buffer.from(hkdfSync('sha256', secret, salt, 'handfast/v1/chunk', 32)).subarray(0, 16)
    const token = seal(transfer, index)
    const mac = createHmac('sha256', signing).update(token.subarray(0, -32)).digest()
    assert.deepEqual(Buffer.from(token.subarray(-32)), mac)
  }
})

test('§8 a chunk is not taken for another: not of another place, another file, another secret, nor the end of a longer one', () => {
  const transfer = transferOf(3 * CHUNK_BYTES)
  const token = seal(transfer, 1)
  const others: readonly [Transfer, number][] = [
    [transfer, 0],
    [transfer, 2],
    [transfer, 1 + 2 ** 16],
    [transferOf(3 * CHUNK_BYTES, 'another'), 1],
    [{ ...transfer, secret: secretKey(makeBytes('another', 32)) }, 1],
    // A file cut off after this chunk: there it would be the last one.
    [{ ...transfer, size: 2 * CHUNK_BYTES }, 1],
  ]
  for (const [other, index] of others)
    assert.throws(() => openChunk(other, index, token), failsWith('ERR_FILE_CORRUPT'))
  // Nor does the last chunk pass for one in the middle.
  const end = seal(transferOf(2 * CHUNK_BYTES), 1)
  assert.throws(() => openChunk(transfer, 1, end), failsWith('ERR_FILE_CORRUPT'))
})

test('§8 what is not that chunk, whole and of the right size, is ERR_FILE_CORRUPT', () => {
  const transfer = transferOf(CHUNK_BYTES + 100)
  const token = seal(transfer, 1)
  const broken = [
    new Uint8Array(0),
    token.slice(0, -1),
    token.slice(1),
    Uint8Array.from([...token, 0]),
    makeBytes('noise', token.length),
    seal(transfer, 1, makeBytes('short', 99)),
    seal(transfer, 1, makeBytes('long', 101)),
    seal(transfer, 1, new Uint8Array(0)),
  ]
  for (const one of broken) assert.throws(() => openChunk(transfer, 1, one), failsWith('ERR_FILE_CORRUPT'))
  for (let place = 0; place < token.length; place++)
    assert.throws(() => openChunk(transfer, 1, flip(token, place)), failsWith('ERR_FILE_CORRUPT'))
})

test('§8 there is nothing beyond the last chunk but, after full chunks, an empty one', () => {
  const transfer = transferOf(CHUNK_BYTES)
  assert.deepEqual(openChunk(transfer, 1, seal(transfer, 1, new Uint8Array(0))), new Uint8Array(0))
  assert.throws(() => openChunk(transfer, 1, seal(transfer, 1, makeBytes('x', 1))), failsWith('ERR_FILE_CORRUPT'))
  assert.throws(() => openChunk(transfer, 2, seal(transfer, 2, new Uint8Array(0))), failsWith('ERR_FILE_CORRUPT'))
})
