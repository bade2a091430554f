import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { DhtNode } from '../../src/network/node.ts'
import { createTransport, type FrameStream } from '../../src/network/transport.ts'
import { codeOf, nextOf, startNetwork, startPair } from './loopback-network.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Counts the connections a node opens from now on. */
const countConnects = (t: TestContext, node: DhtNode): (() => number) => {
  const connect = t.mock.method(node.dht, 'connect')
  return () => connect.mock.callCount()
}

test('§8 both sides see the same handshake hash and the key of the other', async (t) => {
  const { aliceTransport, bobTransport, connect } = await startPair(t)
  const [alice, bob] = await connect()
  assert.equal(alice.handshakeHash.length, 64)
  assert.deepEqual(alice.handshakeHash, bob.handshakeHash)
  assert.deepEqual(alice.remoteKey, bobTransport.publicKey)
  assert.deepEqual(bob.remoteKey, aliceTransport.publicKey)
  assert.notDeepEqual(aliceTransport.publicKey, bobTransport.publicKey)
  for (const value of [alice.handshakeHash, alice.remoteKey, aliceTransport.publicKey]) {
    assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype)
  }
  const [again] = await connect()
  assert.notDeepEqual(again.handshakeHash, alice.handshakeHash)
})

test('a key is the one of its seed', async (t) => {
  const network = await startNetwork(t, 1)
  const [node] = network.nodes
  assert.ok(node)
  const seed = randomBytes(32)
  assert.deepEqual(createTransport(node, seed).publicKey, createTransport(node, seed).publicKey)
  assert.notDeepEqual(createTransport(node, seed).publicKey, createTransport(node, randomBytes(32)).publicKey)
})

test('nobody under the key: ERR_CONNECT, with what HyperDHT said', async (t) => {
  const { aliceTransport } = await startPair(t)
  await assert.rejects(aliceTransport.connect(randomBytes(32)), (error: NodeJS.ErrnoException) => {
    assert.equal(error.code, 'ERR_CONNECT')
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'PEER_NOT_FOUND')
    return true
  })
  for (const length of [0, 31, 33, 64]) {
    assert.equal(await codeOf(aliceTransport.connect(new Uint8Array(length))), 'ERR_CONNECT')
  }
})

/** A node whose connections are what the test makes of them. */
const standIn = (t: TestContext) => {
  const rawStream = new EventEmitter()
  const stream = Object.assign(new EventEmitter(), {
    rawStream,
    destroy: t.mock.fn(),
    handshakeHash: Buffer.alloc(64),
    remotePublicKey: Buffer.alloc(32),
  })
  const node = { dht: { connect: () => stream }, guard: null } as unknown as DhtNode
  return { stream, connect: () => createTransport(node, randomBytes(32)).connect(randomBytes(32)) }
}

test('an attempt that nothing comes of ends after 10 s', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { stream, connect } = standIn(t)
  const connecting = codeOf(connect())
  t.mock.timers.tick(9_999)
  assert.equal(stream.destroy.mock.callCount(), 0)
  t.mock.timers.tick(1)
  assert.equal(await connecting, 'ERR_CONNECT')
  assert.equal(stream.destroy.mock.callCount(), 1)
})

test('a handshake without a path for the stream is no connection', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const silent = standIn(t)
  const failing = codeOf(silent.connect())
  silent.stream.emit('connect')
  t.mock.timers.tick(10_000)
  assert.equal(await failing, 'ERR_CONNECT')

  const open = standIn(t)
  const connecting = open.connect()
  open.stream.emit('connect')
  open.stream.rawStream.emit('data', Buffer.alloc(59))
  assert.equal((await connecting).handshakeHash.length, 64)
})

test('an aborted attempt rejects with the reason and leaves nothing behind', async (t) => {
  const { alice, aliceTransport, bobTransport } = await startPair(t)
  const reason = new Error('changed my mind')
  const connects = countConnects(t, alice)
  await assert.rejects(aliceTransport.connect(bobTransport.publicKey, { signal: AbortSignal.abort(reason) }), reason)
  assert.equal(connects(), 0)
  const abort = new AbortController()
  const connecting = aliceTransport.connect(bobTransport.publicKey, { signal: abort.signal })
  abort.abort(reason)
  await assert.rejects(connecting, reason)
  assert.equal(connects(), 1)
})

test('a stream outlives the signal it was opened with', async (t) => {
  const { aliceTransport, bobTransport } = await startPair(t)
  const incoming = await bobTransport.listen()
  const abort = new AbortController()
  const alice = await aliceTransport.connect(bobTransport.publicKey, { signal: abort.signal })
  const bob = await nextOf(incoming)
  abort.abort()
  await alice.send(bytes('hello'))
  assert.deepEqual(await nextOf(bob.receive()), bytes('hello'))
})

