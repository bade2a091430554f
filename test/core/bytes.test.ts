import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, copyOf, equal, hex, utf8 } from '../../src/core/bytes.ts'

test('concat joins in order and owns its memory', () => {
  const part = Uint8Array.of(1, 2)
  const whole = concat(part, new Uint8Array(0), Uint8Array.of(3))
  part.fill(9)
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3))
  assert.equal(whole.byteLength, whole.buffer.byteLength)
  assert.deepEqual(concat(), new Uint8Array(0))
})

test('concat of Buffers is a plain Uint8Array', () => {
  const whole = concat(Buffer.from('a'), Buffer.from('b'))
  assert.equal(Object.getPrototypeOf(whole), Uint8Array.prototype)
})

test('equal compares content, whatever the lengths and views', () => {
  const memory = Uint8Array.of(0, 1, 2, 1, 2)
  assert.ok(equal(memory.subarray(1, 3), memory.subarray(3)))
  assert.ok(equal(new Uint8Array(0), new Uint8Array(0)))
  assert.ok(!equal(memory.subarray(1, 3), memory.subarray(0, 2)))
  assert.ok(!equal(memory.subarray(1, 3), memory.subarray(1, 4)))
  assert.ok(!equal(memory, new Uint8Array(0)))
})

test('hex keeps leading zeros', () => {
  assert.equal(hex(Uint8Array.of(0, 15, 255)), '000fff')
  assert.equal(hex(new Uint8Array(0)), '')
})

test('utf8 encodes', () => {
  assert.deepEqual(utf8('a水'), Uint8Array.of(0x61, 0xe6, 0xb0, 0xb4))
})

test('copyOf gives memory of its own and never a Buffer', () => {
  const pooled = Buffer.from('secret')
  const copy = copyOf(pooled)
  pooled.fill(0)
  assert.deepEqual(copy, utf8('secret'))
  assert.equal(Object.getPrototypeOf(copy), Uint8Array.prototype)
  assert.equal(copy.buffer.byteLength, copy.length)
})
