import assert from 'node:assert/strict'
import fs from 'node:fs'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { placePart } from '../../src/files/place-part.ts'
import { codeOf, makeTemporary } from '../connection/sides.ts'
import { arriveTwice, startMet } from './file-sides.ts'
import { crashWhenWhole, goOnUnderName, interrupt } from './interruptions.ts'

/** Files that are received to a disk without links, as memory sticks and shares are. */

/** From now on a call of the file system fails as that code says, or as `instead` does. */
const failing = (t: TestContext, name: 'link' | 'rename', code: string, instead?: () => Promise<void>) => {
  const error = Object.assign(new Error(code), { code, syscall: name })
  const { mock } = t.mock.method(fs.promises, name, instead ?? (() => Promise.reject(error)))
  syncBuiltinESMExports()
  const restore = (): void => {
    mock.restore()
    syncBuiltinESMExports()
  }
  t.after(restore)
  return { mock, restore }
}

for (const code of ['EPERM', 'ENOTSUP', 'EXDEV', 'ENOSYS'])
  test(`§2 where a link fails with ${code} a file gets its name all the same, and takes that of no other`, async (t) => {
    const { sides, to, write } = await startMet(t)
    const { mock } = failing(t, 'link', code)
    const written = await write('a.bin', 3 * SIZE)
    await writeFile(join(to, 'a.bin'), 'of another day')
    await arriveTwice(sides, written, to)
    assert.deepEqual((await readdir(to)).toSorted(), ['a (1).bin', 'a (2).bin', 'a.bin'])
    assert.ok(mock.callCount() >= 2)
  })

test('§2 what somebody writes to the name meanwhile is his, and the file takes the next', async (t) => {
  const folder = await makeTemporary(t)
  await writeFile(join(folder, 'part'), 'whole')
  failing(t, 'link', 'EPERM')
  const { lstat } = fs.promises
  let isFirst = true
  t.mock.method(fs.promises, 'lstat', async (path: string, options?: fs.StatOptions) => {
    if (path.endsWith('a.txt') && isFirst) {
      isFirst = false
      await writeFile(path, 'his')
    }
    return lstat(path, options as fs.StatOptions)
  })
  syncBuiltinESMExports()
  assert.equal(await placePart(folder, 'part', 'a.txt'), join(folder, 'a (1).txt'))
  t.mock.restoreAll()
  syncBuiltinESMExports()
  assert.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'his')
  assert.equal(await readFile(join(folder, 'a (1).txt'), 'utf8'), 'whole')
})

test('§2 what cannot move either stays what it was, and leaves no empty file behind', async (t) => {
  const folder = await makeTemporary(t)
  await writeFile(join(folder, 'part'), 'whole')
  failing(t, 'link', 'EPERM')
  const { restore } = failing(t, 'rename', 'EIO')
  assert.equal(await codeOf(placePart(folder, 'part', 'a.txt')), 'EIO')
  restore()
  assert.deepEqual(await readdir(folder), ['part'])
})

test('§2 a crash between the move and the row that says so: it is there once, and nothing comes again', async (t) => {
  const stage = await interrupt(t, 3 * SIZE, 2)
  const part = await crashWhenWhole(stage)
  // The same size, and another file.
  await writeFile(join(stage.to, 'a.bin'), new Uint8Array(3 * SIZE))
  await rename(part, join(stage.to, 'a (1).bin'))
  await goOnUnderName(stage, 'a (1).bin')
})
