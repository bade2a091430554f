import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { changePassphrase, createVault, openVault } from '../../src/store/vault.ts'
import { CHEAP, codeOf, contentsOf, makeTemporary, sealCheaply } from './folders.ts'
import { alice, assertSame } from './vaults.ts'
import { startChild } from './writer.ts'

/** Changing what seals a vault: between passphrases and a key file, and with a crash at every step. */

const DIRECTIONS = [
  [null, 'new'],
  ['old', 'new'],
  ['old', null],
  [null, null],
] as const

const nameOf = (passphrase: string | null): string => (passphrase === null ? 'key file' : `passphrase ${passphrase}`)
const filesOf = (passphrase: string | null): string[] =>
  passphrase === null ? ['handfast.db', 'identity.json', 'identity.key'] : ['handfast.db', 'identity.json']

suite('changing the passphrase', { concurrency: 2 }, () => {
  for (const [from, to] of DIRECTIONS) {
    const title = `${nameOf(from)} → ${nameOf(to)}`

    test(`${title}: only the new one opens it, and nothing of the old one stays`, async (t) => {
      const folder = await makeTemporary(t)
      await createVault(folder, alice, from)
      const changed = await changePassphrase(folder, from, async () => to)
      assert.equal(changed.sealedBy, to === null ? 'key-file' : 'passphrase')
      assertSame((await openVault(folder, to)).identity, alice)
      assert.deepEqual((await readdir(folder)).toSorted(), filesOf(to))
      if (to !== null && from !== null) assert.equal(await codeOf(openVault(folder, from)), 'ERR_STORE_PASSPHRASE')
      if (to !== null) {
        assert.equal(await codeOf(openVault(folder, null)), 'ERR_STORE_LOCKED')
        // Whoever says nothing of it gets the full cost.
        const { seal } = JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8'))
        assert.partialDeepStrictEqual(seal, { memory: 65_536, passes: 3, parallelism: 1 })
      }
      await changed.save(alice)
      assertSame((await openVault(folder, to)).identity, alice)
    })

    test(`${title}: killed at any step, the old one or the new one opens it, and it can be done again`, async (t) => {
      const parent = await makeTemporary(t)
      let whole = false
      const opened = new Set<string>()
      for (let step = 1; !whole; step++) {
        const folder = join(parent, `${step}`)
        await createVault(folder, alice, null)
        if (from !== null) await sealCheaply(folder, from)
        const before = await readFile(join(folder, 'identity.json'), 'utf8')
        const child = startChild(t, 'reseal', folder, { args: [`${step}`, from ?? '', to ?? ''] })
        whole = (await child.rest()).includes('done')
        const old = (await readFile(join(folder, 'identity.json'), 'utf8')) === before
        opened.add(old ? 'old' : 'new')
        assertSame((await openVault(folder, old ? from : to)).identity, alice)
        for (const name of await readdir(folder))
          assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
        await changePassphrase(folder, old ? from : to, async () => to, CHEAP)
        // Nothing that the crash left behind holds a key.
        assert.deepEqual((await readdir(folder)).toSorted(), filesOf(to), `step ${step}`)
        assert.ok(step < 20)
      }
      // Both kinds of crash were met: before the one that counts, and after it.
      assert.deepEqual([...opened].toSorted(), ['new', 'old'])
    })
  }

  test('what opens nothing changes nothing, nor does a new one that does not come', async (t) => {
    const folder = await makeTemporary(t)
    await createVault(folder, alice, 'old', undefined, CHEAP)
    const before = await contentsOf(folder)
    let asked = 0
    const next = async (): Promise<string> => `${asked++}`
    assert.equal(await codeOf(changePassphrase(folder, 'wrong', next)), 'ERR_STORE_PASSPHRASE')
    assert.equal(await codeOf(changePassphrase(folder, null, next)), 'ERR_STORE_LOCKED')
    assert.equal(asked, 0)
    const never = (): Promise<string> => Promise.reject(new Error('interrupted'))
    await assert.rejects(changePassphrase(folder, 'old', never), { message: 'interrupted' })
    assert.equal(await codeOf(changePassphrase(folder, 'old', async () => '')), 'ERR_STORE_PASSPHRASE')
    assert.deepEqual(await contentsOf(folder), before)
  })

  test('who opened it before the change does not save over it: nobody could open that any more', async (t) => {
    const folder = await makeTemporary(t)
    const early = await createVault(folder, alice, null)
    await changePassphrase(folder, null, async () => 'new', CHEAP)
    const before = await contentsOf(folder)
    assert.equal(await codeOf(early.save(alice)), 'ERR_STORE_PASSPHRASE')
    assert.deepEqual(await contentsOf(folder), before)
  })

  test('a key file that is there already is used and never replaced: an identity may lie under it', async (t) => {
    const folder = await makeTemporary(t)
    const key = `${Buffer.alloc(32, 7).toString('base64url')}\n`
    await writeFile(join(folder, 'identity.key'), key, { mode: 0o600 })
    await createVault(folder, alice, null)
    assert.equal(await readFile(join(folder, 'identity.key'), 'utf8'), key)
    assertSame((await openVault(folder, null)).identity, alice)
  })
})
