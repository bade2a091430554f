import assert from 'node:assert/strict'
import fs from 'node:fs'
import { chmod, chown, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { writeBackupFile } from '../../src/store/backup-file.ts'
import { lockFolder } from '../../src/store/lock.ts'
import { readNodeState, writeNodeState } from '../../src/store/node-state.ts'
import { NO_MODES } from '../../src/store/privacy.ts'
import { openRecordDatabase } from '../../src/store/record-database.ts'
import { openStore } from '../../src/store/store.ts'
import { createVault, openVault, readVault } from '../../src/store/vault.ts'
import { makeBytes } from '../core/identities.ts'
import { codeOf, makeTemporary } from './folders.ts'
import { alice } from './vaults.ts'

/** What others on the machine could read, or change, is refused, with the command that mends it. */

const isPosix = process.geteuid !== undefined
const isRoot = process.geteuid?.() === 0

/** How each file of a data folder is opened. */
const OPENERS: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  'identity.json': (folder) => readVault(folder),
  'identity.key': (folder) => openVault(folder, null),
  'handfast.db': async (folder) => openStore(folder).close(),
  'handfast.db-wal': async (folder) => openStore(folder).close(),
  'handfast.db-shm': async (folder) => openStore(folder).close(),
  'handfast.lock': async (folder) => (await lockFolder(folder)).release(),
  'node.json': (folder) => readNodeState(folder),
  'records.db': async (folder) => openRecordDatabase(folder).close(),
  'mailbox.db': async (folder) => openMailboxStore(folder).close(),
}

/** A folder with all of them in it; `handfast.db` is open. */
const makeWhole = async (t: TestContext, folder?: string): Promise<string> => {
  const whole = folder ?? (await makeTemporary(t))
  await createVault(whole, alice, null)
  const store = openStore(whole)
  t.after(() => store.close())
  for (const name of ['handfast.lock', 'records.db', 'mailbox.db']) await OPENERS[name]?.(whole)
  await writeNodeState(whole, { transportSeed: secretKey(makeBytes('seed', 32)), port: 1 })
  return whole
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'opened',
    (error: unknown) => (error instanceof Error && 'code' in error ? `${error.code} ${error.message}` : String(error)),
  )

