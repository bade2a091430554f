import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { namedRelays, nameRelay } from '../../src/peer/named-relay.ts'
import { openStore } from '../../src/store/store.ts'
import { createTestNetwork } from '../../src/testing.ts'
import { codeOf, makeTemporary } from '../connection/sides.ts'

/** The relay that an identity names in its card: its owner says so, and it is remembered. */

const KEY = 'ab'.repeat(32)
const BYTES = new Uint8Array(32).fill(0xab)

test('what is no key of a relay is refused, and what was named stays', () => {
  const store = openStore(null)
  assert.deepEqual(namedRelays(store), [])
  nameRelay(store, KEY.toUpperCase())
  for (const text of ['', 'None', KEY.slice(1), `${KEY}ab`, `0x${KEY.slice(2)}`, ` ${KEY}`, '203.0.113.5:49737'])
    assert.throws(() => nameRelay(store, text), { code: 'ERR_RELAY_KEY' }, text)
  assert.deepEqual(namedRelays(store), [BYTES])
  nameRelay(store, 'none')
  assert.deepEqual(namedRelays(store), [])
  store.settings.set('relay', 'damaged')
  assert.throws(() => namedRelays(store), { code: 'ERR_STORE_CORRUPT' })
})

test('a card names the relay that its owner named, until it names none', async (t) => {
  await using network = await createTestNetwork({ nodes: 1 })
  const folder = join(await makeTemporary(t), 'data')
  const own = { folder, onRecoveryPhrase: () => {} }
  assert.equal(await codeOf(network.openPeer({ ...own, relayThrough: 'nobody' })), 'ERR_RELAY_KEY')
  const reader = await network.openPeer()
  const relaysWith = async (options: { readonly relayThrough?: string }): Promise<unknown> => {
    const peer = await network.openPeer({ ...own, ...options })
    const { card } = await reader.lookup(peer.address)
    await peer.close()
    return card?.card.relays
  }
  assert.deepEqual(await relaysWith({}), [])
  assert.deepEqual(await relaysWith({ relayThrough: KEY }), [BYTES])
  assert.deepEqual(await relaysWith({}), [BYTES])
  assert.deepEqual(await relaysWith({ relayThrough: 'none' }), [])
})
