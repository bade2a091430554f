import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { initialize, openPeer } from '../../src/index.ts'
import { openRecordDatabase } from '../../src/store/record-database.ts'
import { addressOf, startNetwork } from '../network/loopback-network.ts'
import { makeTemporary } from '../store/folders.ts'

/** A peer that stores for others has what it stores in its folder; one that does not has no such file. */

test('what a peer keeps for others is in its folder when it closes', async (t) => {
  const folder = await makeTemporary(t)
  const [alices, bobs] = [join(folder, 'alice'), join(folder, 'bob')]
  await Promise.all([initialize(alices), initialize(bobs)])
  const { nodes } = await startNetwork(t, 1)
  const network = nodes.map(addressOf).map(({ host, port }) => `${host}:${port}`)
  const alice = await openPeer({ network, folder: alices, storage: true, listen: false })
  t.after(() => alice.close())
  const bob = await openPeer({ network, folder: bobs, listen: false })
  t.after(() => bob.close())
  // The first node knows nothing of Handfast's records: it takes values alone.
  assert.ok((await bob.publish()).accepted > 0)
  await alice.close()
  const records = openRecordDatabase(alices)
  assert.deepEqual(
    [...records.heads()].map(({ id }) => hex(id)),
    [hex(decodeAddress(bob.address))],
  )
  records.close()
  await assert.rejects(access(join(bobs, 'records.db')), { code: 'ENOENT' })
})
