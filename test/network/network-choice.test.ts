import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entrancesOf, parseNetwork, writeNetwork } from '../../src/network/network-choice.ts'
import { publicNodes, standInForPublic } from '../../src/network/public-network.ts'

test('a network is public, lan, or nodes', () => {
  assert.deepEqual(parseNetwork(' Public\n'), { kind: 'public' })
  assert.deepEqual(parseNetwork(['lan']), { kind: 'lan' })
  const own = parseNetwork('127.0.0.1:1, node.example.org:2')
  assert.deepEqual(entrancesOf(own), [
    { host: '127.0.0.1', port: 1 },
    { host: 'node.example.org', port: 2 },
  ])
  for (const text of ['public', 'lan', '127.0.0.1:1,node.example.org:2'])
    assert.equal(writeNetwork(parseNetwork(text)), text)
})

test('nothing stands in for a choice that nobody made, and no word leads into a list', () => {
  for (const text of ['', ' ', ',', []]) assert.throws(() => parseNetwork(text), { code: 'ERR_NETWORK_MISSING' })
  for (const text of ['public,127.0.0.1:1', 'lan:1,', 'own', 'wan', 'public lan'].filter((one) => one !== 'lan:1,'))
    assert.throws(() => parseNetwork(text), { code: 'ERR_NETWORK_FORMAT' }, text)
})

test('the local network has no entrances, and the public one those of HyperDHT, by address and by name', () => {
  assert.deepEqual(entrancesOf({ kind: 'lan' }), [])
  const nodes = entrancesOf({ kind: 'public' })
  assert.ok(nodes.length >= 4 && nodes.every(({ port }) => port === 49_737))
  assert.ok(nodes.some(({ host }) => /^\d+\.\d+\.\d+\.\d+$/.test(host)))
  assert.ok(nodes.some(({ host }) => host.endsWith('.hyperdht.org')))
})

test('only nodes of this machine stand for the public network', () => {
  const real = publicNodes()
  assert.throws(() => standInForPublic([{ host: '192.0.2.1', port: 1 }]), { code: 'ERR_LOOPBACK_ONLY' })
  assert.deepEqual(publicNodes(), real)
  const end = standInForPublic([{ host: '127.0.0.1', port: 1 }])
  assert.deepEqual(entrancesOf({ kind: 'public' }), [{ host: '127.0.0.1', port: 1 }])
  end()
  assert.deepEqual(publicNodes(), real)
})
