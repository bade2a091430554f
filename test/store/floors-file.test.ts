import assert from 'node:assert/strict'
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import type { Floor } from '../../src/core/floor.ts'
import { type Floors, loadFloors, memoryFloors } from '../../src/store/floors-file.ts'
import { makeBytes } from '../core/identities.ts'
import { codeOf, makeTemporary } from './folders.ts'

const id = (name: string | number): Uint8Array => makeBytes(`id/${name}`, 32)
const floor = (seq: number): Floor => ({
  epoch: 1,
  seq,
  head: makeBytes(`head/${seq}`, 32),
  serial: 1_767_225_600_000 + seq,
})

const KINDS: readonly [string, (t: TestContext) => Promise<Floors>][] = [
  ['in memory', async () => memoryFloors()],
  ['on disk', async (t) => loadFloors(await makeTemporary(t))],
]

for (const [kind, make] of KINDS)
  test(`§3 ${kind}: a floor is what was set last, for each identity`, async (t) => {
    const floors = await make(t)
    assert.equal(floors.get(id('alice')), null)
    await floors.set(id('alice'), floor(1))
    await floors.set(id('bob'), floor(7))
    await floors.set(id('alice'), floor(2))
    assert.deepEqual([floors.get(id('alice')), floors.get(id('bob'))], [floor(2), floor(7)])
  })

test('§3 floors survive the process, in a file of their own that is private', async (t) => {
  const folder = await makeTemporary(t)
  const floors = await loadFloors(folder)
  assert.deepEqual(await readdir(folder), [])
  await floors.set(id('alice'), floor(3))
  assert.deepEqual((await loadFloors(folder)).get(id('alice')), floor(3))
  assert.deepEqual(await readdir(folder), ['floors.json'])
  assert.equal((await stat(join(folder, 'floors.json'))).mode & 0o777, 0o600)
})

test('§3 a floor is on disk when set resolves, however many are set at once', async (t) => {
  const folder = await makeTemporary(t)
  const floors = await loadFloors(folder)
  const stored = async (name: string | number): Promise<number> =>
    JSON.parse(await readFile(join(folder, 'floors.json'), 'utf8')).floors[hex(id(name))].seq
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      await floors.set(id(index % 40), floor(index))
      assert.ok((await stored(index % 40)) >= index)
    }),
  )
  const again = await loadFloors(folder)
  for (let name = 0; name < 40; name++) assert.deepEqual(again.get(id(name)), floors.get(id(name)))
  assert.deepEqual(again.get(id(19)), floor(99))
  assert.deepEqual(await readdir(folder), ['floors.json'])
})

/** What every open file inherits its methods from. */
const fileHandle = async () => {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as typeof handle
}

test('those who wait share one write', async (t) => {
  const floors = await loadFloors(await makeTemporary(t))
  const writes = t.mock.method(await fileHandle(), 'writeFile')
  await Promise.all(Array.from({ length: 100 }, (_, index) => floors.set(id(index), floor(index))))
  assert.ok(writes.mock.callCount() <= 2, `${writes.mock.callCount()} writes`)
})

test('§3 what could not be stored is not known either, and is stored when it is tried again', async (t) => {
  const folder = await makeTemporary(t)
  const floors = await loadFloors(folder)
  await floors.set(id('alice'), floor(1))
  const before = await readFile(join(folder, 'floors.json'), 'utf8')
  const disk = t.mock.method(await fileHandle(), 'writeFile', () =>
    Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' })),
  )
  const failing = [
    floors.set(id('alice'), floor(2)),
    floors.set(id('bob'), floor(7)),
    floors.set(id('alice'), floor(3)),
  ]
  for (const work of failing) assert.equal(await codeOf(work), 'ERR_STORE_FULL')
  assert.deepEqual([floors.get(id('alice')), floors.get(id('bob'))], [floor(1), null])
  assert.equal(await readFile(join(folder, 'floors.json'), 'utf8'), before)
  disk.mock.restore()
  await floors.set(id('alice'), floor(2))
  assert.deepEqual((await loadFloors(folder)).get(id('alice')), floor(2))
  assert.deepEqual(await readdir(folder), ['floors.json'])
})

test('a damaged file, or one of another version, is refused and left as it is', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'floors.json')
  const floors = await loadFloors(folder)
  await floors.set(id('alice'), floor(1))
  await floors.set(id('bob'), floor(2))
  const text = await readFile(path, 'utf8')
  const replace = async (changed: string): Promise<unknown> => {
    await writeFile(path, changed)
    const code = await codeOf(loadFloors(folder))
    assert.equal(await readFile(path, 'utf8'), changed)
    return code
  }
  for (let size = 0; size < text.length - 1; size++)
    assert.equal(await replace(text.slice(0, size)), 'ERR_STORE_CORRUPT')

  const key = hex(id('alice'))
  const right = JSON.parse(text).floors[key]
  const wrong: readonly unknown[] = [
    null,
    5,
    true,
    'x',
    '',
    [],
    [right],
    { [key.slice(1)]: right },
    { [`${key}0`]: right },
    { [key.toUpperCase()]: right },
    { [key]: null },
    { [key]: [] },
  ]
  for (const one of wrong)
    assert.equal(await replace(JSON.stringify({ version: 1, floors: one })), 'ERR_STORE_CORRUPT', JSON.stringify(one))
  for (const [field, values] of Object.entries({
    epoch: [null, -1, 0.5, '1', 2 ** 53, undefined],
    seq: [null, -1, {}],
    head: [null, '', right.head.slice(2), `${right.head}00`, right.head.replace(/^../, 'zz'), 5],
    serial: [null, -1, '0'],
    extra: [1],
  }))
    for (const value of values)
      assert.equal(
        await replace(JSON.stringify({ version: 1, floors: { [key]: { ...right, [field]: value } } })),
        'ERR_STORE_CORRUPT',
        `${field} ${value}`,
      )
  for (const one of ['null', '[]', '{}', '{"version":1}']) assert.equal(await replace(one), 'ERR_STORE_CORRUPT')
  for (const version of [0, 2, '1', null])
    assert.equal(await replace(JSON.stringify({ version, floors: {} })), 'ERR_STORE_VERSION')
  assert.equal(await replace(text), undefined)
})

test('a folder that is a file is an error of its own', async (t) => {
  const file = join(await makeTemporary(t), 'file')
  await writeFile(file, 'mine')
  assert.equal(await codeOf(loadFloors(file)), 'ERR_STORE_IO')
})
