import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestNetwork } from '../../src/testing.ts'
import { codeOf } from '../connection/sides.ts'

test('who is blocked fetches nothing from a mailbox that the owner keeps, as long as it is blocked', async (t) => {
  const network = await createTestNetwork({ nodes: 2 })
  t.after(() => network.close())
  const bob = await network.openPeer({ mailbox: true })
  const alice = await network.openPeer({ mailboxes: [bob.address] })
  const codes = async (): Promise<unknown[]> => {
    const { failures } = await alice.mailboxes.fetch()
    return Promise.all(failures.map(({ error }) => codeOf(Promise.reject(error))))
  }
  assert.deepEqual(await codes(), [])
  bob.contacts.block(alice.address)
  assert.deepEqual(await codes(), ['ERR_REMOTE'])
  bob.contacts.unblock(alice.address)
  assert.deepEqual(await codes(), [])
})
