import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askableFrom, limitNetworks, reachOf, sharedNetworkOf, slash24Of } from '../../src/directory/ip-networks.ts'

const node = (host: string, port = 4000) => ({ host, port })

test('addresses are on this machine, private or public, or no node’s', () => {
  const reach = {
    loopback: ['127.0.0.1', '127.255.3.4'],
    private: ['10.0.0.1', '172.16.0.1', '172.31.255.1', '192.168.7.7', '169.254.1.1', '100.64.0.1', '100.127.0.1'],
    public: ['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.167.0.1', '100.63.0.1', '100.128.0.1', '223.255.255.1'],
  }
  for (const [kind, hosts] of Object.entries(reach))
    for (const host of hosts) assert.equal(reachOf(node(host)), kind, host)
  for (const host of ['0.1.2.3', '224.0.0.1', '255.255.255.255', 'node.example', '1.2.3', '01.2.3.4', '::1', ''])
    assert.equal(reachOf(node(host)), null, host)
  for (const port of [0, -1, 65536, 1.5, Number.NaN]) assert.equal(reachOf(node('8.8.8.8', port)), null)
})

test('public nodes of one /24 count together, others do not', () => {
  assert.equal(sharedNetworkOf(node('8.8.4.4')), sharedNetworkOf(node('8.8.4.200', 1)))
  assert.notEqual(sharedNetworkOf(node('8.8.4.4')), sharedNetworkOf(node('8.8.5.4')))
  assert.notEqual(sharedNetworkOf(node('8.8.41.4')), sharedNetworkOf(node('8.84.1.4')))
  for (const host of ['127.0.0.1', '10.0.0.1']) assert.equal(sharedNetworkOf(node(host)), null)
  assert.equal(slash24Of('10.0.0.1'), '10.0.0')
})

test('of each public network the first nodes are taken, and all of private ones', () => {
  const [a, b, c] = [node('8.8.4.4'), node('8.8.4.5'), node('8.8.4.6')]
  const [other, home] = [node('8.8.5.4'), [1, 2, 3].map((port) => node('127.0.0.1', port))]
  assert.deepEqual(limitNetworks([a, ...home, b, c, other], 2), [a, ...home, b, other])
  assert.deepEqual(limitNetworks([a, b, c], Infinity), [a, b, c])
})

test('nobody can send us into the network we stand in, unless the DHT is there', () => {
  const [home, lan, wide] = [node('127.0.0.1'), node('192.168.0.2'), node('8.8.8.8')]
  const allowed = (...seeds: (typeof home)[]): readonly boolean[] => [home, lan, wide].map(askableFrom(seeds))
  assert.deepEqual(allowed(), [false, false, false])
  assert.deepEqual(allowed(home), [true, false, false])
  assert.deepEqual(allowed(lan), [false, true, true])
  assert.deepEqual(allowed(wide), [false, false, true])
  assert.deepEqual(allowed(home, wide), [true, false, true])
  assert.equal(askableFrom([node('nonsense')])(node('nonsense')), false)
})
