import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import { startPair } from '../network/loopback-network.ts'
import { createMemoryTransports, createPair } from './memory-transport.ts'
import { codeOf } from './sides.ts'

/** What a peer relies on in a stream holds for the real one and for its twin in memory. */

const KINDS: readonly [string, (t: TestContext) => Promise<readonly [FrameStream, FrameStream]>][] = [
  ['real', async (t) => (await startPair(t)).connect()],
  [
    'in memory',
    async () => {
      const { near, far } = createPair()
      return [near, far]
    },
  ],
]

const collect = async (stream: FrameStream): Promise<{ frames: Uint8Array[]; code: unknown }> => {
  const frames: Uint8Array[] = []
  const code = await codeOf(
    (async () => {
      for await (const frame of stream.receive()) frames.push(frame)
    })(),
  )
  return { frames, code }
}

for (const [kind, start] of KINDS) {
  test(`§8 ${kind}: both ends share a channel binding that no other stream has`, async (t) => {
    const [near, far] = await start(t)
    const [other] = await start(t)
    assert.equal(near.handshakeHash.length, 64)
    assert.deepEqual(near.handshakeHash, far.handshakeHash)
    assert.notDeepEqual(near.handshakeHash, other.handshakeHash)
  })

  test(`${kind}: each end knows the IP address of the other`, async (t) => {
    const [near, far] = await start(t)
    for (const { remoteHost } of [near, far]) assert.match(remoteHost, /^\d+\.\d+\.\d+\.\d+$/)
  })

  test(`§8 ${kind}: frames keep their order and the bytes of the moment; a goodbye comes after them`, async (t) => {
    const [near, far] = await start(t)
    const frame = new Uint8Array(1)
    const sent = [1, 2, 3].map((value) => {
      frame[0] = value
      return near.send(frame)
    })
    const [{ frames, code }] = await Promise.all([collect(far), near.close(), ...sent])
    assert.deepEqual(
      frames.map(([value]) => value),
      [1, 2, 3],
    )
    assert.equal(code, undefined)
    assert.equal(await codeOf(near.send(frame)), 'ERR_CONNECTION_CLOSED')
    assert.equal(await codeOf(far.send(frame)), 'ERR_CONNECTION_CLOSED')
    await Promise.all([near.close(), far.close()])
  })

  test(`§8 ${kind}: an end without goodbye is a loss on the other side`, async (t) => {
    const [near, far] = await start(t)
    const [nearEnd, farEnd] = [collect(near), collect(far)]
    near.destroy()
    assert.equal((await nearEnd).code, 'ERR_CONNECTION_CLOSED')
    assert.equal((await farEnd).code, 'ERR_CONNECTION_LOST')
    assert.equal(await codeOf(far.send(utf8('x'))), 'ERR_CONNECTION_LOST')
    await Promise.all([near.close(), far.close()])
  })

  test(`§8 ${kind}: no frame is empty or larger than 64 KiB`, async (t) => {
    const [near] = await start(t)
    for (const size of [0, FRAME_BYTES_MAX + 1])
      assert.equal(await codeOf(near.send(new Uint8Array(size))), 'ERR_FRAME_SIZE')
  })
}

test('in memory: what is held arrives when it is released, what is cut is lost', async () => {
  const pair = createPair()
  pair.toFar.hold()
  const sent = pair.near.send(utf8('held'))
  const incoming = pair.far.receive()
  pair.toFar.release()
  await sent
  assert.deepEqual((await incoming.next()).value, utf8('held'))
  pair.cut()
  assert.equal(await codeOf(incoming.next()), 'ERR_CONNECTION_LOST')
  assert.equal(await codeOf(pair.near.send(utf8('x'))), 'ERR_CONNECTION_LOST')
})

const startNetwork = async (t: TestContext) => {
  const pair = await startPair(t)
  return { near: pair.aliceTransport, far: pair.bobTransport }
}
const startMemory = async () => {
  const network = createMemoryTransports()
  return { near: network.add(utf8('near')), far: network.add(utf8('far')) }
}

for (const [kind, start] of [
  ['real', startNetwork],
  ['in memory', startMemory],
] as const)
  test(`${kind}: who connects as nobody shows another key each time, and never its own`, async (t) => {
    const { near, far } = await start(t)
    const incoming = await far.listen()
    const shown: string[] = []
    for (const anonymous of [true, true, false]) {
      await near.connect(far.publicKey, { anonymous })
      const { value } = await incoming.next()
      shown.push(Buffer.from(value?.remoteKey ?? []).toString('hex'))
    }
    assert.equal(new Set(shown).size, 3)
    assert.equal(shown[2], Buffer.from(near.publicKey).toString('hex'))
  })

test('in memory: transports find each other by key', async () => {
  const network = createMemoryTransports()
  const [near, far] = [network.add(utf8('near')), network.add(utf8('far'))]
  assert.equal(await codeOf(near.connect(far.publicKey)), 'ERR_CONNECT')
  const incoming = await far.listen()
  const stream = await near.connect(far.publicKey)
  const { value } = await incoming.next()
  assert.deepEqual(value?.handshakeHash, stream.handshakeHash)
  assert.deepEqual(value?.remoteKey, near.publicKey)
  await far.close()
  assert.equal((await incoming.next()).done, true)
  assert.equal(await codeOf(near.connect(far.publicKey)), 'ERR_CONNECT')
  assert.equal((await collect(stream)).code, 'ERR_CONNECTION_LOST')
})
