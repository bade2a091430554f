import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { decodeBeacon } from '../../src/core/beacon.ts'
import { BEACON_GROUP } from '../../src/core/limits/beacon-limits.ts'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { type Asking, type Beacon, type BeaconOptions, createBeacon } from '../../src/network/beacon.ts'
import { createEntrances } from '../../src/network/entrances.ts'
import { createTransport } from '../../src/network/transport.ts'
import { makeBytes } from '../core/identities.ts'
import { addressOf, nextOf, startNetwork } from './loopback-network.ts'

/** The beacon over real sockets, on loopback. */

const HOST = '127.0.0.1'
const bob = makeBytes('beacon/bob', 32)
const carol = makeBytes('beacon/carol', 32)

/** One that nobody has at the moment. */
const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4')
  socket.bind(0, HOST)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

const start = async (t: TestContext) => {
  const beaconPort = await freePort()
  const add = (ids: readonly Uint8Array[], port: number, changed: Partial<BeaconOptions> = {}): Beacon => {
    const beacon = createBeacon({
      ids,
      port: () => port,
      world: systemWorld,
      reach: 'loopback',
      beaconPort,
      ...changed,
    })
    t.after(() => beacon.close())
    return beacon
  }
  return { beaconPort, add }
}

/** @throws when nobody answers */
const firstOf = ({ listen, ended }: Asking): Promise<NodeAddress> =>
  new Promise((resolve, reject) => {
    listen(resolve)
    void ended.then(() => reject(new Error('nobody answered')))
  })

/** Who knows nobody's address, and hears what goes by. */
const startWiretap = async (t: TestContext, beaconPort: number) => {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  t.after(() => socket.close())
  socket.bind({ address: BEACON_GROUP, port: beaconPort })
  await once(socket, 'listening')
  socket.addMembership(BEACON_GROUP, HOST)
  return socket
}

test('who is asked for is found, of several that share the port on one machine', async (t) => {
  const { add, beaconPort } = await start(t)
  const [forBob, forCarol, alice] = [add([bob], 4_001), add([carol], 4_002), add([], 0)]
  const questions = new Set<string>()
  const wiretap = await startWiretap(t, beaconPort)
  wiretap.on('message', (bytes) => questions.add(bytes.toString('hex')))
  await Promise.all([forBob.listen(), forCarol.listen()])
  const askings = [bob, carol].map((id) => alice.ask(id))
  assert.deepEqual(await Promise.all(askings.map(firstOf)), [
    { host: HOST, port: 4_001 },
    { host: HOST, port: 4_002 },
  ])
  // Each heard all questions, twice: by multicast and by broadcast. Each was answered once, by one of them.
  await Promise.all(askings.map(({ ended }) => ended))
  assert.ok(forBob.counts.looked > questions.size)
  assert.equal(forBob.counts.answered + forCarol.counts.answered, questions.size)
})

test('a question is put again: who comes up a moment later is found by the same asking', async (t) => {
  const { add, beaconPort } = await start(t)
  const wiretap = await startWiretap(t, beaconPort)
  const heard = once(wiretap, 'message')
  const asking = add([], 0).ask(bob)
  await heard
  await add([bob], 4_001).listen()
  assert.deepEqual(await firstOf(asking), { host: HOST, port: 4_001 })
})

test('nobody answers for an id that is not there, before it listens, or after it closed', async (t) => {
  const { add } = await start(t)
  const [alice, forBob, silent] = [add([], 0), add([bob], 4_001), add([carol], 4_002)]
  await forBob.listen()
  const askings = [makeBytes('nobody', 32), carol].map((id) => alice.ask(id).answered)
  assert.deepEqual(await Promise.all(askings), [false, false])
  assert.ok(forBob.counts.looked > 0)
  assert.equal(silent.counts.looked, 0)
  forBob.close()
  assert.equal(await alice.ask(bob).answered, false)
})

test('who asks for the same at once shares an asking; more than 32 are not asked for', async (t) => {
  const { add } = await start(t)
  const alice = add([], 0)
  assert.equal(alice.ask(bob), alice.ask(bob))
  const askings = Array.from({ length: 40 }, (_, i) => alice.ask(makeBytes(`many/${i}`, 32)))
  assert.equal(new Set(askings).size, 31 + 1)
  alice.close()
  assert.deepEqual(await Promise.all(askings.map(({ answered }) => answered)), Array(40).fill(false))
})

