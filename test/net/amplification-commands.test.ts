import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { type TestContext, test } from 'node:test'
import HyperDHT from 'hyperdht'
import { createStorage } from '../../src/directory/node/storage.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { makeBytes } from '../core/identities.ts'
import { addressOf, startNetwork } from '../network/loopback-network.ts'
import { openMeter, request, wireBytes } from './datagrams.ts'
import { stockClient } from './stock-client.ts'

/**
 * Every command of dht-rpc and HyperDHT at a Handfast node that keeps the most each can answer with, on real sockets: what comes back, or
 * goes to where the request says, is less than three times its bytes. A command that a new version adds has to be put into the table.
 */

const load = createRequire(import.meta.url)
const OWN: Record<string, number> = load('dht-rpc/lib/commands.js')
const { COMMANDS: DHT }: { COMMANDS: Record<string, number> } = load('hyperdht/lib/constants.js')

/** Bytes of the request and of what it brings, with headers: the table of docs/spec/directory.md §10. */
const BYTES = {
  PING: [39, 70],
  PING_NAT: [42, 70],
  FIND_NODE: [71, 191],
  DOWN_HINT: [46, 70],
  DELAYED_PING: [44, 70],
  PEER_HANDSHAKE: [76, 191],
  PEER_HOLEPUNCH: [83, 115],
  FIND_PEER: [71, 209],
  LOOKUP: [71, 39],
  ANNOUNCE: [71, 0],
  UNANNOUNCE: [71, 0],
  MUTABLE_PUT: [71, 0],
  MUTABLE_GET: [73, 39],
  IMMUTABLE_PUT: [71, 0],
  IMMUTABLE_GET: [71, 39],
  PLUGIN: [71, 0],
}

const TOPIC = makeBytes('topic', 32)
const VALUE = Buffer.alloc(1_150, 7)
const PEERS = 20
const relays = [1, 2, 3].map((host) => ({ host: `127.0.9.${host}`, port: 4_000 + host }))

/** A node that keeps what makes the longest answers, among so many that an answer can name 20 closer nodes. */
const start = async (t: TestContext) => {
  const { nodes, bootstrap } = await startNetwork(t, 24)
  for (const { dht } of nodes) joinDirectory(dht, createStorage())
  const client = await stockClient(t, bootstrap)
  const keyPair = HyperDHT.keyPair(makeBytes('Alice', 32))
  const self = HyperDHT.hash(keyPair.publicKey)
  const { hash } = await client.immutablePut(VALUE)
  await client.mutablePut(keyPair, VALUE.subarray(0, 986))
  await client.announce(self, keyPair, relays).finished()
  for (let peer = 0; peer < PEERS; peer++)
    await client.announce(TOPIC, HyperDHT.keyPair(makeBytes(`${peer}`, 32)), relays).finished()
  // Records are at the 20 nodes nearest to each target: at least one node of 24 has them all.
  const targets = [hash, self, TOPIC]
  const holders = targets.map((target) => new Set(nearest(nodes, target)))
  const node = nodes.find((one) => holders.every((near) => near.has(one.port)))
  assert.ok(node !== undefined)
  return { node, targets: { immutable: hash, self, topic: TOPIC } }
}

const nearest = (nodes: Awaited<ReturnType<typeof startNetwork>>['nodes'], target: Uint8Array): number[] => {
  const distance = (id: Uint8Array): string =>
    Buffer.from(id.map((byte, index) => byte ^ (target[index] ?? 0))).toString('hex')
  const all = nodes.map(({ dht, port }) => ({ port, far: distance(dht.id ?? new Uint8Array(32)) }))
  return all
    .toSorted((a, b) => (a.far < b.far ? -1 : 1))
    .slice(0, 20)
    .map(({ port }) => port)
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value & 255, value >> 8)
const address = (port: number): Uint8Array => Uint8Array.of(127, 0, 0, 1, ...uint16(port))
const noise = makeBytes('noise', 1)
/** `mode` of a handshake or hole punch that goes on to an address: as a client's, a relay's, a server's. */
const handshake = (mode: number, to: number): Buffer =>
  Buffer.concat([Uint8Array.of(3, mode, noise.length), noise, address(to), address(to)])
const holepunch = (mode: number, to: number): Buffer =>
  Buffer.concat([Uint8Array.of(1, mode, 1, noise.length), noise, address(to)])

