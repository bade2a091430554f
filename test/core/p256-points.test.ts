import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatePrivateKey, importPublicKey } from '../../src/core/p256.ts'
import { seededRandom } from './test-bytes.ts'

/** Points are imported once and kept for a while: never the wrong one, and never more than there is room for. */

test('points that are met again, however many come between, are still the same points', () => {
  const drawn = seededRandom('points')
  const points = Array.from({ length: 600 }, () => generatePrivateKey(drawn).publicKey)
  for (const point of [...points, ...points.slice(-200), ...points])
    assert.deepEqual(
      Uint8Array.from(importPublicKey(point).export({ format: 'raw-public', type: 'compressed' })),
      point,
    )
})

test('a point is imported once while few others come, and is forgotten when strangers bring many', () => {
  const drawn = seededRandom('strangers')
  const [own = new Uint8Array(0), ...others] = Array.from({ length: 257 }, () => generatePrivateKey(drawn).publicKey)
  const key = importPublicKey(own)
  for (const other of others.slice(1)) importPublicKey(other)
  assert.ok(importPublicKey(own) === key)
  for (const other of others) importPublicKey(other)
  assert.ok(importPublicKey(own) !== key)
})
