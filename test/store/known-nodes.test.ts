import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKnownNodes } from '../../src/store/known-nodes.ts'
import { makeTemporary } from './folders.ts'

const at = (port: number) => ({ host: '192.0.2.1', port })
const many = (count: number, from = 1) => Array.from({ length: count }, (_, index) => at(from + index))

test('nodes seen alive are remembered, the latest first, and 64 of them; so are the places of contacts', async (t) => {
  const folder = await makeTemporary(t)
  const known = await openKnownNodes(folder, '192.0.2.9:1')
  assert.deepEqual(known.places, [])
  await known.remember(many(50))
  await known.remember(many(30, 1_000))
  for (let contact = 0; contact < 100; contact++) known.met(`hf1${contact}`, at(5_000 + contact))
  known.met('hf199', at(6_000))
  await known.remember([at(1_000)])
  const again = await openKnownNodes(folder, '192.0.2.9:1')
  assert.equal(again.places.length, 128)
  assert.deepEqual(again.places[0], at(1_000))
  assert.deepEqual(again.places.slice(30, 32), [at(1), at(2)])
  // Each contact once, and the latest of them.
  assert.deepEqual(again.places.at(-1), at(6_000))
  assert.ok(!again.places.some(({ port }) => port === 5_099 || port === 5_010))
})

test('each network has its own, and a list that keeps a node is the same network', async (t) => {
  const folder = await makeTemporary(t)
  await (await openKnownNodes(folder, 'a.example:1,b.example:1')).remember([at(1)])
  await (await openKnownNodes(folder, 'public')).remember([at(2)])
  const ports = async (network: string) => (await openKnownNodes(folder, network)).places.map(({ port }) => port)
  assert.deepEqual(await ports('b.example:1,c.example:1'), [1])
  assert.deepEqual(await ports('c.example:1'), [])
  assert.deepEqual(await ports('public'), [2])
  // Of more networks than there is room for, those used last.
  for (const network of ['lan', 'd.example:1', 'e.example:1', 'f.example:1'])
    await (await openKnownNodes(folder, network)).remember([at(3)])
  assert.deepEqual(await ports('public'), [])
  assert.deepEqual(await ports('lan'), [3])
})

test('what cannot be read, or is no place, is as nothing, and is written anew', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'nodes.json')
  await (await openKnownNodes(folder, 'lan')).remember([at(1)])
  const good = await readFile(path, 'utf8')
  const bad = (place: string): string => good.replace('192.0.2.1:1', place)
  const texts = ['', '{', 'null', '[]', good.replace('"version": 1', '"version": 2'), good.slice(0, -3)]
  const places = ['evil.example:1', '192.0.2.1:0', '192.0.2.1:65536', '192.0.2.1', '::1:1', '192.0.2.1:1:1', '']
  for (const text of [...texts, ...places.map(bad)]) {
    await writeFile(path, text)
    const known = await openKnownNodes(folder, 'lan')
    assert.deepEqual(known.places, [], text)
    await known.remember([at(7), { host: 'evil.example', port: 1 }])
    assert.deepEqual((await openKnownNodes(folder, 'lan')).places, [at(7)])
  }
})
