import assert from 'node:assert/strict'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { writePrivate } from '../../src/store/private-files.ts'
import { openStore } from '../../src/store/store.ts'
import { openVault } from '../../src/store/vault.ts'
import { codeOf, makeTemporary } from './folders.ts'
import { canMount, startChild } from './writer.ts'

/** A crash or a full disk at any moment leaves the old file or the new one. */

const fileHandle = async () => {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as typeof handle
}

test('a process that is killed while it rewrites leaves whole files behind', async (t) => {
  const parent = await makeTemporary(t)
  await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      const folder = join(parent, `${index}`)
      const child = startChild(t, 'rewrite', folder)
      assert.equal(await child.next(), 'ready')
      // Each line comes just before a write begins, so the signal falls somewhere into one.
      for (let line = 0; line < 3 + 4 * index; line++) await child.next()
      await child.kill()
      const { identity } = await openVault(folder, null)
      const store = openStore(folder)
      assert.equal(store.floors.all().length, 2)
      store.close()
      assert.equal(identity.log.entries.length, 1)
      for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
    }),
  )
})

test('the content is on disk before the name points to it, and the name before the call returns', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'file')
  await writePrivate(path, 'old')
  const prototype = await fileHandle()
  const { sync } = prototype
  const seen: string[] = []
  t.mock.method(prototype, 'sync', async function (this: typeof prototype) {
    seen.push(`${(await this.stat()).isDirectory() ? 'folder' : 'file'}: ${await readFile(path, 'utf8')}`)
    return sync.call(this)
  })
  await writePrivate(path, 'new')
  assert.deepEqual(seen, ['file: old', 'folder: new'])
})

const FAILURES: readonly [string, string][] = [
  ['ENOSPC', 'ERR_STORE_FULL'],
  ['EDQUOT', 'ERR_STORE_FULL'],
  ['EROFS', 'ERR_STORE_PERMISSION'],
  ['EACCES', 'ERR_STORE_PERMISSION'],
  ['EPERM', 'ERR_STORE_PERMISSION'],
  ['EIO', 'ERR_STORE_IO'],
  ['EEXIST', 'ERR_STORE_IO'],
]

for (const step of ['writeFile', 'sync'] as const)
  test(`whatever ${step} fails with, the file is as it was and nothing is left beside it`, async (t) => {
    const folder = await makeTemporary(t)
    const path = join(folder, 'file')
    await writePrivate(path, 'old')
    const prototype = await fileHandle()
    for (const [system, code] of FAILURES) {
      const failing = t.mock.method(prototype, step, () => Promise.reject(Object.assign(new Error(), { code: system })))
      assert.equal(await codeOf(writePrivate(path, 'new')), code)
      failing.mock.restore()
      assert.equal(await readFile(path, 'utf8'), 'old')
      assert.deepEqual(await readdir(folder), ['file'])
    }
  })

// Where the system lets a user mount file systems, the same on real ones.
if (canMount) {
  test('a disk that is really full keeps what was there', async (t) => {
    const folder = await makeTemporary(t)
    const said = await startChild(t, 'fill', folder, {
      mount: `mount -t tmpfs -o size=1m,mode=700 tmpfs '${folder}'`,
    }).rest()
    assert.deepEqual(said, ['done', 'full', 'ERR_STORE_FULL', 'ERR_STORE_FULL', 'kept'])
  })

  test('a disk that is really read-only is called so', async (t) => {
    const folder = await makeTemporary(t)
    const said = await startChild(t, 'trespass', folder, {
      mount: `mount -t tmpfs -o ro,mode=700 tmpfs '${folder}'`,
    }).rest()
    assert.equal(said[0], 'ERR_STORE_MISSING')
    assert.deepEqual(
      said.slice(1),
      Array.from({ length: 3 }, () => 'ERR_STORE_PERMISSION'),
    )
  })
}