test('a question that was recorded is not answered to who sends it again', async (t) => {
  const { add, beaconPort } = await start(t)
  const [alice, forBob] = [add([], 0), add([bob], 4_001)]
  const mallory = await startWiretap(t, beaconPort)
  const recorded = once(mallory, 'message')
  await forBob.listen()
  const asking = alice.ask(bob)
  const [question] = await recorded
  assert.equal(decodeBeacon(new Uint8Array(question))?.port, 0)
  await asking.ended

  const { answered, looked } = forBob.counts
  const again = createSocket('udp4')
  t.after(() => again.close())
  again.on('message', () => assert.fail('an answer to a question that was recorded'))
  again.bind(0, HOST)
  await once(again, 'listening')
  again.setMulticastInterface(HOST)
  const send = promisify((done: (error: Error | null) => void) => again.send(question, beaconPort, BEACON_GROUP, done))
  await send()
  await send()
  // What is asked after it is heard after it.
  await firstOf(alice.ask(bob))
  assert.ok(forBob.counts.looked >= looked + 3)
  // Alice may have to ask more than once.
  assert.ok(forBob.counts.answered > answered)
  assert.ok(forBob.counts.answered - answered <= forBob.counts.looked - looked - 2)
})

test('the beacon of a node that is kept on this machine opens nothing on other interfaces', async (t) => {
  const network = await startNetwork(t, 1)
  const guard = network.nodes[0]?.guard
  assert.ok(guard)
  const { add } = await start(t)
  const elsewhere = [{ host: '192.0.2.7', broadcast: '192.0.2.255', contains: () => true }]
  const wrong = add([bob], 4_001, { guard, reach: 'lan', interfaces: () => elsewhere })
  const before = guard.refused
  await wrong.listen()
  assert.ok(guard.refused > before, 'every interface was bound')
  const bound = guard.refused
  assert.equal(await wrong.ask(carol).answered, false)
  assert.ok(guard.refused > bound, 'a question was sent')
})

test('a peer is dialled where it was found, though no node that we know knows it', async (t) => {
  const [hers, his] = await Promise.all([startNetwork(t, 1), startNetwork(t, 1)])
  const [aliceNode, bobNode] = await Promise.all([hers.join(), his.join()])
  const [alice, bobs] = [createTransport(aliceNode, randomBytes(32)), createTransport(bobNode, randomBytes(32))]
  const incoming = await bobs.listen()
  const { add } = await start(t)
  await add([bob], bobNode.port).listen()
  const asking = add([], 0).ask(bob)
  const [ours, theirs] = await Promise.all([alice.connect(bobs.publicKey, { nearby: asking }), nextOf(incoming)])
  assert.deepEqual(ours.remoteKey, bobs.publicKey)
  await ours.send(Uint8Array.of(1))
  assert.deepEqual(await nextOf(theirs.receive()), Uint8Array.of(1))
})

test('where a false answer leads, nobody proves the key: the usual way opens all the same', async (t) => {
  const network = await startNetwork(t)
  const [aliceNode, bobNode, malloryNode] = await Promise.all([network.join(), network.join(), network.join()])
  const [alice, bobs, mallorys] = [aliceNode, bobNode, malloryNode].map((node) =>
    createTransport(node, randomBytes(32)),
  )
  assert.ok(alice && bobs && mallorys)
  await mallorys.listen()
  const incoming = await bobs.listen()
  const { add } = await start(t)
  // Mallory knows Bob's address, and says that Bob is with her, or where nobody is.
  await Promise.all([malloryNode.port, await freePort()].map((port) => add([bob], port).listen()))
  const asking = add([], 0).ask(bob)
  await asking.answered
  const [ours] = await Promise.all([alice.connect(bobs.publicKey, { nearby: asking }), nextOf(incoming)])
  assert.deepEqual(ours.remoteKey, bobs.publicKey)
})

test('what was found leads into the network: the last eight, and none once a public node is known', async (t) => {
  const network = await startNetwork(t, 2)
  const node = await network.join()
  const list = node.dht.bootstrapNodes.length
  const entrances = createEntrances(node.dht)
  const [first] = network.bootstrap
  assert.ok(first)
  entrances.add(first)
  assert.equal(node.dht.bootstrapNodes.length, list, 'it is on the list already')
  for (let i = 1; i <= 12; i++) entrances.add({ host: '127.0.0.9', port: i })
  entrances.add({ host: '127.0.0.9', port: 12 })
  assert.deepEqual(
    node.dht.bootstrapNodes.slice(list).map(({ port }) => port),
    [5, 6, 7, 8, 9, 10, 11, 12],
  )
  const stored = network.nodes[1]
  assert.ok(stored)
  entrances.add(addressOf(stored))
  node.dht.addNode({ host: '198.51.100.7', port: 4_001 })
  assert.equal(node.dht.bootstrapNodes.length, list)
  entrances.add(addressOf(stored))
  assert.equal(node.dht.bootstrapNodes.length, list)
})
