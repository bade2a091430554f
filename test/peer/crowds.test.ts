import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import {
  NETWORK_CONNECTIONS_MAX,
  NETWORK_KNOCKS_MAX,
  PEER_CONNECTIONS_MAX,
  STRANGER_CONNECTIONS_MAX,
} from '../../src/core/limits/connection-limits.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { alice, bob, codeOf, identityOf, makeWorld, settle } from '../connection/sides.ts'
import { at, makeBytes } from '../core/identities.ts'
import { endOf, take } from '../messages/told.ts'
import { createTown, transportKeyOf } from '../messages/town.ts'

/** Bob, who knows Alice, and strangers who come in numbers and say nothing. */

const start = async (t: TestContext) => {
  const town = createTown()
  const world = makeWorld('crowds')
  // They come as slowly as strangers are answered.
  const pass = (): void => {
    world.now += 1
  }
  const open = (identity: typeof alice, host = '192.0.2.1') => {
    const peer = town.open(identity, { world, transport: town.transports.add(transportKeyOf(identity), host) })
    t.after(() => peer.close())
    return peer
  }
  const [a, b] = [open(alice, '203.0.113.1'), open(bob)]
  await Promise.all([a.listen(), b.listen()])
  await b.addContact(a.address)
  let count = 0
  const stranger = (host: string): Peer => {
    pass()
    return open(identityOf(`stranger ${count++}`), host)
  }
  /** As many strangers as one needs for that many connections from an address, and these, oldest first. */
  const crowd = async (host: string, times: number): Promise<{ strangers: Peer[]; connections: Connection[] }> => {
    const strangers: Peer[] = []
    const connections: Connection[] = []
    for (let index = 0; index < times; index++) {
      if (index % PEER_CONNECTIONS_MAX === 0) strangers.push(stranger(host))
      pass()
      connections.push(await at(strangers, -1).connect(b.address))
    }
    return { strangers, connections }
  }
  /** Streams on which nothing is said, from one address, under a key each or all under one. */
  const idle = async (host: string, times: number, key?: Uint8Array): Promise<FrameStream[]> => {
    const streams: FrameStream[] = []
    for (let index = 0; index < times; index++) {
      const transport = town.transports.add(key ?? makeBytes(`idle ${host} ${index}`, 32), host)
      pass()
      streams.push(await transport.connect(b.transport.publicKey))
      // Who has been let in can give way; whose path is still looked for cannot.
      await settle()
    }
    return streams
  }
  return { a, b, stranger, crowd, idle }
}

/** Which of them are open. */
const stillOpen = async (connections: readonly Connection[]): Promise<boolean[]> => {
  await settle()
  const ends = await Promise.all(connections.map(({ closed }) => Promise.race([closed, null])))
  return ends.map((ending) => ending === null)
}

const areAll = (count: number, open: boolean): boolean[] => Array<boolean>(count).fill(open)

test('§6 one network has 16 connections of strangers: for one more the idlest gives way, and no contact does', async (t) => {
  const { a, b, stranger, crowd } = await start(t)
  const before = await a.connect(b.address)
  const first = stranger('198.51.100.1')
  const talking = await first.connect(b.address)
  const { connections } = await crowd('198.51.100.2', NETWORK_CONNECTIONS_MAX - 1)
  // The oldest is in use: what came after it has said nothing for longer.
  await first.messages.send(b.address, 'I talk')
  assert.deepEqual(await take(b, 1), ['I talk'])
  const late = await stranger('198.51.100.77').connect(b.address)
  assert.deepEqual(
    await stillOpen(connections),
    connections.map((_, index) => index > 0),
  )
  assert.equal(await endOf(at(connections, 0)), 'left')
  const after = await a.connect(b.address)
  assert.deepEqual(await stillOpen([before, talking, late, after]), areAll(4, true))
})

test('§6 64 connections of strangers from four networks: a fifth network is let in, and who has one keeps it', async (t) => {
  const { a, b, stranger, crowd } = await start(t)
  const early = await stranger('198.51.99.1').connect(b.address)
  const all: Connection[] = []
  for (let network = 0; network < 4; network++) {
    const { connections } = await crowd(`198.51.${network}.1`, NETWORK_CONNECTIONS_MAX)
    all.push(...connections)
  }
  const late = await stranger('198.51.98.1').connect(b.address)
  assert.deepEqual(await stillOpen([early, late]), [true, true])
  const open = (await stillOpen(all)).filter((one) => one).length
  assert.equal(open, STRANGER_CONNECTIONS_MAX - 2)
  await a.messages.send(b.address, 'got in')
  assert.deepEqual(await take(b, 1), ['got in'])
})

test('§6 a stranger who has become a contact is counted with the crowd no more', async (t) => {
  const { b, crowd } = await start(t)
  const { strangers, connections } = await crowd('198.51.100.1', PEER_CONNECTIONS_MAX)
  const first = at(strangers, 0)
  await first.listen()
  await b.addContact(first.address)
  const others = await crowd('198.51.100.2', NETWORK_CONNECTIONS_MAX)
  const open = await stillOpen([...connections, ...others.connections])
  assert.deepEqual(open, areAll(open.length, true))
})

test('§6 no contact has more than 8 connections: the idlest gives way', async (t) => {
  const { a, b } = await start(t)
  const connections: Connection[] = []
  for (let index = 0; index < PEER_CONNECTIONS_MAX + 2; index++) connections.push(await a.connect(b.address))
  assert.deepEqual(
    await stillOpen(connections),
    connections.map((_, index) => index >= 2),
  )
})

test('§6 who stands at the door and says nothing makes room: for a contact, for a stranger, and for who comes after it', async (t) => {
  const { a, b, stranger, idle } = await start(t)
  const streams: FrameStream[] = []
  for (let network = 0; network < 5; network++)
    streams.push(...(await idle(`198.51.${network}.1`, NETWORK_KNOCKS_MAX * 3)))
  const other = stranger('198.51.77.1')
  await Promise.all([other.messages.send(b.address, 'a stranger'), a.messages.send(b.address, 'a contact')])
  assert.deepEqual((await take(b, 2)).toSorted(), ['a contact', 'a stranger'])
  const first = at(streams, 0).receive().next()
  assert.equal(await codeOf(first), 'ERR_CONNECTION_LOST')
  for (const stream of streams) stream.destroy()
})

test('§6 whoever repeats what a contact knocked with shuts out nobody: who speaks has a seat that knocks do not take', async (t) => {
  const { a, b, idle } = await start(t)
  const connection = await a.connect(b.address)
  const repeated = await idle('198.51.100.1', 12, transportKeyOf(alice))
  await a.messages.send(b.address, 'still here')
  assert.deepEqual(await take(b, 1), ['still here'])
  assert.deepEqual(await stillOpen([connection]), [true])
  const again = await a.connect(b.address)
  assert.deepEqual(await stillOpen([connection, again]), [true, true])
  for (const stream of repeated) stream.destroy()
})
