import assert from 'node:assert/strict'
import { chmod, cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { backup } from '../../src/identity/backup.ts'
import { openContacts, openHistory, openMailboxNames } from '../../src/peer/folder.ts'
import { goOnWithoutDatabase } from '../../src/store/lost-database.ts'
import { openOwnStore, openStore } from '../../src/store/store.ts'
import { createVault, openVault } from '../../src/store/vault.ts'
import { contactOf } from './backups.ts'
import { codeOf, contentsOf, identityOf, makeTemporary } from './folders.ts'
import { alice } from './vaults.ts'

/** An identity knows that it had a database, and which. */

const [bob, carol] = [identityOf('bob'), identityOf('carol')]
const floor = { epoch: 0, seq: 0, head: bob.log.last.hash, devices: [] }

/** Alice's folder, who has seen Bob. */
const start = async (t: TestContext) => {
  const folder = await makeTemporary(t)
  const { storeKey } = await createVault(folder, alice, null)
  const owner = { id: alice.log.id, storeKey }
  const store = openOwnStore(folder, owner)
  store.floors.update(bob.log.id, () => floor, true)
  store.contacts.restore(contactOf(bob.log, { name: 'Bob' }))
  const { inc } = store.self.state()
  store.close()
  return { folder, path: join(folder, 'handfast.db'), owner, inc }
}

/** Everything that opens the database of an identity on disk. */
const openings = (folder: string, id: Uint8Array): Readonly<Record<string, () => Promise<unknown>>> => ({
  'with the store key': async () => {
    const { storeKey } = await openVault(folder, null)
    openOwnStore(folder, { id, storeKey }).close()
  },
  contacts: async () => (await openContacts(folder))[Symbol.dispose](),
  history: async () => (await openHistory(folder, null))[Symbol.dispose](),
  mailboxes: async () => (await openMailboxNames(folder))[Symbol.dispose](),
  backup: () => backup(folder, join(folder, 'backup'), { backupPassphrase: 'x' }),
})

/** Ways to lose it. */
const LOSSES: Readonly<Record<string, (path: string, t: TestContext) => Promise<unknown>>> = {
  missing: (path) => rm(path),
  'cut to nothing': (path) => truncate(path),
  'that of another identity': async (path, t) => {
    const other = await makeTemporary(t)
    await createVault(other, carol, null)
    await rename(join(other, 'handfast.db'), path)
  },
  'new, and nobody’s': async (path, t) => {
    const other = await makeTemporary(t)
    openStore(other).close()
    await rename(join(other, 'handfast.db'), path)
  },
}

for (const [name, lose] of Object.entries(LOSSES))
  test(`a database that is ${name}: nothing opens it, and nothing is changed`, async (t) => {
    const { folder, path } = await start(t)
    for (const open of Object.values(openings(folder, alice.log.id)).slice(0, 4)) await open()
    await lose(path, t)
    const before = await contentsOf(folder)
    for (const [how, open] of Object.entries(openings(folder, alice.log.id)))
      assert.equal(await codeOf(open()), 'ERR_STORE_LOST', how)
    assert.deepEqual(await contentsOf(folder), before)
  })

test('the database of another folder of the same identity is not this one’s', async (t) => {
  const [{ folder, path, owner }, other] = [await start(t), await makeTemporary(t)]
  await createVault(other, alice, null)
  await rename(path, join(folder, 'kept'))
  await rename(join(other, 'handfast.db'), path)
  assert.equal(await codeOf((async () => openOwnStore(folder, owner))()), 'ERR_STORE_LOST')
  await rename(join(folder, 'kept'), path)
  openOwnStore(folder, owner).close()
})

test('an earlier state of it is no loss: its place tells of that', async (t) => {
  const { folder, path, owner, inc } = await start(t)
  await cp(path, join(folder, 'earlier'))
  await rename(join(folder, 'earlier'), path)
  const store = openOwnStore(folder, owner)
  assert.notDeepEqual(store.self.state().inc, inc)
  assert.equal(store.self.state().moved, true)
  store.close()
})

test('going on without it: by its owner’s word alone, as another store, and once', async (t) => {
  for (const [name, lose] of Object.entries(LOSSES)) {
    const { folder, path, owner, inc } = await start(t)
    assert.equal(await goOnWithoutDatabase(folder), null, 'nothing is lost')
    assert.equal(openAndSee(folder, owner).floor?.seq, 0)
    await lose(path, t)
    const before = await contentsOf(folder)
    const done = await goOnWithoutDatabase(folder)
    assert.equal(done?.error.code, 'ERR_STORE_LOST', name)
    const wasThere = (before.get('handfast.db') ?? '') !== ''
    assert.equal(done?.aside, wasThere ? `${path}.aside-1` : null)
    if (done?.aside) assert.equal(await readFile(done.aside, 'utf8'), before.get('handfast.db'))
    const after = openAndSee(folder, owner)
    assert.deepEqual([after.floor, after.contacts], [null, 0])
    assert.notDeepEqual(after.inc, inc)
    assert.equal(await goOnWithoutDatabase(folder), null)
  }
})

const openAndSee = (folder: string, owner: Parameters<typeof openOwnStore>[1]) => {
  const store = openOwnStore(folder, owner)
  const seen = {
    floor: store.floors.get(bob.log.id),
    contacts: store.contacts.all().length,
    inc: store.self.state().inc,
  }
  store.close()
  return seen
}

test('it helps against a damaged one and one of another version, never against what has to be mended, and all is kept', async (t) => {
  const { folder, path, owner } = await start(t)
  for (const [code, spoil] of [
    ['ERR_STORE_CORRUPT', () => writeFile(path, 'no database at all'.repeat(1_000))],
    [
      'ERR_STORE_VERSION',
      async () => {
        const raw = new DatabaseSync(path)
        raw.exec('PRAGMA user_version = 1')
        raw.close()
      },
    ],
  ] as const) {
    await spoil()
    assert.equal(await codeOf((async () => openOwnStore(folder, owner))()), code)
    assert.equal((await goOnWithoutDatabase(folder))?.error.code, code)
    openOwnStore(folder, owner).close()
  }
  assert.deepEqual((await readdir(folder)).filter((name) => name.includes('aside')).toSorted(), [
    'handfast.db.aside-1',
    'handfast.db.aside-2',
  ])
  await chmod(path, 0o644)
  assert.equal(await codeOf(goOnWithoutDatabase(folder)), 'ERR_STORE_EXPOSED')
  const empty = await makeTemporary(t)
  assert.equal(await codeOf(goOnWithoutDatabase(empty)), 'ERR_STORE_MISSING')
})

test('no identity is made where the database remembers what another one saw', async (t) => {
  const { folder, path, owner } = await start(t)
  for (const name of ['identity.json', 'identity.key']) await rm(join(folder, name))
  const before = await readFile(path)
  assert.equal(await codeOf(createVault(folder, carol, null)), 'ERR_STORE_FOREIGN')
  // Nor of the same one under another store key, which could not read what is sealed in it.
  assert.equal(await codeOf(createVault(folder, alice, null)), 'ERR_STORE_FOREIGN')
  assert.deepEqual(await readFile(path), before)
  await createVault(folder, alice, null, owner.storeKey)
  assert.equal(openAndSee(folder, owner).contacts, 1)
})
