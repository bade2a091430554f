import assert from 'node:assert/strict'
import { cp, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { backup, restore } from '../../src/identity/backup.ts'
import { lockFolder } from '../../src/store/lock.ts'
import { mergeInto, type Remembered, remember } from '../../src/store/remembered.ts'
import { openStore } from '../../src/store/store.ts'
import { createVault, openVault } from '../../src/store/vault.ts'
import { cheapPassphrases } from '../cheap-passphrases.ts'
import { type Child, startScript } from '../cli/child.ts'
import { NOW } from '../core/identities.ts'
import { allRuns, places } from '../runs.ts'
import {
  bob,
  contactOf,
  devicesAt,
  floorAt,
  nothing,
  PASSPHRASE,
  remembered,
  renew,
  sealCheap,
  stranger,
} from '../store/backups.ts'
import { codeOf, contentsOf, makeTemporary, sealCheaply } from '../store/folders.ts'
import { alice, assertSame } from '../store/vaults.ts'

/** A data folder becomes one file, and a data folder again. */

const CHILD = join(import.meta.dirname, 'restore-child.ts')
const address = encodeAddress(alice.log.id)
const summary = { address, contacts: 3, floors: 4 }
const given = { backupPassphrase: PASSPHRASE }

const rememberedIn = (folder: string): Remembered => {
  const store = openStore(folder)
  try {
    return remember(store)
  } finally {
    store.close()
  }
}
const putInto = (folder: string, ...memories: readonly Remembered[]): void => {
  const store = openStore(folder)
  for (const one of memories) mergeInto(store, one, NOW)
  store.close()
}
/** What a folder remembers that took these one after the other. */
const merged = async (t: TestContext, ...memories: readonly Remembered[]): Promise<Remembered> => {
  const folder = await makeTemporary(t)
  putInto(folder, ...memories)
  return rememberedIn(folder)
}

/** Alice's folder, a backup that costs nothing to open, and a place for another folder. */
const start = async (t: TestContext) => {
  const dir = await makeTemporary(t)
  const [folder, path, cheap, fresh] = ['alice', 'alice.backup', 'cheap.backup', 'fresh'].map((name) => join(dir, name))
  assert.ok(folder !== undefined && path !== undefined && cheap !== undefined && fresh !== undefined)
  await createVault(folder, alice, null)
  putInto(folder, remembered)
  await writeFile(cheap, await sealCheap())
  return { dir, folder, path, cheap, fresh }
}

test('all that a folder holds for good comes back, and nothing else, sealed as its owner says', async (t) => {
  const { dir, folder, path } = await start(t)
  await mkdir(join(folder, 'received'))
  await writeFile(join(folder, 'received', 'report.pdf'), 'a file that arrived')
  // Also while a program acts for the identity.
  const lock = await lockFolder(folder)
  const before = await contentsOfFiles(folder)
  const { made, ...rest } = await backup(folder, path, given)
  lock.release()
  assert.deepEqual(rest, summary)
  assert.ok(Math.abs(made - Date.now() / 1000) < 60)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await contentsOfFiles(folder), before)

  for (const passphrase of [null, 'another']) {
    const fresh = join(dir, `${passphrase}`)
    const restored = await restore(path, fresh, { ...given, passphrase })
    const sealedBy = passphrase === null ? 'key-file' : 'passphrase'
    assert.deepEqual(restored, { ...summary, made, sealedBy })
    assertSame((await openVault(fresh, passphrase)).identity, alice)
    assert.deepEqual(rememberedIn(fresh), rememberedIn(folder))
    const files = ['handfast.db', 'handfast.lock', 'identity.json']
    assert.deepEqual((await readdir(fresh)).toSorted(), passphrase === null ? [...files, 'identity.key'] : files)
    for (const name of await readdir(fresh)) assert.equal((await stat(join(fresh, name))).mode & 0o777, 0o600, name)
  }
})

const contentsOfFiles = async (folder: string): Promise<unknown> => {
  const names = (await readdir(folder)).filter((name) => name.startsWith('identity'))
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}