test('of incoming streams nobody takes, 64 wait and more are destroyed; one that closes gives its place back', async (t) => {
  const { aliceTransport, bobTransport } = await startPair(t)
  const incoming = await bobTransport.listen()
  const connect = () => aliceTransport.connect(bobTransport.publicKey)
  const waiting: FrameStream[] = []
  for (let i = 0; i < 64; i++) waiting.push(await connect())
  const surplus = connect().then((stream) => nextOf(stream.receive()))
  assert.match(String(await codeOf(surplus)), /^ERR_CONNECT(ION_LOST)?$/)

  await waiting[10]?.close()
  const late = await connect()
  await late.send(bytes('late'))
  const taken: FrameStream[] = []
  for (let i = 0; i < 64; i++) taken.push(await nextOf(incoming))
  assert.deepEqual(await nextOf((taken[63] as FrameStream).receive()), bytes('late'))
  assert.ok(
    !taken.some((stream) => Buffer.compare(stream.handshakeHash, waiting[10]?.handshakeHash ?? bytes('')) === 0),
  )
})

test('a closed transport: its streams end, its key is withdrawn, nothing more comes or goes', async (t) => {
  const { alice, aliceTransport, bobTransport, connect } = await startPair(t)
  const incoming = await bobTransport.listen()
  const [ours, theirs] = await connect()
  await aliceTransport.connect(bobTransport.publicKey)
  await Promise.all([bobTransport.close(), bobTransport.close()])
  assert.deepEqual(await Array.fromAsync(incoming), [])
  assert.equal(await codeOf(nextOf(ours.receive())), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(theirs.send(bytes('x'))), 'ERR_CONNECTION_CLOSED')
  assert.equal(await codeOf(bobTransport.connect(aliceTransport.publicKey)), 'ERR_CONNECTION_CLOSED')
  assert.equal(await codeOf(bobTransport.listen()), 'ERR_CONNECTION_CLOSED')
  assert.equal(await codeOf(aliceTransport.connect(bobTransport.publicKey)), 'ERR_CONNECT')
  assert.equal(alice.guard?.refused, 0)
})

test('closing is quick when the nodes that know the key are gone', async (t) => {
  const network = await startNetwork(t, 3)
  const transport = createTransport(await network.join(), randomBytes(32))
  const incoming = await transport.listen()
  const other = await network.join()
  const [gone] = network.bootstrap
  await Promise.all(network.nodes.map((node) => node.close()))
  // Whoever asks one of them waits for seconds.
  const silence = codeOf(other.dht.ping(gone ?? assert.fail())).then(() => 'waited')
  const closed = Promise.all([transport.close(), Array.fromAsync(incoming)]).then(() => 'closed')
  assert.equal(await Promise.race([silence, closed]), 'closed')
})

test('a closed node: the other side loses its streams, this side connects no more', async (t) => {
  const { bob, aliceTransport, bobTransport, connect } = await startPair(t)
  const incoming = await bobTransport.listen()
  const [alice] = await connect()
  await bob.close()
  assert.equal(await codeOf(nextOf(alice.receive())), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(alice.send(bytes('x'))), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(bobTransport.connect(aliceTransport.publicKey)), 'ERR_CONNECTION_CLOSED')
  assert.deepEqual(await Array.fromAsync(incoming), [])
})

test('two transports of one node do not mix; one key is announced once', async (t) => {
  const { alice, bob, bobTransport } = await startPair(t)
  const second = createTransport(bob, randomBytes(32))
  const incoming = await second.listen()
  const stream = await createTransport(alice, randomBytes(32)).connect(second.publicKey)
  assert.deepEqual((await nextOf(incoming)).handshakeHash, stream.handshakeHash)
  assert.deepEqual(stream.remoteKey, second.publicKey)

  const seed = randomBytes(32)
  await createTransport(bob, seed).listen()
  assert.equal(await codeOf(createTransport(bob, seed).listen()), 'ERR_CONNECT')
  await bobTransport.close()
})

test('the other side cannot route a stream through a relay of its choice', async (t) => {
  const { alice, bob, aliceTransport, bobTransport } = await startPair(t)
  const incoming = await bobTransport.listen()
  const bobConnects = countConnects(t, bob)
  const mallory = alice.dht.connect(Buffer.from(bobTransport.publicKey), { relayThrough: randomBytes(32) })
  mallory.on('error', () => undefined)
  t.after(() => mallory.destroy())
  await once(mallory, 'connect')
  await nextOf(incoming)
  assert.equal(bobConnects(), 0)

  const relaying = bob.dht.createServer({ relayThrough: randomBytes(32) }, (stream) =>
    stream.on('error', () => undefined),
  )
  await relaying.listen()
  const aliceConnects = countConnects(t, alice)
  await aliceTransport.connect(relaying.publicKey ?? bytes(''))
  assert.equal(aliceConnects(), 1)
})
