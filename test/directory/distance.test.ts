import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDistances, distanceOf, fractionOf, splice } from '../../src/directory/distance.ts'
import { runs } from '../runs.ts'

const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
const bit = (bytes: Uint8Array, index: number): number => ((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1

test('the distance of a node to itself is nothing, the same both ways, and different for different nodes', () => {
  fc.assert(
    fc.property(id, id, id, (target, a, b) => {
      assert.deepEqual(distanceOf(a, a), new Uint8Array(32))
      assert.deepEqual(distanceOf(a, target), distanceOf(target, a))
      const [far, near] = [distanceOf(a, target), distanceOf(b, target)]
      assert.equal(compareDistances(far, near) === 0, Buffer.compare(a, b) === 0)
      if (fractionOf(far) < fractionOf(near)) assert.ok(compareDistances(far, near) < 0)
    }),
  )
})

test('distances are numbers, big-endian, and part of the whole space', () => {
  const at = (first: number, second = 0): Uint8Array => Uint8Array.of(first, second, ...new Uint8Array(30))
  assert.ok(compareDistances(at(1), at(0, 255)) > 0)
  assert.deepEqual([fractionOf(at(128)), fractionOf(at(64)), fractionOf(at(0, 1))], [0.5, 0.25, 2 ** -16])
  assert.ok(fractionOf(new Uint8Array(32).fill(255)) < 1)
})

test('splice takes so many bits of one and the rest of the other', () => {
  fc.assert(
    fc.property(id, id, fc.integer({ min: 0, max: 256 }), (head, tail, bits) => {
      const spliced = splice(head, tail, bits)
      for (let index = 0; index < 256; index++)
        assert.equal(bit(spliced, index), bit(index < bits ? head : tail, index))
    }),
    { numRuns: runs(50) },
  )
})