test('a backup that cannot be made leaves no file, and nobody is asked in vain', async (t) => {
  cheapPassphrases(t)
  const { dir, folder, path, cheap } = await start(t)
  const never = (): Promise<string> => assert.fail('asked')
  assert.equal(await codeOf(backup(join(dir, 'none'), path, { backupPassphrase: never })), 'ERR_STORE_MISSING')
  const taken = await readFile(cheap, 'utf8')
  assert.equal(await codeOf(backup(folder, cheap, { passphrase: never, backupPassphrase: never })), 'ERR_FILE_WRITE')
  assert.equal(await readFile(cheap, 'utf8'), taken)
  assert.equal(await codeOf(backup(folder, path, { backupPassphrase: '' })), 'ERR_STORE_PASSPHRASE')
  assert.equal(await codeOf(backup(folder, join(dir, 'none', 'file'), given)), 'ERR_FILE_WRITE')
  await sealCheaply(folder, 'old')
  assert.equal(await codeOf(backup(folder, path, { backupPassphrase: never })), 'ERR_STORE_LOCKED')
  assert.equal(await codeOf(backup(folder, path, { passphrase: 'x', backupPassphrase: never })), 'ERR_STORE_PASSPHRASE')
  const interrupted = (): Promise<string> => Promise.reject(new Error('interrupted'))
  await assert.rejects(backup(folder, path, { passphrase: 'old', backupPassphrase: interrupted }), {
    message: 'interrupted',
  })
  assert.deepEqual((await readdir(dir)).toSorted(), ['alice', 'cheap.backup'])
  // And one that can, of a folder under a passphrase.
  assert.deepEqual((await backup(folder, path, { passphrase: async () => 'old', ...given })).address, address)
})

test('what cannot be restored leaves a folder as it was, or none', async (t) => {
  const { dir, folder, path, cheap, fresh } = await start(t)
  const never = (): Promise<never> => assert.fail('asked')
  const before = await contentsOf(folder)
  assert.equal(await codeOf(restore(cheap, folder, { backupPassphrase: never })), 'ERR_STORE_EXISTS')
  assert.deepEqual(await contentsOf(folder), before)

  const asked = { passphrase: never }
  assert.equal(await codeOf(restore(path, fresh, { ...asked, backupPassphrase: never })), 'ERR_FILE_READ')
  assert.equal(await codeOf(restore(cheap, fresh, { ...asked, backupPassphrase: 'wrong' })), 'ERR_STORE_PASSPHRASE')
  await writeFile(path, 'no backup')
  assert.equal(await codeOf(restore(path, fresh, { ...asked, backupPassphrase: never })), 'ERR_STORE_CORRUPT')
  await writeFile(path, await sealCheap(new Uint8Array(100)))
  assert.equal(await codeOf(restore(path, fresh, { ...asked, ...given })), 'ERR_STORE_CORRUPT')
  assert.equal(await codeOf(restore(cheap, fresh, { ...given, passphrase: '' })), 'ERR_STORE_PASSPHRASE')
  const interrupted = (): Promise<string> => Promise.reject(new Error('interrupted'))
  await assert.rejects(restore(cheap, fresh, { ...given, passphrase: interrupted }), { message: 'interrupted' })
  await assert.rejects(restore(cheap, fresh, { backupPassphrase: interrupted }), { message: 'interrupted' })
  assert.deepEqual((await readdir(dir)).toSorted(), ['alice', 'alice.backup', 'cheap.backup'])
})

test('a folder that another program holds, or whose database is damaged, gets no identity', async (t) => {
  const { cheap, fresh } = await start(t)
  const lock = await lockFolder(fresh)
  assert.equal(await codeOf(restore(cheap, fresh, given)), 'ERR_STORE_IN_USE')
  lock.release()
  await writeFile(join(fresh, 'handfast.db'), 'no database at all'.repeat(1_000), { mode: 0o600 })
  assert.equal(await codeOf(restore(cheap, fresh, given)), 'ERR_STORE_CORRUPT')
  assert.deepEqual((await readdir(fresh)).toSorted(), ['handfast.db', 'handfast.lock'])
  await rm(join(fresh, 'handfast.db'))
  assert.equal((await restore(cheap, fresh, given)).sealedBy, 'key-file')
})

/** What a database that lost its identity knows: more of Bob, less of others, and somebody of the same name. */
const left: Remembered = {
  ...nothing,
  floors: [floorAt(renew(renew(bob, 'renewed'), 'again').log), floorAt(stranger.log, { devices: devicesAt(9) })],
  contacts: [contactOf(stranger.log, { name: 'Mallory' })],
  settings: { network: '127.0.0.1:9', mailboxes: null, relay: null },
}

