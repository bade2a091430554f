import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { initialize } from '../../src/index.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { openOwnStore } from '../../src/store/store.ts'
import { openVault } from '../../src/store/vault.ts'
import { bob } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { written } from '../messages/written.ts'
import { makeTemporary } from './folders.ts'
import { canMount } from './writer.ts'

const SCRIPT = join(import.meta.dirname, 'full-disk-child.ts')

if (canMount)
  test('what a data folder has is shown when its disk is full to the last byte, and what would change it says why not', async (t) => {
    const folder = join(await makeTemporary(t), 'folder')
    await initialize(folder)
    const { identity, storeKey } = await openVault(folder, null)
    const store = openOwnStore(folder, { id: identity.log.id, storeKey })
    store.contacts.keep(bob.log, NOW)
    store.contacts.rename(bob.log.id, 'Bob')
    const parties = { from: identity.log.id, to: bob.log.id, app: 'handfast' }
    store.messages.queue(written(parties, encodeBody('hello')))
    store.close()
    const address = encodeAddress(bob.log.id)
    const mount = `mkdir '${folder}.disk' && mount -t tmpfs -o size=2m,mode=700 tmpfs '${folder}.disk' && cp -a '${folder}' '${folder}.disk/a'`
    const node = [process.execPath, SCRIPT, join(`${folder}.disk`, 'a'), address]
    const { stdout, stderr } = spawnSync('unshare', ['-Urm', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...node], {
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    const seen = { known: ['Bob'], said: ['hello'], listed: 0, named: [], changed: 'ERR_STORE_FULL' }
    assert.deepEqual(JSON.parse(stdout), seen)
  })
