import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFairCache } from '../../src/network/fair-cache.ts'

/** What others put is bounded by count and bytes, and nobody fills it alone. */

const open = (entries = 100, bytes = 10_000) => {
  const state = { now: 0, source: 'Alice' }
  const gone: string[] = []
  const parts = { source: () => state.source, now: () => state.now, onGone: (key: string) => void gone.push(key) }
  const cache = createFairCache<Uint8Array>({ entries, bytes, age: 1_000, sizeOf: ({ length }) => length, ...parts })
  const put = (source: string, key: string, size = 10): void => {
    state.source = source
    cache.set(key, new Uint8Array(size))
  }
  return { cache, put, state, gone }
}

const has = (cache: { get(key: string): unknown }, ...keys: string[]): boolean =>
  keys.every((key) => cache.get(key) !== null)

test('a flood from one network pushes out only what came from there', () => {
  const { cache, put } = open()
  for (let index = 0; index < 40; index++) put(index % 2 === 0 ? 'Alice' : 'Bob', `kept ${index}`)
  for (let index = 0; index < 65_536; index++) put('Mallory', `flood ${index}`)
  assert.ok(has(cache, ...Array.from({ length: 40 }, (_, index) => `kept ${index}`)))
  assert.equal(cache.size, 100)
  // The newest of the flood are what is left of it.
  assert.ok(has(cache, 'flood 65535') && !has(cache, 'flood 0'))
})

test('bytes are counted as well as values', () => {
  const { cache, put } = open()
  for (let index = 0; index < 9; index++) put('Alice', `kept ${index}`, 500)
  for (let index = 0; index < 1_000; index++) put('Mallory', `flood ${index}`, 1_000)
  assert.ok(has(cache, ...Array.from({ length: 9 }, (_, index) => `kept ${index}`)))
  assert.ok(cache.bytes <= 10_000 && cache.size < 20)
})

test('who repeats what is another’s, before or after him, and floods from there pushes nothing of his out', () => {
  for (const first of ['Alice', 'Mallory']) {
    const { cache, put } = open()
    const second = first === 'Alice' ? 'Mallory' : 'Alice'
    const keys = Array.from({ length: 20 }, (_, index) => `kept ${index}`)
    for (const source of [first, second]) for (const key of keys) put(source, key)
    for (let index = 0; index < 1_000; index++) put('Mallory', `flood ${index}`)
    assert.ok(has(cache, ...keys), first)
  }
})

test('a value is gone at its age, unless it was put again', () => {
  const { cache, put, state, gone } = open()
  put('Alice', 'once')
  put('Alice', 'again')
  state.now = 900
  put('Alice', 'again')
  state.now = 1_001
  assert.ok(!has(cache, 'once') && has(cache, 'again'))
  state.now = 5_000
  put('Bob', 'new')
  assert.deepEqual([cache.size, gone], [1, ['once', 'again']])
})

test('what is the node’s own stays, and nobody puts another in its place', () => {
  const { cache, put } = open()
  cache.retain('own', Uint8Array.of(1))
  put('Mallory', 'own', 3)
  for (let index = 0; index < 1_000; index++) put('Mallory', `flood ${index}`)
  assert.deepEqual(cache.get('own'), Uint8Array.of(1))
  assert.ok(cache.delete('own') && !cache.delete('own') && cache.get('own') === null)
})

test('whatever is put and deleted, bounds and counts hold, and a network with less than its share loses nothing', () => {
  const step = fc.record({
    source: fc.nat(3),
    key: fc.nat(30),
    size: fc.integer({ min: 1, max: 400 }),
    remove: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { cache, put, gone } = open(20, 2_000)
      const present = new Set<string>()
      for (const { source, key, size, remove } of steps) {
        const name = `${source} ${key}`
        if (remove) assert.equal(cache.delete(name), present.has(name))
        else put(`${source}`, name, size)
        if (!remove) present.add(name)
        for (const one of gone.splice(0)) present.delete(one)
        assert.ok(cache.size <= 20 && cache.bytes <= 2_000)
        assert.equal(cache.size, present.size)
        const sizes = [...present].map((one) => cache.get(one)?.length ?? Number.NaN)
        assert.equal(
          cache.bytes,
          sizes.reduce((sum, one) => sum + one, 0),
        )
      }
      // Four values of 90 bytes are no more than a fifth of both bounds.
      for (let index = 0; index < 4; index++) put('Alice', `kept ${index}`, 90)
      for (const { source, key, size } of steps) put(`${source}`, `${source} ${key}`, size)
      assert.ok(has(cache, ...Array.from({ length: 4 }, (_, index) => `kept ${index}`)))
    }),
  )
})