test('a database that is left is kept: no floor is lowered, and everybody keeps a name', async (t) => {
  const { cheap, fresh } = await start(t)
  await mkdir(fresh)
  putInto(fresh, left)
  await restore(cheap, fresh, given)
  const after = rememberedIn(fresh)
  assert.deepEqual(after, await merged(t, left, remembered))
  const floorOf = (id: Uint8Array) => after.floors.find((floor) => floor.id.join() === id.join())
  assert.deepEqual([floorOf(bob.log.id)?.seq, floorOf(stranger.log.id)?.devices[0]?.serial], [2, 9])
  assert.deepEqual(new Set(after.contacts.map(({ name }) => name)), new Set(['Mallory', 'Mallory 2', 'Bob', null]))
  assert.equal(after.settings.network, '127.0.0.1:9')
  assert.equal(after.settings.relay, remembered.settings.relay)
  assert.notEqual(after.settings.relay, null)
})

test('killed at any step, there is no identity and it can be done again, or there is all of it', async (t) => {
  const { dir, cheap } = await start(t)
  const template = join(dir, 'template')
  await mkdir(template)
  putInto(template, left)
  const expected = await merged(t, left, remembered)
  const seen = new Set<string>()
  const restoreUntil = async (step: number): Promise<Child> => {
    const folder = join(dir, `${step}`)
    await cp(template, folder, { recursive: true })
    return startScript(t, CHILD, [cheap, PASSPHRASE, folder, `${step}`])
  }
  const [, steps] = await (await restoreUntil(1_000)).line(/^done in (\d+)$/)
  for (const place of places(Number(steps))) {
    const step = place + 1
    const child = await restoreUntil(step)
    assert.equal(await child.exit(), -1, child.stderr())
    const folder = join(dir, `${step}`)
    const missing = (await codeOf(openVault(folder, null))) === 'ERR_STORE_MISSING'
    const now = rememberedIn(folder)
    const complete = now.contacts.length === expected.contacts.length
    assert.deepEqual(now, complete ? expected : left, `step ${step}`)
    seen.add(`${missing ? 'no identity' : 'identity'}, ${complete ? 'all' : 'nothing'} remembered`)
    if (missing) await restore(cheap, folder, given)
    assertSame((await openVault(folder, null)).identity, alice)
    assert.deepEqual(rememberedIn(folder), expected)
  }
  assert.ok(seen.size > 1)
  if (!allRuns) return
  assert.deepEqual([...seen].toSorted(), [
    'identity, all remembered',
    'no identity, all remembered',
    'no identity, nothing remembered',
  ])
})

test('the folder is held until the identity is in it', async (t) => {
  const { cheap, fresh } = await start(t)
  const handle = await open(cheap)
  await handle.close()
  const prototype: typeof handle = Object.getPrototypeOf(handle)
  const { sync } = prototype
  const seen: unknown[] = []
  t.mock.method(prototype, 'sync', async function (this: typeof handle) {
    seen.push(await codeOf(lockFolder(fresh)))
    return sync.call(this)
  })
  await restore(cheap, fresh, given)
  assert.ok(seen.length >= 2)
  assert.deepEqual(new Set(seen), new Set(['ERR_STORE_IN_USE']))
  const lock = await lockFolder(fresh)
  lock.release()
})

test('an identity that appears meanwhile stays, and remembers nothing of the backup', async (t) => {
  const { cheap, fresh } = await start(t)
  const passphrase = async (): Promise<null> => {
    await createVault(fresh, bob, null)
    return null
  }
  assert.equal(await codeOf(restore(cheap, fresh, { ...given, passphrase })), 'ERR_STORE_EXISTS')
  assertSame((await openVault(fresh, null)).identity, bob)
  assert.deepEqual(rememberedIn(fresh), nothing)
})

test('of several restored at once into one folder one stands', async (t) => {
  const { cheap, fresh } = await start(t)
  const outcomes = await Promise.all([1, 2, 3].map(() => codeOf(restore(cheap, fresh, given))))
  assert.equal(outcomes.filter((code) => code === undefined).length, 1)
  for (const code of outcomes) assert.match(String(code), /undefined|ERR_STORE_(EXISTS|IN_USE)/)
  assertSame((await openVault(fresh, null)).identity, alice)
})
