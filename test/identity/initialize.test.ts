import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { readVault } from '../../src/store/vault.ts'

/** A new identity, and when its phrase is shown. */

const start = async (t: TestContext): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-identity-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('the phrase is shown before anything is kept, and who shows it is waited for', async (t) => {
  const folder = join(await start(t), 'alice')
  const shown: unknown[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const making = initialize(folder, {
    onRecoveryPhrase: async (...said) => {
      shown.push(...said, await readdir(folder))
      await promise
      shown.push(await readdir(folder))
    },
  })
  resolve()
  const { address, phrase } = await making
  assert.deepEqual(shown, [phrase, address, [], []])
  assert.equal((await readVault(folder)).sealedBy, 'key-file')
})

test('nothing is made when it could not be shown, or there is nowhere to keep it', async (t) => {
  const dir = await start(t)
  const full = new Error('full')
  const fail = (): never => {
    throw full
  }
  await assert.rejects(initialize(join(dir, 'alice'), { onRecoveryPhrase: fail }), full)
  await assert.rejects(initialize(join(dir, 'alice'), { onRecoveryPhrase: async () => fail() }), full)
  assert.deepEqual(await readdir(dir), [])
  // A folder that was there stays.
  await assert.rejects(initialize(dir, { onRecoveryPhrase: fail }), full)
  assert.deepEqual(await readdir(dir), [])

  const shown: string[] = []
  const onRecoveryPhrase = (phrase: string): void => void shown.push(phrase)
  await assert.rejects(initialize(dir, { passphrase: '', onRecoveryPhrase }), { code: 'ERR_STORE_PASSPHRASE' })
  await assert.rejects(initialize('/proc/alice', { onRecoveryPhrase }), { name: 'StoreError' })
  assert.deepEqual(shown, [])
})
