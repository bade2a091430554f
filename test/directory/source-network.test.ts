import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, slash24Of, sourceNetworkOf } from '../../src/directory/ip-networks.ts'

test('addresses of one /24 are one network', () => {
  assert.equal(sourceNetworkOf('198.51.100.7'), sourceNetworkOf('198.51.100.254'))
  assert.notEqual(sourceNetworkOf('198.51.100.7'), sourceNetworkOf('198.51.101.7'))
  assert.notEqual(sourceNetworkOf('198.51.100.7'), sourceNetworkOf('198.51.10.7'))
})

test('a private address stands for itself', () => {
  for (const host of ['10.1.2.3', '172.16.0.3', '172.31.255.3', '192.168.1.3', '169.254.7.3'])
    assert.notEqual(sourceNetworkOf(host), sourceNetworkOf(host.replace(/3$/, '4')), host)
  for (const host of ['172.15.0.3', '172.32.0.3', '11.1.2.3', '192.169.1.3', '100.64.0.3'])
    assert.equal(sourceNetworkOf(host), sourceNetworkOf(host.replace(/3$/, '4')), host)
})

test('what is no IPv4 address stands for itself', () => {
  assert.equal(sourceNetworkOf(''), '')
  assert.notEqual(sourceNetworkOf('10.0.0'), sourceNetworkOf('10.0.1'))
})

test('only 127.0.0.0/8 is this machine', () => {
  assert.deepEqual(
    ['127.0.0.1', '127.9.9.9', '128.0.0.1', '10.0.0.1', '127.0.0', '127.0.0.1.example'].map(isLoopback),
    [true, true, false, false, false, false],
  )
})

test('networks are counted by the first 24 bits of an address', () => {
  assert.equal(slash24Of('192.0.2.1'), slash24Of('192.0.2.255'))
  assert.notEqual(slash24Of('192.0.2.1'), slash24Of('192.0.3.1'))
  assert.notEqual(slash24Of('1.1.11.1'), slash24Of('1.1.1.1'))
  assert.equal(slash24Of(''), '')
})
