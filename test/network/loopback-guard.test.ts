import assert from 'node:assert/strict'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import UDX from 'udx-native'
import { guardLoopback } from '../../src/network/loopback-guard.ts'
import { codeOf, startNetwork } from './loopback-network.ts'

const ELSEWHERE = [
  '192.0.2.1',
  '10.0.0.1',
  '0.0.0.0',
  '224.0.0.251',
  '255.255.255.255',
  '2001:db8::1',
  '::1',
  'localhost',
]
const REFUSED = { code: 'ERR_LOOPBACK_ONLY' }
const data = Buffer.from('x')

const guarded = (t: TestContext) => {
  const udx = new UDX()
  const guard = guardLoopback(udx)
  const socket = () => {
    const made = udx.createSocket()
    t.after(() => made.close())
    return made
  }
  return { udx, guard, socket }
}

test('datagrams reach 127.0.0.0/8 and go nowhere else', async (t) => {
  const { guard, socket } = guarded(t)
  const receiver = socket()
  receiver.bind(0, '127.0.0.2')
  const port = receiver.address()?.port ?? 0
  const sender = socket()
  sender.bind(0, '127.0.0.1')

  for (const host of ELSEWHERE) {
    assert.equal(await sender.send(data, port, host), false, host)
    sender.trySend(data, port, host)
  }
  assert.equal(guard.refused, 2 * ELSEWHERE.length)

  for (const send of [() => sender.send(data, port, '127.0.0.2'), () => sender.trySend(data, port, '127.0.0.2')]) {
    const arrived = once(receiver, 'message')
    await send()
    assert.deepEqual((await arrived)[0], data)
  }
  assert.equal(guard.refused, 2 * ELSEWHERE.length)
})

test('sockets bind loopback only, also when no host is named', async (t) => {
  const { guard, socket } = guarded(t)
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const hosts = [...ELSEWHERE, '::', ...own.filter((address) => !address.internal).map(({ address }) => address)]
  for (const host of hosts) assert.throws(() => socket().bind(0, host), REFUSED, host)
  assert.equal(guard.refused, hosts.length)

  const named = socket()
  named.bind(0)
  assert.equal(named.address()?.host, '127.0.0.1')
  const unbound = socket()
  await unbound.send(data, named.address()?.port ?? 0)
  assert.equal(unbound.address()?.host, '127.0.0.1')
  assert.throws(() => unbound.addMembership('224.0.0.251'), REFUSED)
})

test('streams do not connect elsewhere: they fail, without an exception', async (t) => {
  const { udx, guard, socket } = guarded(t)
  const local = socket()
  local.bind(0, '127.0.0.1')
  for (const host of ELSEWHERE) {
    const stream = udx.createStream(1)
    const failed = once(stream, 'error')
    stream.connect(local, 2, 4001, host)
    assert.equal((await failed)[0].code, 'ERR_LOOPBACK_ONLY', host)
    assert.equal(stream.connected, false)
  }
  assert.equal(guard.refused, ELSEWHERE.length)
})

test('a connected stream does not move elsewhere', async (t) => {
  const { udx, guard, socket } = guarded(t)
  const local = socket()
  local.bind(0, '127.0.0.1')
  const stream = udx.createStream(1)
  stream.connect(local, 2, 4001, '127.0.0.2')
  assert.equal(stream.remoteHost, '127.0.0.2')
  const failed = once(stream, 'error')
  assert.equal(await codeOf(stream.changeRemote(local, 2, 4001, '192.0.2.1')), 'ERR_LOOPBACK_ONLY')
  await failed
  assert.equal(stream.remoteHost, '127.0.0.2')
  assert.equal(guard.refused, 1)
})

test('names are not looked up; only loopback interfaces are told', async (t) => {
  const { udx, guard } = guarded(t)
  assert.equal(await codeOf(udx.lookup('node.example.org', { family: 4 })), 'ERR_LOOPBACK_ONLY')
  assert.equal(guard.refused, 1)
  assert.equal((await udx.lookup('localhost')).host, '127.0.0.1')
  assert.equal((await udx.lookup('127.0.0.9')).host, '127.0.0.9')
  for (const { host } of udx.networkInterfaces()) assert.match(host, /^127\./)
})

test('a loopback node refuses what a routing table or a peer tells it to contact', async (t) => {
  const network = await startNetwork(t, 2)
  const node = await network.join()
  assert.equal(node.guard?.refused, 0)
  node.dht.addNode({ host: '192.0.2.1', port: 4001 })
  const asked = codeOf(node.dht.ping({ host: '192.0.2.1', port: 4001 }, { retry: false }))
  await node.dht.findNode(node.dht.table.id, { retries: 0 }).finished()
  assert.equal(await asked, 'REQUEST_TIMEOUT')
  assert.equal(node.guard?.refused, 2)
})
