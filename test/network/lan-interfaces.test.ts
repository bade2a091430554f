import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BEACON_INTERFACES_MAX } from '../../src/core/limits/beacon-limits.ts'
import { lanInterfaces } from '../../src/network/lan-interfaces.ts'

const at = (address: string, netmask: string, family = 'IPv4') => ({ family, address, netmask })

test('the local networks are the private ones; what is public, a tunnel, this machine or IPv6 is none', () => {
  const found = lanInterfaces('lan', () => [
    at('127.0.0.1', '255.0.0.0'),
    at('192.168.1.7', '255.255.255.0'),
    at('169.254.3.4', '255.255.0.0'),
    at('10.8.0.2', '255.255.255.255'),
    at('10.9.0.1', '255.255.255.252'),
    at('203.0.113.9', '255.255.255.0'),
    at('100.64.0.1', '255.192.0.0'),
    at('fe80::1', 'ffff:ffff:ffff:ffff::', 'IPv6'),
  ])
  assert.deepEqual(
    found.map(({ host, broadcast }) => [host, broadcast]),
    [
      ['192.168.1.7', '192.168.1.255'],
      ['169.254.3.4', '169.254.255.255'],
      ['10.9.0.1', '10.9.0.3'],
    ],
  )
})

test('an address is in a network, or beside it', () => {
  const [network] = lanInterfaces('lan', () => [at('172.20.17.1', '255.255.240.0')])
  assert.ok(network !== undefined)
  assert.equal(network.broadcast, '172.20.31.255')
  assert.deepEqual(['172.20.16.0', '172.20.31.254', '172.20.15.255', '172.20.32.1', '10.0.0.1'].map(network.contains), [
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a machine with very many takes part in some', () => {
  const many = Array.from({ length: 50 }, (_, i) => at(`10.${i}.0.1`, '255.255.0.0'))
  assert.equal(lanInterfaces('lan', () => many).length, BEACON_INTERFACES_MAX)
})

test('on this machine alone, loopback is the network', () => {
  const found = lanInterfaces('loopback', () => [at('127.0.0.1', '255.0.0.0'), at('192.168.1.7', '255.255.255.0')])
  assert.deepEqual(
    found.map(({ host, broadcast }) => [host, broadcast]),
    [['127.0.0.1', '127.255.255.255']],
  )
})
