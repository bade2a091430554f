import assert from 'node:assert/strict'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { goOnWithoutDatabase } from '../../src/store/lost-database.ts'
import { openOwnStore } from '../../src/store/store.ts'
import { createVault, openVault } from '../../src/store/vault.ts'
import { startScript } from '../cli/child.ts'
import { allRuns } from '../runs.ts'
import { codeOf, makeTemporary } from './folders.ts'
import { alice } from './vaults.ts'

/** Whoever is killed while an identity and its database are made is not locked out of either. */

/** `npm test` takes every third step, `npm run test:heavy` all of them. */
const STRIDE = allRuns ? 1 : 3

const CHILD = join(import.meta.dirname, 'database-child.ts')

const opens = async (folder: string): Promise<unknown> => {
  const { identity, storeKey } = await openVault(folder, null)
  openOwnStore(folder, { id: identity.log.id, storeKey }).close()
  return undefined
}

suite('killed at any step', { concurrency: 2 }, () => {
  test('of making an identity: it is there with its database, or can be made', async (t) => {
    const parent = await makeTemporary(t)
    const seen = new Set<unknown>()
    for (let step = 1, code = -1; code !== 0; step += STRIDE) {
      const folder = join(parent, `${step}`)
      const child = startScript(t, CHILD, ['make', folder, `${step}`])
      code = await child.exit()
      assert.ok(code === -1 || code === 0, child.stderr())
      const before = await codeOf(opens(folder))
      seen.add(before)
      if (before !== undefined) await initialize(folder)
      assert.equal(await codeOf(opens(folder)), undefined, `step ${step}`)
      assert.ok(step < 40)
    }
    assert.deepEqual(seen, new Set(['ERR_STORE_MISSING', undefined]))
  })

  test('of going on without a database: it can be done again, and what was put aside is whole', async (t) => {
    const parent = await makeTemporary(t)
    const template = join(parent, 'template')
    await mkdir(template, { mode: 0o700 })
    await createVault(template, alice, null)
    const damaged = 'no database at all'.repeat(1_000)
    await writeFile(join(template, 'handfast.db'), damaged)
    const seen = new Set<unknown>()
    for (let step = 1, code = -1; code !== 0; step += STRIDE) {
      const folder = join(parent, `${step}`)
      await cp(template, folder, { recursive: true })
      const child = startScript(t, CHILD, ['go-on', folder, `${step}`])
      code = await child.exit()
      assert.ok(code === -1 || code === 0, child.stderr())
      const before = await codeOf(opens(folder))
      seen.add(before)
      if (before !== undefined) assert.notEqual(await goOnWithoutDatabase(folder), null)
      assert.equal(await codeOf(opens(folder)), undefined, `step ${step}`)
      assert.ok((await readdir(folder)).includes('handfast.db.aside-1'), `step ${step}`)
      assert.ok(step < 40)
    }
    assert.deepEqual(seen, new Set(['ERR_STORE_CORRUPT', 'ERR_STORE_LOST', undefined]))
  })
})
