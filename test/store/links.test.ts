import assert from 'node:assert/strict'
import { chmod, link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPrivate, removePrivate, writePrivate } from '../../src/store/private-files.ts'
import { changePassphrase, createVault, openVault } from '../../src/store/vault.ts'
import { CHEAP, codeOf, contentsOf, makeTemporary } from './folders.ts'
import { alice, assertSame, startVault } from './vaults.ts'

/** A key that is replaced is gone: it does not stay behind a link, under a second name, or in what a crash left. */

for (const name of ['identity.json', 'identity.key'])
  test(`${name} under a second name, or by a link: nothing is replaced, nobody is asked, and it can be mended`, async (t) => {
    const { folder } = await startVault(t)
    const [path, second] = [join(folder, name), join(await makeTemporary(t), 'second')]
    const never = async (): Promise<string> => assert.fail('it was asked')
    await link(path, second)
    const opened = await openVault(folder, null)
    const before = await contentsOf(folder)
    assert.equal(await codeOf(changePassphrase(folder, null, never)), 'ERR_STORE_LINK')
    if (name === 'identity.json') assert.equal(await codeOf(opened.save(alice)), 'ERR_STORE_LINK')
    assert.deepEqual(await contentsOf(folder), before)
    await rm(path)
    await symlink(second, path)
    assert.equal(await codeOf(changePassphrase(folder, null, never)), 'ERR_STORE_LINK')
    assert.equal(await codeOf(openVault(folder, null)), 'ERR_STORE_LINK')
    await rm(path)
    await rename(second, path)
    await changePassphrase(folder, null, async () => 'new', CHEAP)
    assertSame((await openVault(folder, 'new')).identity, alice)
    assert.deepEqual((await readdir(folder)).includes('identity.key'), false)
  })

test('what a crash left of that file is gone with the next that takes its place, and nothing else is', async (t) => {
  const { folder, keyPath } = await startVault(t)
  const key = await readFile(keyPath, 'utf8')
  // Killed after the file had got its name, and before it had lost the other; and before that.
  await link(keyPath, join(folder, '.identity.key.0123456789abcdef.tmp'))
  await writeFile(join(folder, '.identity.key.fedcba9876543210.tmp'), key, { mode: 0o600 })
  await writeFile(join(folder, '.identity.json.0011223344556677.tmp'), '{}', { mode: 0o400 })
  const others = ['.identity.key.0123.tmp', '.node.json.0123456789abcdef.tmp', 'identity.key.0123456789abcdef.tmp']
  for (const other of others) await writeFile(join(folder, other), 'mine')
  await changePassphrase(folder, null, async () => 'new', CHEAP)
  const left = (await readdir(folder)).filter((name) => name.includes('.tmp'))
  assert.deepEqual(left.toSorted(), others.toSorted())
  assertSame((await openVault(folder, 'new')).identity, alice)
})

test('a key file that loses its use is overwritten, not only unnamed, also when it may only be read', async (t) => {
  const folder = await makeTemporary(t)
  const path = join(folder, 'identity.key')
  await writePrivate(path, 'secret')
  await chmod(path, 0o400)
  // Who had it open sees what became of its bytes.
  const { open } = await import('node:fs/promises')
  const file = await open(path, 'r')
  await removePrivate(path)
  assert.equal((await file.readFile()).equals(Buffer.alloc(6)), true)
  await file.close()
  assert.deepEqual(await readdir(folder), [])
  await removePrivate(path)
})

test('a file that may only be read, and one with the longest of names, are replaced whole', async (t) => {
  const folder = await makeTemporary(t)
  for (const name of ['file', 'x'.repeat(255), 'ü'.repeat(127)]) {
    const path = join(folder, name)
    await writePrivate(path, 'old', { create: true })
    await chmod(path, 0o400)
    await writePrivate(path, 'new')
    assert.equal(await readPrivate(path), 'new')
    assert.equal(await codeOf(writePrivate(path, 'newer', { create: true })), 'ERR_STORE_EXISTS')
  }
  assert.equal((await readdir(folder)).length, 3)
})

test('a link is never replaced by another file, wherever it leads', async (t) => {
  const folder = await makeTemporary(t)
  await mkdir(join(folder, 'elsewhere'))
  for (const target of ['file', 'nowhere', 'elsewhere']) {
    await writeFile(join(folder, 'file'), 'theirs')
    await symlink(join(folder, target), join(folder, 'link'))
    assert.equal(await codeOf(writePrivate(join(folder, 'link'), 'ours')), 'ERR_STORE_LINK')
    assert.equal(await codeOf(removePrivate(join(folder, 'link'))), 'ERR_STORE_LINK')
    assert.equal(await codeOf(writePrivate(join(folder, 'link'), 'ours', { create: true })), 'ERR_STORE_EXISTS')
    await rm(join(folder, 'link'))
    assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'theirs')
  }
})

test('a vault is made where a crash left only its key', async (t) => {
  const folder = await makeTemporary(t)
  await writePrivate(join(folder, '.identity.key.0123456789abcdef.tmp'), 'half')
  await createVault(folder, alice, null)
  await changePassphrase(folder, null, async () => 'new', CHEAP)
  assert.equal(
    (await readdir(folder)).some((name) => name.includes('identity.key')),
    false,
  )
})