test('§10 every command of dht-rpc and HyperDHT is answered with less than three times its bytes', async (t) => {
  const { node, targets } = await start(t)
  const own = (name: string): number => OWN[name] ?? Number.NaN
  const dht = (name: string): number => DHT[name] ?? Number.NaN
  const { immutable, self, topic } = targets

  /** The request of each command that earns most for its bytes. */
  const table = (port: number): Record<string, Buffer> => ({
    PING: request(own('PING'), null, {}, true),
    PING_NAT: request(own('PING_NAT'), uint16(port), {}, true),
    FIND_NODE: request(own('FIND_NODE'), null, { target: self }, true),
    DOWN_HINT: request(own('DOWN_HINT'), address(1), {}, true),
    DELAYED_PING: request(own('DELAYED_PING'), new Uint8Array(4), {}, true),
    PEER_HANDSHAKE: request(dht('PEER_HANDSHAKE'), Uint8Array.of(0, 0, 1, 1), { target: immutable }),
    PEER_HOLEPUNCH: request(dht('PEER_HOLEPUNCH'), holepunch(0, port), { target: immutable }),
    FIND_PEER: request(dht('FIND_PEER'), null, { target: self }),
    LOOKUP: request(dht('LOOKUP'), null, { target: topic }),
    ANNOUNCE: request(dht('ANNOUNCE'), null, { target: self }),
    UNANNOUNCE: request(dht('UNANNOUNCE'), null, { target: self }),
    MUTABLE_PUT: request(dht('MUTABLE_PUT'), null, { target: self }),
    MUTABLE_GET: request(dht('MUTABLE_GET'), Uint8Array.of(0), { target: self }),
    IMMUTABLE_PUT: request(dht('IMMUTABLE_PUT'), null, { target: immutable }),
    IMMUTABLE_GET: request(dht('IMMUTABLE_GET'), null, { target: immutable }),
    PLUGIN: request(dht('PLUGIN'), null, { target: self }),
  })
  assert.deepEqual(Object.keys(table(0)).toSorted(), [...Object.keys(OWN), ...Object.keys(DHT)].toSorted())
  const measured: Record<string, readonly number[]> = {}
  for (const name of Object.keys(table(0))) {
    // Each from a socket of its own: an address is asked once whether it receives.
    const { port, measure } = await openMeter(t, addressOf(node))
    const one = table(port)[name] ?? Buffer.alloc(0)
    measured[name] = [wireBytes(one), await measure(one, name === 'DELAYED_PING')]
  }
  assert.deepEqual(measured, BYTES)
  for (const [asked = 0, answered = 0] of Object.values(measured)) assert.ok(answered < 3 * asked)

  // Whatever else is around a command, of those there are and of those there are not.
  const fake = makeBytes('token', 32)
  const { port, measure } = await openMeter(t, addressOf(node))
  for (const internal of [true, false])
    for (let command = 0; command <= 12; command++)
      for (const target of [null, immutable, self, topic])
        for (const value of [null, Uint8Array.of(0), new Uint8Array(4), handshake(0, port), new Uint8Array(600)])
          for (const token of [null, fake]) {
            if (internal && command === own('DELAYED_PING') && token === null && (value?.length ?? 0) >= 4) continue
            const one = request(command, value, { target, token }, internal)
            const bytes = await measure(one)
            assert.ok(bytes < 3 * wireBytes(one), `${internal} ${command} ${wireBytes(one)} ${bytes}`)
          }
})

test('§10 what goes where the request says, and not back, is less than three times its bytes as well', async (t) => {
  const { node, targets } = await start(t)
  const { measure } = await openMeter(t, addressOf(node))
  const victim = await openMeter(t, addressOf(node))
  let seen = 0
  for (const [name, make] of [
    ['PEER_HANDSHAKE', handshake],
    ['PEER_HOLEPUNCH', holepunch],
  ] as const)
    for (const mode of [0, 1, 2, 3, 4])
      for (const target of [null, targets.self, targets.immutable]) {
        const one = request(DHT[name] ?? Number.NaN, make(mode, victim.port), { target })
        const [back, away] = [await measure(one), await victim.measure(null)]
        seen = Math.max(seen, away)
        assert.ok(back + away < 3 * wireBytes(one), `${name} ${mode}: ${back} ${away}`)
      }
  // Something did go there.
  assert.ok(seen > 0)
})

test('§10 who shows a token, or that he receives what he asks for, gets all there is', async (t) => {
  const { node, targets } = await start(t)
  const asking = await stockClient(t, [addressOf(node)])
  const get = { command: DHT.IMMUTABLE_GET ?? Number.NaN, target: targets.immutable }
  // HyperDHT's own client shows no token: the node asks it back first.
  const reply = await asking.request(get, addressOf(node))
  assert.deepEqual([reply.value, reply.closerNodes?.length], [VALUE, 20])
  const { measure } = await openMeter(t, addressOf(node))
  const small = await measure(request(get.command, null, { target: targets.immutable }))
  // A stranger's socket was asked whether it receives, and that is all.
  assert.equal(small, 39)
  const again = await asking.request({ ...get, token: reply.token }, addressOf(node))
  assert.deepEqual(again.value, VALUE)
})
