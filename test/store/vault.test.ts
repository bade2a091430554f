import assert from 'node:assert/strict'
import { chmod, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { ownBase, rotateIdentity } from '../../src/core/recovery.ts'
import { createVault, openVault, readVault, refuseExisting } from '../../src/store/vault.ts'
import { at, NOW } from '../core/identities.ts'
import { reveals } from '../core/secrets.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { codeOf, contentsOf, identityOf, makeTemporary } from './folders.ts'
import { alice, assertSame, secretsOf, startVault } from './vaults.ts'
import { startChild } from './writer.ts'

/** An identity in its folder, whatever seals it. */

for (const passphrase of [null, 'correct horse'])
  test(`an identity is read as it was written, ${passphrase === null ? 'by its key file' : 'by its passphrase'}`, async (t) => {
    const folder = await makeTemporary(t)
    const made = await createVault(folder, alice, passphrase)
    const opened = await openVault(folder, passphrase)
    for (const { identity } of [made, opened]) assertSame(identity, alice)
    for (const { sealedBy } of [made, opened, await readVault(folder)])
      assert.equal(sealedBy, passphrase === null ? 'key-file' : 'passphrase')
    const renewed = await renewDevice(opened.identity, NOW + 1, seededRandom('renewal'))
    await opened.save(renewed)
    assertSame((await openVault(folder, passphrase)).identity, renewed)
    assert.deepEqual((await readVault(folder)).log, renewed.log)
    assert.deepEqual(
      (await readdir(folder)).toSorted(),
      passphrase === null ? ['handfast.db', 'identity.json', 'identity.key'] : ['handfast.db', 'identity.json'],
    )
  })

test('whatever a clock said when it was made, or says now, a folder opens for its owner, who can go on', async (t) => {
  for (const [index, time] of [0, 1, NOW - 1, NOW + 3 * 86_400, 2 ** 40, Number.MAX_SAFE_INTEGER].entries()) {
    const folder = join(await makeTemporary(t), `${index}`)
    const { identity, phrase } = createIdentity(time, seededRandom(`made at ${time}`))
    await createVault(folder, identity, null)
    const opened = await openVault(folder, null)
    assertSame(opened.identity, identity)
    const renewed = await renewDevice(opened.identity, Math.max(NOW, time), seededRandom('renewed'))
    await opened.save(renewed)
    const rotated = rotateIdentity(ownBase(renewed.log, phrase), phrase, NOW, seededRandom('rotated'))
    await (await openVault(folder, null)).save(rotated)
    const { log } = await readVault(folder)
    assert.deepEqual([log.entries.length, log.epoch, log.last.entry.time], [3, 1, Math.max(NOW, time)])
  }
})

test('no private key stands in identity.json, and what stands there differs each time', async (t) => {
  const { text, folder } = await startVault(t)
  for (const secret of secretsOf(alice)) {
    assert.ok(!reveals(text, secret))
    assert.ok(reveals(Buffer.from(secret).toString('base64url'), secret), 'the check itself works')
  }
  await (await openVault(folder, null)).save(alice)
  const again = JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8'))
  assert.notEqual(again.sealed, JSON.parse(text).sealed)
})

test('folder and files are private from the first byte, whatever the umask', async (t) => {
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  const parent = await makeTemporary(t)
  const folder = join(parent, 'deep', 'er')
  const handle = await open(import.meta.filename)
  await handle.close()
  const prototype: typeof handle = Object.getPrototypeOf(handle)
  const { writeFile: write } = prototype
  const modes: number[] = []
  t.mock.method(prototype, 'writeFile', async function (this: typeof handle, ...args: Parameters<typeof write>) {
    modes.push((await this.stat()).mode & 0o777)
    return write.apply(this, args)
  })
  await createVault(folder, alice, null)
  assert.deepEqual(modes, [0o600, 0o600])
  for (const path of [join(parent, 'deep'), folder]) assert.equal((await stat(path)).mode & 0o777, 0o700, path)
  for (const name of ['identity.json', 'identity.key'])
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
})

test('an identity is never overwritten by a new one, nor are two made at once', async (t) => {
  const { folder } = await startVault(t)
  const before = await contentsOf(folder)
  for (const passphrase of [null, 'x'])
    assert.equal(await codeOf(createVault(folder, identityOf('mallory'), passphrase)), 'ERR_STORE_EXISTS')
  assert.equal(await codeOf(refuseExisting(folder)), 'ERR_STORE_EXISTS')
  assert.deepEqual(await contentsOf(folder), before)

  const shared = join(folder, 'shared')
  assert.equal(await codeOf(refuseExisting(shared)), undefined)
  const identities = Array.from({ length: 8 }, (_, index) => identityOf(`${index}`))
  const codes = await Promise.all(identities.map((one) => codeOf(createVault(shared, one, null))))
  assert.deepEqual(
    codes.filter((code) => code !== 'ERR_STORE_EXISTS'),
    [undefined],
  )
  assertSame((await openVault(shared, null)).identity, at(identities, codes.indexOf(undefined)))
  assert.deepEqual((await readdir(shared)).toSorted(), ['handfast.db', 'identity.json', 'identity.key'])
})

test('nor by another process at the same moment', async (t) => {
  const folder = join(await makeTemporary(t), 'shared')
  const children = [0, 1, 2].map(() => startChild(t, 'create', folder))
  for (const child of children) assert.equal(await child.next(), 'ready')
  for (const child of children) child.go()
  const said = await Promise.all(children.map(async (child) => (await child.next()).split(' ')))
  const winners = said.filter(([code]) => code === 'done')
  assert.equal(winners.length, 1, said.join('; '))
  assert.ok(said.every(([code]) => code === 'done' || code === 'ERR_STORE_EXISTS'))
  assert.deepEqual((await readdir(folder)).toSorted(), ['handfast.db', 'identity.json', 'identity.key'])
  assert.equal(encodeAddress((await openVault(folder, null)).identity.log.id), winners[0]?.[1])
})

test('no identity, and an empty folder to be', async (t) => {
  const folder = await makeTemporary(t)
  for (const place of [folder, join(folder, 'nowhere')]) {
    assert.equal(await codeOf(openVault(place, null)), 'ERR_STORE_MISSING')
    assert.equal(await codeOf(readVault(place)), 'ERR_STORE_MISSING')
  }
  assert.deepEqual(await readdir(folder), [])
})

test('a folder that is a file, and a file that is a folder, are neither missing nor full', async (t) => {
  const folder = await makeTemporary(t)
  const file = join(folder, 'file')
  await writeFile(file, 'mine')
  for (const place of [file, join(file, 'below')]) {
    assert.equal(await codeOf(openVault(place, null)), 'ERR_STORE_IO')
    assert.equal(await codeOf(createVault(place, alice, null)), 'ERR_STORE_IO')
  }
  assert.equal(await readFile(file, 'utf8'), 'mine')
  await mkdir(join(folder, 'data', 'identity.json'), { recursive: true })
  const data = join(folder, 'data')
  for (const work of [() => openVault(data, null), () => createVault(data, alice, null), () => refuseExisting(data)])
    assert.equal(await codeOf(work()), 'ERR_STORE_IO')
  assert.deepEqual(await readdir(data), ['identity.json'])
})

for (const name of ['identity.json', 'identity.key'])
  test(`a link at ${name} that leads nowhere is not written through`, async (t) => {
    const folder = await makeTemporary(t)
    await symlink(join(folder, 'elsewhere'), join(folder, name))
    assert.equal(await codeOf(createVault(folder, alice, null)), 'ERR_STORE_LINK')
    assert.deepEqual((await readdir(folder)).includes('elsewhere'), false)
  })

test('a folder that may not be read or written is called so', async (t) => {
  const { folder, outcome } = await startVault(t)
  await chmod(folder, 0o000)
  const said = await startChild(t, 'trespass', folder).rest()
  await chmod(folder, 0o700)
  assert.deepEqual(said.slice(0, 3), ['ERR_STORE_PERMISSION', 'ERR_STORE_PERMISSION', 'ERR_STORE_PERMISSION'])
  // To another user it is not closed, but another's.
  assert.match(said[3] ?? '', /^ERR_STORE_(PERMISSION|EXPOSED)$/)
  assertSame(await outcome(), alice)
})
