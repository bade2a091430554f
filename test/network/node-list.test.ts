import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkError } from '../../src/core/errors.ts'
import { isLoopbackName, parseNodes } from '../../src/network/node-list.ts'

const code = (text: string | readonly string[]): unknown => {
  try {
    return parseNodes(text)
  } catch (error) {
    return error instanceof NetworkError ? error.code : error
  }
}

test('a bootstrap list is host:port, separated by commas or spaces, or given as several', () => {
  const nodes = [
    { host: '127.0.0.1', port: 4001 },
    { host: 'node-1.example.org', port: 65535 },
  ]
  for (const text of [
    '127.0.0.1:4001,node-1.example.org:65535',
    ' 127.0.0.1:4001\n node-1.example.org:65535, ',
    '127.0.0.1:4001 Node-1.Example.ORG:65535 127.0.0.1:4001',
    ['127.0.0.1:4001', 'node-1.example.org:65535'],
  ]) {
    assert.deepEqual(parseNodes(text), nodes)
  }
  assert.deepEqual(parseNodes('localhost:1'), [{ host: 'localhost', port: 1 }])
})

test('an empty bootstrap list is missing', () => {
  for (const text of ['', ' , \n', [], ['']]) assert.equal(code(text), 'ERR_NETWORK_MISSING')
})

test('an item that is not host:port is refused, whatever stands beside it', () => {
  for (const item of [
    '127.0.0.1',
    '127.0.0.1:',
    ':4001',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:4.5',
    '127.0.0.1:0x10',
    '127.0.0.1:4001:1',
    '[::1]:4001',
    '::1:4001',
    '127.0.0.256:4001',
    '127.0.1:4001',
    '127.0.0.01:4001',
    '0.0.0.0:4001',
    '224.0.0.1:4001',
    '255.255.255.255:4001',
    '127.0.0.1@node.example.org:4001',
    'a..b:4001',
    '-a.example.org:4001',
    'a-.example.org:4001',
    'a_b.example.org:4001',
    `${'a'.repeat(64)}.org:4001`,
    `${'a.'.repeat(127)}org:4001`,
    'https://node.example.org:4001',
  ]) {
    assert.equal(code(item), 'ERR_NETWORK_FORMAT', item)
    assert.equal(code(`127.0.0.1:4001,${item}`), 'ERR_NETWORK_FORMAT', item)
  }
})

test('the error names the item that is wrong, cut short', () => {
  assert.throws(() => parseNodes('127.0.0.1:4001,nowhere'), /nowhere/)
  assert.throws(
    () => parseNodes('x'.repeat(10_000)),
    (error: Error) => error.message.length < 250,
  )
})

test('loopback is 127.0.0.0/8 and localhost, nothing that only looks like it', () => {
  for (const host of ['127.0.0.1', '127.255.255.254', 'localhost']) assert.equal(isLoopbackName(host), true, host)
  for (const host of [
    '128.0.0.1',
    '126.255.255.255',
    '10.0.0.1',
    '0.0.0.0',
    '127.0.0.1.example.org',
    '127.1',
    '::1',
    '',
  ]) {
    assert.equal(isLoopbackName(host), false, host)
  }
})
