import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createVault, openVault } from '../../src/store/vault.ts'
import { codeOf, identityOf, makeTemporary } from './folders.ts'

test('of several vaults that are made at once in one folder one stands, and its key with it', async (t) => {
  const parent = await makeTemporary(t)
  const [alice, mallory] = [identityOf('alice'), identityOf('mallory')]
  for (let round = 0; round < 20; round++) {
    const folder = join(parent, `${round}`)
    const made = await Promise.all([alice, mallory, alice].map((one) => codeOf(createVault(folder, one, null))))
    const winner = made.indexOf(undefined)
    assert.deepEqual(made.toSpliced(winner, 1), ['ERR_STORE_EXISTS', 'ERR_STORE_EXISTS'])
    const { identity } = await openVault(folder, null)
    assert.deepEqual(identity.log.id, (winner === 1 ? mallory : alice).log.id)
    assert.deepEqual((await readdir(folder)).toSorted(), ['handfast.db', 'identity.json', 'identity.key'])
  }
})
