import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { CBOR_DEPTH_MAX } from '../../src/core/limits/protocol-limits.ts'
import { fromHex } from './test-bytes.ts'

const REFUSED = { name: 'EncodingError', code: 'ERR_CBOR' }

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** RFC 8949 Appendix A, the examples inside the protocol's subset. */
const EXAMPLES: readonly (readonly [string, CborValue])[] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['40', new Uint8Array(0)],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '𐅑'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', upTo(25)],
  ['a0', {}],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['826161a161626163', ['a', { b: 'c' }]],
  ['a56161614161626142616361436164614461656145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
]

for (const [encoded, value] of EXAMPLES)
  test(`RFC 8949 App. A ${encoded}`, () => {
    assert.equal(hex(encodeCbor(value)), encoded)
    assert.deepEqual(decodeCbor(fromHex(encoded)), value)
  })

test('RFC 8949 §3 the largest and smallest safe integers', () => {
  for (const [encoded, value] of [
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['3b001ffffffffffffe', Number.MIN_SAFE_INTEGER],
    ['1affffffff', 2 ** 32 - 1],
    ['1b0000000100000000', 2 ** 32],
    ['3affffffff', -(2 ** 32)],
  ] as const) {
    assert.equal(hex(encodeCbor(value)), encoded)
    assert.equal(decodeCbor(fromHex(encoded)), value)
  }
})

test('RFC 8949 §4.2.1 keys are sorted by their encoded bytes: the shorter first', () => {
  const map = { aa: 1, b: 2, '10': 3, a: 4, ü: 5, Z: 6, '': 7 }
  assert.equal(
    hex(encodeCbor(map)),
    `a7${'6007'}${'615a06'}${'616104'}${'616202'}${'62313003'}${'62616101'}${'62c3bc05'}`,
  )
})

test('RFC 8949 §4.2.1 the order in which a map was built does not show', () => {
  assert.deepEqual(encodeCbor({ b: 1, a: 2 }), encodeCbor({ a: 2, b: 1 }))
})

test('minus zero is zero', () => {
  assert.equal(hex(encodeCbor(-0)), '00')
})

test('a number that is no safe integer is not encoded', () => {
  for (const value of [0.5, 1e300, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    assert.throws(() => encodeCbor({ value: [value] }), REFUSED, `${value}`)
})

test('a refused value leaves nothing behind for the next one', () => {
  assert.throws(() => encodeCbor(['before', 0.5]), REFUSED)
  assert.equal(hex(encodeCbor(['a'])), '816161')
})

test('text is decoded as it stands, with a leading U+FEFF and without normalizing', () => {
  for (const text of ['\ufeff', '\ufeffhi', 'a\ufeff', `\ufeff${'x'.repeat(60)}`, 'u\u0308', '\u0000'])
    assert.equal(decodeCbor(encodeCbor(text)), text)
  assert.deepEqual(decodeCbor(encodeCbor({ '\ufeffa': 1, a: 2 })), { '\ufeffa': 1, a: 2 })
})

test('a lone surrogate becomes U+FFFD, as in every text encoder of the platform', () => {
  assert.equal(decodeCbor(encodeCbor('a\ud800')), 'a\ufffd')
})

test('keys that name properties of every object are plain keys', () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length']) {
    const encoded = fromHex(`a1${hex(encodeCbor(key))}01`)
    const value = decodeCbor(encoded)
    assert.ok(typeof value === 'object' && value !== null)
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.deepEqual(Object.entries(value), [[key, 1]])
    assert.deepEqual(encodeCbor(value as CborValue), encoded)
  }
  assert.equal(Object.hasOwn(Object.prototype, '1'), false)
})

test('decoded bytes are plain, and not a view into what was decoded', () => {
  const encoded = Buffer.from('8244010203044105', 'hex')
  const value = decodeCbor(encoded)
  encoded.fill(0)
  assert.ok(Array.isArray(value))
  assert.deepEqual(value, [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5)])
  for (const bytes of value) assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
})

test('encoded bytes are plain and own their memory', () => {
  const encoded = encodeCbor({ a: new Uint8Array(300) })
  assert.equal(Object.getPrototypeOf(encoded), Uint8Array.prototype)
  assert.equal(encoded.buffer.byteLength, encoded.length)
})

const nested = (depth: number): Uint8Array => Uint8Array.from([...new Array<number>(depth - 1).fill(0x81), 0x80])

test('nesting ends at CBOR_DEPTH_MAX lists, or maps, or both', () => {
  assert.doesNotThrow(() => decodeCbor(nested(CBOR_DEPTH_MAX)))
  assert.throws(() => decodeCbor(nested(CBOR_DEPTH_MAX + 1)), REFUSED)
  const maps = (depth: number) => fromHex(`${'a16161'.repeat(depth - 1)}a0`)
  assert.doesNotThrow(() => decodeCbor(maps(CBOR_DEPTH_MAX)))
  assert.throws(() => decodeCbor(maps(CBOR_DEPTH_MAX + 1)), REFUSED)
  const mixed = (pairs: number) => fromHex(`${'81a16161'.repeat(pairs)}00`)
  assert.doesNotThrow(() => decodeCbor(mixed(CBOR_DEPTH_MAX / 2)))
  assert.throws(() => decodeCbor(mixed(CBOR_DEPTH_MAX / 2 + 1)), REFUSED)
})

test('what stands side by side is not nested', () => {
  const flat = Array.from({ length: 1000 }, () => [[1], { a: [] }, {}, []])
  assert.deepEqual(decodeCbor(encodeCbor(flat)), flat)
})

test('64 KiB of nesting, alone or with something wide inside, is refused', () => {
  const wide = Array.from({ length: 29_000 }, () => [0x81, 0x00]).flat()
  const deepThenWide = Uint8Array.from([
    ...new Array<number>(6000).fill(0x81),
    0x99,
    29_000 >> 8,
    29_000 & 255,
    ...wide,
  ])
  assert.throws(() => decodeCbor(new Uint8Array(64 * 1024).fill(0x81)), REFUSED)
  assert.throws(() => decodeCbor(fromHex('a16161'.repeat(21_000))), REFUSED)
  assert.throws(() => decodeCbor(deepThenWide), REFUSED)
})

test('a length of 2^53 costs nothing', () => {
  for (const major of [0x5b, 0x7b, 0x9b, 0xbb])
    assert.throws(() => decodeCbor(Uint8Array.of(major, 0, 31, 255, 255, 255, 255, 255, 255)), REFUSED)
})

test('what is not bytes is refused', () => {
  for (const value of ['00', undefined, null, [0], new ArrayBuffer(1)] as unknown[])
    assert.throws(() => decodeCbor(value as Uint8Array), REFUSED)
})
