import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { decodeCbor } from '../../src/core/cbor.ts'
import { bytes, flag, list, literal, nullable, type Reader, record, text, tuple, uint } from '../../src/core/fields.ts'
import { fromHex } from './test-bytes.ts'

const REFUSED = { name: 'EncodingError', code: 'ERR_FIELD' }

const reads = <T>(reader: Reader<T>, value: T): void => assert.deepEqual(reader(value, 'it'), value)
const refuses = (reader: Reader<unknown>, ...values: readonly unknown[]): void => {
  for (const value of values) assert.throws(() => reader(value, 'it'), REFUSED, inspect(value))
}

test('uint reads 0 to its maximum', () => {
  for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) reads(uint(), value)
  reads(uint(7), 7)
  refuses(uint(7), 8)
  refuses(uint(), -1, -0, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 1n, '1', null, undefined, [1], true)
})

test('bytes reads exactly its size, or its range', () => {
  reads(bytes(2), Uint8Array.of(1, 2))
  reads(bytes(0, 2), new Uint8Array(0))
  refuses(bytes(2), new Uint8Array(1), new Uint8Array(3), 'ab', [1, 2], null, undefined, new Uint16Array(2), {
    length: 2,
  })
  refuses(bytes(1, 2), new Uint8Array(0), new Uint8Array(3))
})

test('bytes gives a plain copy', () => {
  const buffer = Buffer.from('ab')
  const read = bytes(2)(buffer, 'it')
  buffer.fill(0)
  assert.deepEqual(read, Uint8Array.of(0x61, 0x62))
  assert.equal(Object.getPrototypeOf(read), Uint8Array.prototype)
})

test('text reads up to its maximum of UTF-16 units', () => {
  reads(text(3), '')
  reads(text(3), 'abc')
  refuses(text(3), 'abcd', '𐅑𐅑', 1, null, undefined, ['a'], new Uint8Array(1))
})

test('flag reads booleans only', () => {
  reads(flag, true)
  reads(flag, false)
  refuses(flag, 0, 1, 'true', null, undefined, [])
})

test('literal reads one of its values, whatever their truth', () => {
  const reader = literal<'a' | '' | 0 | 1 | null>('a', '', 0, 1, null)
  for (const value of ['a', '', 0, 1, null] as const) reads(reader, value)
  refuses(reader, 'b', 2, false, undefined, '0', [], Number.NaN)
  refuses(literal('a'), null, undefined)
})

test('nullable reads null, or what its reader reads', () => {
  reads(nullable(uint()), null)
  reads(nullable(uint()), 0)
  refuses(nullable(uint()), undefined, false, '')
})

test('list reads within its bounds, and every item', () => {
  reads(list(uint(), 0, 2), [])
  reads(list(uint(), 1, 2), [1, 2])
  refuses(list(uint(), 1, 2), [], [1, 2, 3], [1, 'a'], [null], new Uint8Array(2), { length: 1, 0: 1 }, 'a', null)
})

test('tuple reads exactly its items, in order', () => {
  reads(tuple<[number, string]>(uint(), text(2)), [1, 'a'])
  refuses(tuple<[number, string]>(uint(), text(2)), [1], [1, 'a', null], ['a', 1], [], null, { 0: 1, 1: 'a' })
})

const point = record<{ x: number; y: number | null }>({ x: uint(), y: nullable(uint()) })

test('record reads exactly its fields', () => {
  reads(point, { x: 1, y: null })
  reads(record({}), {})
  refuses(point, {}, { x: 1 }, { x: 1, y: 2, z: 3 }, { x: 1, y: undefined }, { x: -1, y: 1 }, { X: 1, y: 2 })
  refuses(point, null, undefined, [], [1, 2], new Uint8Array(0), 'x', 1)
})

test('record does not take inherited properties for fields', () => {
  refuses(point, Object.create({ x: 1, y: 2 }), Object.assign(Object.create({ x: 1 }), { y: 2 }))
  refuses(record<{ toString: number }>({ toString: uint() }), {})
  refuses(record<{ constructor: number }>({ constructor: uint() }), {})
})

test('record refuses __proto__, constructor and toString as unknown keys, and no prototype changes', () => {
  for (const key of ['695f5f70726f746f5f5f', '6b636f6e7374727563746f72', '68746f537472696e67']) {
    refuses(record({}), decodeCbor(fromHex(`a1${key}a0`)))
    refuses(point, decodeCbor(fromHex(`a3617801617902${key}a1617801`)))
  }
  const inherited = decodeCbor(fromHex('a1695f5f70726f746f5f5fa2617801617902')) // { __proto__: { x: 1, y: 2 } }
  refuses(point, inherited)
})

test('readers nest', () => {
  const shape = record<{ points: { x: number; y: number | null }[] }>({ points: list(point, 1, 2) })
  reads(shape, { points: [{ x: 1, y: 2 }] })
  refuses(shape, { points: [{ x: 1, y: 'a' }] }, { points: [] })
})
