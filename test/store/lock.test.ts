import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockFolder, lockIdentity } from '../../src/store/lock.ts'
import { createVault } from '../../src/store/vault.ts'
import { codeOf, identityOf, makeTemporary } from './folders.ts'
import { startChild } from './writer.ts'

test('one holder at a time, in this process as well', async (t) => {
  const folder = await makeTemporary(t)
  const lock = await lockFolder(folder)
  assert.equal(await codeOf(lockFolder(folder)), 'ERR_STORE_IN_USE')
  lock.release()
  lock.release()
  const again = await lockFolder(folder)
  again.release()
})

test('a holder that is killed leaves no lock behind', async (t) => {
  const folder = await makeTemporary(t)
  const child = startChild(t, 'hold', folder)
  assert.equal(await child.next(), 'held')
  assert.equal(await codeOf(lockFolder(folder)), 'ERR_STORE_IN_USE')
  await child.kill()
  const lock = await lockFolder(folder)
  lock.release()
})

test('a folder without an identity is not made to look used', async (t) => {
  const folder = join(await makeTemporary(t), 'none')
  assert.equal(await codeOf(lockIdentity(folder)), 'ERR_STORE_MISSING')
  assert.equal(await codeOf(readdir(folder)), 'ENOENT')
  await createVault(folder, identityOf('alice'), null)
  const lock = await lockIdentity(folder)
  assert.equal(await codeOf(lockIdentity(folder)), 'ERR_STORE_IN_USE')
  lock.release()
})
