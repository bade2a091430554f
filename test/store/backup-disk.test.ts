import assert from 'node:assert/strict'
import fs from 'node:fs'
import { mkdir, open, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readBackupFile, refuseTaken, writeBackupFile } from '../../src/store/backup-file.ts'
import { sealCheap } from './backups.ts'
import { codeOf, makeTemporary } from './folders.ts'

/** How the file of a backup gets to its place, and from there. */

const PATH = 'alice.backup'
const text = await sealCheap()

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

/** From now on `link` fails as on a file system that has none, as those of memory sticks. */
const withoutLinks = (t: TestContext): void => {
  const error = Object.assign(new Error(), { code: 'EPERM', syscall: 'link' })
  const { mock } = t.mock.method(fs.promises, 'link', () => Promise.reject(error))
  syncBuiltinESMExports()
  t.after(() => {
    assert.ok(mock.callCount() > 0)
    mock.restore()
    syncBuiltinESMExports()
  })
}

for (const links of [true, false])
  test(`${links ? 'with' : 'without'} links: a new file, for its owner only, and never over another one`, async (t) => {
    if (!links) withoutLinks(t)
    const folder = await makeTemporary(t)
    const path = join(folder, PATH)
    await refuseTaken(path)
    await writeBackupFile(path, text)
    assert.deepEqual([await readFile(path, 'utf8'), await modeOf(path)], [text, 0o600])
    await symlink(join(folder, 'elsewhere'), join(folder, 'link'))
    await mkdir(join(folder, 'folder'))
    for (const taken of [PATH, 'link', 'folder']) {
      assert.equal(await codeOf(refuseTaken(join(folder, taken))), 'ERR_FILE_WRITE')
      assert.equal(await codeOf(writeBackupFile(join(folder, taken), 'other')), 'ERR_FILE_WRITE')
    }
    assert.deepEqual((await readdir(folder)).toSorted(), [PATH, 'folder', 'link'])
    assert.equal(await readFile(path, 'utf8'), text)
    assert.equal(await readBackupFile(path), text)
  })

for (const step of ['writeFile', 'sync'] as const)
  for (const links of [true, false])
    test(`${links ? 'with' : 'without'} links: when ${step} fails nothing is left`, async (t) => {
      const folder = await makeTemporary(t)
      const handle = await open(import.meta.filename)
      await handle.close()
      const prototype: typeof handle = Object.getPrototypeOf(handle)
      if (!links) withoutLinks(t)
      for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
        const original = prototype[step] as (this: unknown, ...args: unknown[]) => Promise<void>
        // Without links the first attempt ends at the link: let it get there.
        let passes = links ? 0 : 1
        t.mock.method(prototype, step, function (this: unknown, ...args: unknown[]) {
          passes -= 1
          return passes >= 0 ? original.apply(this, args) : Promise.reject(Object.assign(new Error(), { code }))
        })
        assert.equal(await codeOf(writeBackupFile(join(folder, PATH), text)), 'ERR_FILE_WRITE', code)
        ;(prototype[step] as unknown as { mock: { restore(): void } }).mock.restore()
        assert.deepEqual(await readdir(folder), [])
      }
    })

test('a folder that is not there is called by the file’s name', async (t) => {
  const folder = await makeTemporary(t)
  const error = await writeBackupFile(join(folder, 'none', PATH), text).catch((failure: unknown) => failure)
  assert.ok(error instanceof Error && error.message.includes(join('none', PATH)))
  assert.equal(await codeOf(Promise.reject(error)), 'ERR_FILE_WRITE')
})

test('a file that is none, a folder or endless is not read', async (t) => {
  const folder = await makeTemporary(t)
  assert.equal(await codeOf(readBackupFile(join(folder, PATH))), 'ERR_FILE_READ')
  assert.equal(await codeOf(readBackupFile(folder)), 'ERR_FILE_READ')
  assert.equal(await codeOf(readBackupFile('/dev/zero')), 'ERR_STORE_CORRUPT')
})
