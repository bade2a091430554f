import assert from 'node:assert/strict'
import fs from 'node:fs'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { placePart } from '../../src/files/place-part.ts'
import { codeOf, makeTemporary } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { addresses, chunksOf, nextOffer, sha256, startMet, untilFiles } from './file-sides.ts'
import { interrupt, partOf } from './interruptions.ts'

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
    const { path, content } = await write('a.bin', 3 * SIZE)
    await writeFile(join(to, 'a.bin'), 'of another day')
    // Two of one name at once.
    const sent = [await sides.alice.api.send(addresses.bob, path), await sides.alice.api.send(addresses.bob, path)]
    for (const _ of sent) await (await nextOffer(sides.bob)).accept(to)
    for (const { id } of sent) await sides.alice.api.finished(id)
    await untilFiles(to, 3)
    assert.deepEqual((await readdir(to)).toSorted(), ['a (1).bin', 'a (2).bin', 'a.bin'])
    assert.equal(await readFile(join(to, 'a.bin'), 'utf8'), 'of another day')
    for (const name of ['a (1).bin', 'a (2).bin']) assert.equal(sha256(await readFile(join(to, name))), sha256(content))
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
  const part = await partOf(stage)
  await writeFile(part, stage.content)
  stage.sides.bob.store.transfers.keep(stage.accepted, 3, NOW * 1000)
  await stage.crash('bob')
  // The same size, and another file.
  await writeFile(join(stage.to, 'a.bin'), new Uint8Array(3 * SIZE))
  await rename(part, join(stage.to, 'a (1).bin'))
  const { pair } = await stage.meet()
  const saved = await stage.sides.bob.api.finished(stage.accepted)
  assert.equal(saved.path, join(stage.to, 'a (1).bin'))
  await stage.sides.alice.api.finished(stage.sent)
  assert.equal(chunksOf(pair), 0)
  await untilFiles(stage.to, 2)
})
