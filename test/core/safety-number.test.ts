import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { safetyNumber } from '../../src/core/safety-number.ts'
import { seededRandom } from './test-bytes.ts'

const random = seededRandom('safety number')
const alice = random(32)
const bob = random(32)
const mallory = random(32)

test('§7 a safety number is 12 groups of 5 digits', () => {
  assert.match(safetyNumber(alice, bob), /^\d{5}( \d{5}){11}$/)
})

test('§7 both sides read the same number', () => {
  assert.equal(safetyNumber(alice, bob), safetyNumber(bob, alice))
})

test('§7 another peer, or one bit of an address, gives another number', () => {
  const almostBob = Uint8Array.from(bob)
  almostBob[31] = (almostBob[31] ?? 0) ^ 1
  const numbers = [
    safetyNumber(alice, bob),
    safetyNumber(alice, mallory),
    safetyNumber(mallory, bob),
    safetyNumber(alice, almostBob),
    safetyNumber(alice, alice),
  ]
  assert.equal(new Set(numbers).size, numbers.length)
  const groups = numbers.map((number) => number.split(' '))
  for (const [index, group] of (groups[0] ?? []).entries()) assert.notEqual(group, groups[3]?.[index])
})

test('§7 the digits are HKDF over the ordered addresses, 5 bytes a group', () => {
  const [low, high] = Buffer.compare(alice, bob) < 0 ? [alice, bob] : [bob, alice]
  const stream = hkdfSync('sha256', Buffer.concat([low, high]), '', 'handfast/v1/safety-number', 60)
  const groups = Array.from({ length: 12 }, (_, group) => {
    const number = Array.from(new Uint8Array(stream, 5 * group, 5)).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
    return (number % 100_000n).toString().padStart(5, '0')
  })
  assert.equal(safetyNumber(alice, bob), groups.join(' '))
})

test('§7 groups keep their leading zeros', () => {
  const numbers = Array.from({ length: 40 }, () => safetyNumber(random(32), random(32)))
  assert.ok(numbers.some((number) => /(^| )0/.test(number)))
  for (const number of numbers) assert.equal(number.length, 71)
})