if (isPosix) {
  test('every file is private from the first byte, though the umask hides nothing', async (t) => {
    const umask = process.umask(0)
    t.after(() => process.umask(umask))
    const folder = await makeWhole(t, join(await makeTemporary(t), 'alice'))
    await writeBackupFile(join(folder, 'alice.backup'), 'sealed')
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    const names = await readdir(folder)
    for (const name of Object.keys(OPENERS)) assert.ok(names.includes(name), name)
    for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  })

  for (const [name, open] of Object.entries(OPENERS))
    test(`${name} is refused when others may read or write it, until that is mended`, async (t) => {
      const folder = await makeWhole(t)
      const path = join(folder, name)
      for (const mode of [0o666, 0o640, 0o604, 0o620, 0o601]) {
        await chmod(path, mode)
        const said = await refusal(open(folder))
        assert.match(said, /^ERR_STORE_EXPOSED /)
        assert.ok(said.includes(`chmod 600 ${path}`), said)
        assert.equal((await stat(path)).mode & 0o777, mode)
      }
      await chmod(path, 0o600)
      assert.equal(await refusal(open(folder)), 'opened')
      if (!isRoot) return
      await chown(path, 65_534, 0)
      const said = await refusal(open(folder))
      assert.ok(said.startsWith('ERR_STORE_EXPOSED') && said.includes(`chown 0 ${path}`), said)
    })

  test('a folder that others can change is refused by all, and one that they can only list is not', async (t) => {
    const folder = await makeWhole(t)
    for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
      await chmod(folder, mode)
      for (const [name, open] of Object.entries(OPENERS).filter(([name]) => name !== 'node.json'))
        assert.ok((await refusal(open(folder))).includes(`chmod 700 ${folder}`), name)
      assert.equal(await codeOf(createVault(folder, alice, null)), 'ERR_STORE_EXPOSED')
    }
    await chmod(folder, 0o755)
    for (const [name, open] of Object.entries(OPENERS)) assert.equal(await refusal(open(folder)), 'opened', name)
    if (!isRoot) return
    await chown(folder, 65_534, 0)
    assert.match(await refusal(readVault(folder)), /^ERR_STORE_EXPOSED .*chown 0 /)
  })

  test('a place where others can put another folder is refused', async (t) => {
    const parent = await makeTemporary(t)
    const folder = join(parent, 'deep', 'alice')
    await mkdir(join(parent, 'deep'))
    await createVault(folder, alice, null)
    await chmod(parent, 0o777)
    assert.ok((await refusal(readVault(folder))).includes(`chmod go-w ${parent}`))
    assert.equal(await codeOf(createVault(join(parent, 'new'), alice, null)), 'ERR_STORE_EXPOSED')
    // Nobody takes away there what is not his.
    await chmod(parent, 0o1777)
    assert.equal(await refusal(readVault(folder)), 'opened')
    if (!isRoot) return
    await chmod(parent, 0o775)
    assert.equal(await refusal(readVault(folder)), 'opened', 'a group of its own')
    await chown(parent, 0, 65_534)
    assert.match(await refusal(readVault(folder)), /^ERR_STORE_EXPOSED /)
    await chmod(parent, 0o755)
    await chown(parent, 65_534, 0)
    assert.match(await refusal(readVault(folder)), /^ERR_STORE_EXPOSED .*belongs to user 65534/)
  })

  test('a folder by a link is as private as the one it leads to, and as the place of the link', async (t) => {
    const [parent, open] = [await makeTemporary(t), await makeTemporary(t)]
    const folder = join(parent, 'alice')
    await createVault(folder, alice, null)
    const link = join(open, 'alice')
    await symlink(folder, link)
    assert.equal(await refusal(readVault(link)), 'opened')
    await chmod(open, 0o777)
    assert.match(await refusal(readVault(link)), /^ERR_STORE_EXPOSED /)
    await chmod(open, 0o700)
    await chmod(folder, 0o777)
    assert.match(await refusal(readVault(link)), /^ERR_STORE_EXPOSED /)
  })

  test('where the file system keeps no modes, its owner has to say that that is known', async (t) => {
    const folder = await makeWhole(t)
    await mkdir(join(folder, 'elsewhere'))
    // Everything shows the mode that the mount has for all.
    const shown = (found: fs.Stats): fs.Stats => {
      found.mode |= 0o755
      return found
    }
    for (const name of ['lstatSync', 'fstatSync', 'statSync'] as const) {
      const real = fs[name] as (...args: unknown[]) => fs.Stats
      t.mock.method(fs, name, (...args: unknown[]) => {
        const found = real(...args)
        return String(args[0]).startsWith(folder) || name === 'fstatSync' ? shown(found) : found
      })
    }
    syncBuiltinESMExports()
    try {
      const said = await refusal(openVault(folder, null))
      assert.ok(said.startsWith('ERR_STORE_EXPOSED') && said.includes(`touch ${join(folder, NO_MODES)}`), said)
      await writeFile(join(folder, NO_MODES), '')
      for (const [name, open] of Object.entries(OPENERS)) assert.equal(await refusal(open(folder)), 'opened', name)
    } finally {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    }
    // Where modes are kept that says nothing.
    await chmod(join(folder, 'identity.key'), 0o644)
    assert.match(await refusal(openVault(folder, null)), /^ERR_STORE_EXPOSED .*chmod 600/)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })
}

test('what is no file, or a link, is never opened in place of one', async (t) => {
  const folder = await makeWhole(t)
  const [path, aside] = [join(folder, 'identity.json'), join(folder, 'aside')]
  await rename(path, aside)
  await symlink(aside, path)
  assert.equal(await codeOf(readVault(folder)), 'ERR_STORE_LINK')
  await rm(path)
  await mkdir(path)
  assert.equal(await codeOf(readVault(folder)), 'ERR_STORE_IO')
  for (const name of ['records.db', 'mailbox.db', 'handfast.lock']) {
    await rename(join(folder, name), join(folder, `${name}-aside`))
    await symlink(join(folder, `${name}-aside`), join(folder, name))
    assert.equal(await codeOf(OPENERS[name]?.(folder) ?? Promise.resolve()), 'ERR_STORE_LINK', name)
  }
})
