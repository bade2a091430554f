import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClock } from '../../sim/world/clock.ts'
import { createMachine } from '../../sim/world/memory-udx.ts'
import { createNetwork, PAYLOAD_MAX } from '../../sim/world/network.ts'
import { createRandom } from '../../sim/world/random.ts'
import {
  askDirectory,
  decodeReply,
  decodeRequest,
  directoryRequest,
  encodeReply,
  encodeRequest,
  nodeId,
} from '../../sim/world/wire.ts'
import { withWorld } from './small-world.ts'

test('what is due at the same time happens in the order of the calls, and nothing that was called off', async () => {
  const clock = createClock(0)
  const happened: string[] = []
  const note = (name: string) => () => void happened.push(`${name} at ${clock.now()}`)
  clock.after(20, note('late'))
  clock.after(10, note('first'))
  clock.cancel(clock.after(10, note('called off')))
  clock.after(10, note('second'))
  await clock.drive(clock.wait(30))
  assert.deepEqual(happened, ['first at 10', 'second at 10', 'late at 20'])
})

test('waiting for what never happens is an error, and a leap skips what lies between', async () => {
  const clock = createClock(0)
  await assert.rejects(clock.drive(new Promise(() => {})), /never happens/)
  clock.after(10, () => {})
  clock.leap(1_000)
  await clock.drive(clock.wait(1))
  assert.equal(clock.now(), 1_001)
})

const from = { host: '20.0.0.1', port: 1 }
const to = { host: '20.0.1.1', port: 2 }

test('datagrams arrive late, once, and not when they are too large or nobody is there', async () => {
  const clock = createClock(0)
  const network = createNetwork(clock, createRandom('test'), { loss: 0 })
  const arrived: number[] = []
  network.bind(to, (data) => void arrived.push(data.length))
  assert.throws(() => network.bind(to, () => {}), { code: 'EADDRINUSE' })
  for (const size of [PAYLOAD_MAX, PAYLOAD_MAX + 1, 1]) network.send({ from, to, data: Buffer.alloc(size) })
  network.send({ from: to, to: from, data: Buffer.alloc(1) })
  assert.deepEqual(arrived, [])
  await clock.drive(clock.wait(1_000))
  assert.deepEqual(arrived.sort(), [1, PAYLOAD_MAX])
  assert.deepEqual({ ...network.traffic }, { sent: 4, bytes: 2 * PAYLOAD_MAX + 3, lost: 0, tooLarge: 1 })
})

test('a port that is reserved is nobody’s by chance, and there for who asks for it', () => {
  const network = createNetwork(createClock(0), createRandom('test'), { loss: 0 })
  const { host } = from
  const { udx } = createMachine(network, host, createRandom('ports'))
  for (let port = 1024; port < 65_536; port++) if (port !== 40_000) network.reserve({ host, port })
  const [free, asked] = [udx.createSocket(), udx.createSocket()]
  free.bind()
  asked.bind(50_000)
  assert.deepEqual([free.address()?.port, asked.address()?.port], [40_000, 50_000])
})

test('a machine that is switched off sends nothing, whoever still holds one of its sockets', () => {
  const clock = createClock(0)
  const network = createNetwork(clock, createRandom('test'), { loss: 0 })
  const machine = createMachine(network, from.host, createRandom('ports'))
  const socket = machine.udx.createSocket()
  socket.trySend(Buffer.alloc(1), to.port, to.host)
  machine.mute = true
  socket.trySend(Buffer.alloc(1), to.port, to.host)
  assert.equal(network.traffic.sent, 1)
})

test('about as many datagrams are lost as the network is told', async () => {
  const clock = createClock(0)
  const network = createNetwork(clock, createRandom('test'), { loss: 0.2 })
  for (let i = 0; i < 2_000; i++) network.send({ from, to, data: Buffer.alloc(1) })
  assert.ok(network.traffic.lost > 300 && network.traffic.lost < 500, `${network.traffic.lost}`)
})

test('bare datagrams are read back as they were written, and cut ones are no datagrams', () => {
  const message = Buffer.from('a question')
  const request = {
    tid: 65_535,
    to,
    token: Buffer.alloc(32, 1),
    target: Buffer.alloc(32, 2),
    ...askDirectory(2, message),
  }
  const bytes = encodeRequest(request)
  const read = decodeRequest(bytes)
  assert.deepEqual(read, request)
  assert.ok(read !== null)
  assert.deepEqual(directoryRequest(read), { command: 2, message })
  const reply = {
    tid: 7,
    to: from,
    id: nodeId(to),
    token: Buffer.alloc(32, 3),
    closerNodes: [from, to],
    error: 0,
    value: Buffer.alloc(300, 4),
  }
  assert.deepEqual(decodeReply(encodeReply(reply)), reply)
  for (let length = 0; length < bytes.length; length++) assert.equal(decodeRequest(bytes.subarray(0, length)), null)
})

test('HyperDHT understands bare datagrams, and they it', async () => {
  const { result } = await withWorld(async (world) => {
    const [member] = await world.grow(1)
    assert.ok(member !== undefined)
    const client = world.client()
    // GET of an identity nobody has.
    const question = Buffer.concat([
      Buffer.from('a26269645820', 'hex'),
      Buffer.alloc(32),
      Buffer.from('6466726f6d00', 'hex'),
    ])
    return {
      reply: await client.ask(member.address, 0, question),
      id: nodeId(member.address),
      member: member.node.dht.id,
    }
  })
  assert.ok(result.reply?.value && result.reply.token)
  assert.deepEqual(result.reply.id, result.id)
  assert.deepEqual(result.member, result.id)
})

test('a storage node that is switched off answers nobody and says nothing any more', async () => {
  const { result } = await withWorld(async (world) => {
    const members = await world.grow(4)
    const [victim] = members.slice(-1)
    assert.ok(victim !== undefined)
    let heard = 0
    world.kill(victim)
    world.network.watch('sent', (datagram) => {
      if (datagram.from.host === victim.address.host) heard += 1
    })
    await world.clock.wait(60_000)
    return { heard, left: world.members.size, bound: world.network.isTaken(victim.address) }
  })
  assert.deepEqual(result, { heard: 0, left: 3, bound: false })
})
