import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { openPeer } from '../../src/peer/open.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { createDht } from '../cli/dht.ts'
import { codeOf, makeTemporary } from '../connection/sides.ts'
import { collect, eventOf, isOfType } from '../messages/told.ts'

/** Two copies of a data folder on two addresses of this machine, which share nothing but sockets. */

test('of two copies on two addresses the second is refused, and with --take-over the first one stops', async (t) => {
  const folder = await makeTemporary(t)
  const [first, copy] = [join(folder, 'first'), join(folder, 'copy')]
  const [dht] = await Promise.all([createDht(t), initialize(first)])
  const network = dht.get('node') ?? ''
  const open = async (at: string, host: string, takeOver = false): Promise<Peer> => {
    const peer = await openPeer({ folder: at, network, host, takeOver })
    t.after(() => peer.close())
    return peer
  }
  const original = await open(first, '127.0.0.2')
  const events = collect(original)
  const stopped = eventOf(original, isOfType('twin'))
  await cp(first, copy, { recursive: true })
  assert.equal(await codeOf(open(copy, '127.0.0.3')), 'ERR_STORE_TWIN')
  assert.deepEqual(
    events.filter(({ type }) => type === 'twin'),
    [],
  )
  await original.publish()

  const other = await open(copy, '127.0.0.3', true)
  assert.equal((await stopped).error.code, 'ERR_STORE_TWIN')
  assert.equal(await codeOf(original.publish()), 'ERR_STORE_TWIN')
  assert.deepEqual(original.contacts.list(), [])
  await other.publish()
})
