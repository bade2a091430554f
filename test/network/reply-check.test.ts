import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import HyperDHT from 'hyperdht'
import UDX from 'udx-native'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { guardLoopback } from '../../src/network/loopback-guard.ts'
import { checkReplySenders } from '../../src/network/reply-check.ts'
import { at } from '../core/identities.ts'
import { addressOf, startNetwork } from './loopback-network.ts'

/** Replies from strangers are dropped, and what HyperDHT relays for others still arrives. */

const openSocket = async (t: TestContext): Promise<Socket & { readonly port: number }> => {
  const socket = createSocket('udp4')
  t.after(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(socket, { port: socket.address().port })
}

/** A reply of dht-rpc that carries a value, to the request that begins with these bytes. */
const replyTo = (request: Uint8Array, value: Uint8Array): Uint8Array =>
  // Type, flags (a value follows), number of the request, the address it was sent to, length and value.
  Buffer.concat([Uint8Array.of(0x13, 16), request.subarray(2, 10), Uint8Array.of(value.length), value])

const [FORGED, HONEST] = [Buffer.from('forged'), Buffer.from('honest')]

test('a reply counts only when it comes from the node that was asked, however well it is made', async (t) => {
  const network = await startNetwork(t, 1)
  const { dht } = await network.join()
  const [node, forger] = [await openSocket(t), await openSocket(t)]
  const asked = dht.request({ command: 10, value: Buffer.from('anything') }, { host: '127.0.0.1', port: node.port })
  const [request, from] = await once(node, 'message')
  const deliver = (socket: Socket, value: Uint8Array): Promise<unknown> =>
    new Promise((resolve) => socket.send(replyTo(request, value), from.port, from.address, resolve))
  // Another port of the same address, and everything else is right.
  await deliver(forger, FORGED)
  // What the forger sent has been read when this comes back: one socket keeps the order.
  await dht.ping(addressOf(at(network.nodes, 0)))
  await deliver(node, HONEST)
  assert.deepEqual((await asked).value, HONEST)
})

test('replies that are cut short or carry flags there are not are dropped, and cost nothing else', async (t) => {
  const network = await startNetwork(t, 1)
  const { dht } = await network.join()
  const node = await openSocket(t)
  const asked = dht.request({ command: 10, value: Buffer.from('anything') }, { host: '127.0.0.1', port: node.port })
  const [request, from] = await once(node, 'message')
  const whole = replyTo(request, HONEST)
  for (const bad of [
    Uint8Array.of(0x13),
    Uint8Array.of(0x13, 16),
    whole.subarray(0, 3),
    Buffer.concat([Uint8Array.of(0x13, 0xfd, 16, 0), whole.subarray(2)]),
    whole,
  ])
    await new Promise((resolve) => node.send(bad, from.port, from.address, resolve))
  assert.deepEqual((await asked).value, HONEST)
})

/** A node that takes itself to be behind a firewall, so that whoever wants it has to go through others. */
const openFirewalled = (t: TestContext, bootstrap: readonly NodeAddress[]): HyperDHT => {
  const udx = new UDX()
  guardLoopback(udx)
  const dht = new HyperDHT({ ...hidden, bootstrap, udx })
  checkReplySenders(dht.io)
  dht.on('error', () => {})
  t.after(() => dht.destroy({ force: true }))
  return dht
}
const hidden = { host: '127.0.0.1', port: [0, 0], firewalled: true, quickFirewall: false, ephemeral: true } as const

test('two nodes behind firewalls connect: the handshake comes through a third, and both punch holes', async (t) => {
  const { bootstrap } = await startNetwork(t, 4)
  const [server, client] = [openFirewalled(t, bootstrap), openFirewalled(t, bootstrap)]
  await Promise.all([server.fullyBootstrapped(), client.fullyBootstrapped()])
  assert.deepEqual([server.firewalled, client.firewalled], [true, true])
  let punched = 0
  const holepunch = (): boolean => {
    punched += 1
    return true
  }
  const listening = server.createServer({ holepunch, shareLocalAddress: false })
  await listening.listen()
  const { publicKey } = listening
  assert.ok(publicKey !== null)
  const arrived = once(listening, 'connection')
  const stream = client.connect(publicKey, { localConnection: false, fastOpen: false, holepunch })
  stream.on('error', () => {})
  const [incoming] = await arrived
  incoming.on('error', () => {})
  assert.equal(await stream.opened, true)
  const heard = once(incoming, 'data')
  stream.write(HONEST)
  assert.deepEqual((await heard)[0], HONEST)
  assert.ok(punched > 0)
  for (const one of [stream, incoming]) one.destroy()
})
