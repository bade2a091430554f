import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { StoreError } from '../../src/core/errors.ts'
import type { Floor } from '../../src/core/floor.ts'
import { STRANGER_FLOORS_MAX } from '../../src/core/limits/store-limits.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { devicesAt } from './backups.ts'
import { makeTemporary } from './folders.ts'

const id = (name: string | number): Uint8Array => makeBytes(`id/${name}`, 32)
const floor = (seq: number): Floor => ({
  epoch: 1,
  seq,
  head: makeBytes(`head/${seq}`, 32),
  devices: devicesAt(1_767_225_600_000 + seq),
})

const open = (t: TestContext, folder: string | null): Store => {
  const store = openStore(folder)
  t.after(() => store.close())
  return store
}

for (const [kind, folderOf] of [
  ['in memory', async () => null],
  ['on disk', makeTemporary],
] as const)
  test(`§3 ${kind}: a floor is what was set last, for each identity`, async (t) => {
    const { floors } = open(t, await folderOf(t))
    assert.equal(floors.get(id('alice')), null)
    floors.update(id('alice'), () => floor(1), true)
    floors.update(id('bob'), () => floor(7), true)
    const seen: unknown[] = []
    floors.update(
      id('alice'),
      (known) => {
        seen.push(known)
        return floor(2)
      },
      true,
    )
    assert.deepEqual(seen, [floor(1)])
    assert.deepEqual([floors.get(id('alice')), floors.get(id('bob'))], [floor(2), floor(7)])
  })

test('§3 floors survive the process, in files that are private', async (t) => {
  const folder = await makeTemporary(t)
  const first = open(t, folder)
  first.floors.update(id('alice'), () => floor(3), true)
  assert.deepEqual(open(t, folder).floors.get(id('alice')), floor(3))
  const names = await readdir(folder)
  assert.ok(names.includes('handfast.db'))
  for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
})

test('§3 what was refused while it was updated changes nothing, not even beside it', async (t) => {
  const store = open(t, await makeTemporary(t))
  store.floors.update(id('alice'), () => floor(1), true)
  const refuse = (): never => {
    throw new StoreError('ERR_STORE_FULL')
  }
  const work = (): void =>
    store.transaction(() => {
      store.floors.update(id('bob'), () => floor(1), true)
      store.floors.update(id('alice'), refuse, true)
    })
  assert.throws(work, { code: 'ERR_STORE_FULL' })
  assert.deepEqual([store.floors.get(id('alice')), store.floors.get(id('bob'))], [floor(1), null])
  store.floors.update(id('alice'), () => floor(2), true)
  assert.deepEqual(store.floors.get(id('alice')), floor(2))
})

test('§3 strangers make room for strangers, never for anyone who was asked for', async (t) => {
  const { floors, transaction } = open(t, await makeTemporary(t))
  transaction(() => {
    floors.update(id('asked'), () => floor(1), true)
    floors.update(id('first caller'), () => floor(1), false)
    floors.update(id('asked later'), () => floor(1), false)
    floors.update(id('asked later'), () => floor(1), true)
    for (let index = 0; index < STRANGER_FLOORS_MAX - 1; index++) floors.update(id(index), () => floor(index), false)
  })
  assert.equal(floors.all().length, STRANGER_FLOORS_MAX + 2)
  // Who calls again is the latest of them.
  floors.update(id('first caller'), () => floor(2), false)
  floors.update(id('one more'), () => floor(1), false)
  assert.equal(floors.get(id(0)), null)
  for (const name of ['asked', 'asked later', 'first caller', 1, 'one more'])
    assert.notEqual(floors.get(id(name)), null, `${name}`)
  // What was asked for stays asked for, also when it calls.
  floors.update(id('asked'), () => floor(2), false)
  const kept = floors.all().filter(({ asked }) => asked)
  assert.deepEqual(kept.map((one) => one.seq).toSorted(), [1, 2])
})

test('§3 two processes on one folder see each other’s floors at once', async (t) => {
  const folder = await makeTemporary(t)
  const [one, other] = [open(t, folder), open(t, folder)]
  one.floors.update(id('alice'), () => floor(5), true)
  const seen: (Floor | null)[] = []
  other.floors.update(
    id('alice'),
    (known) => {
      seen.push(known)
      return known ?? floor(0)
    },
    true,
  )
  assert.deepEqual(seen, [floor(5)])
})
