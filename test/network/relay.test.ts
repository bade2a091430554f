import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import BlindRelay from 'blind-relay'
import HyperDHT, { type SecretStream } from 'hyperdht'
import { RELAY_GUEST_WAITING_MAX, RELAY_NETWORK_GUESTS_MAX } from '../../src/core/limits/relay-limits.ts'
import type { DhtNode } from '../../src/network/node.ts'
import { openRelay, type Relay } from '../../src/network/relay.ts'
import { createTransport } from '../../src/network/transport.ts'
import { addressOf, startNetwork } from './loopback-network.ts'

/** A relay on loopback, whose guests believe that something is in the way. */

type Stage = { readonly relayNode: DhtNode; readonly relay: Relay; guest(): Promise<HyperDHT> }

const setUp = async (t: TestContext): Promise<Stage> => {
  const network = await startNetwork(t, 1)
  const relayNode = await network.join({ storage: true })
  const relay = await openRelay(relayNode)
  t.after(relay.close)
  return {
    ...{ relayNode, relay },
    // Firewalled, as far as it knows, and it does not try to find out.
    guest: async () => {
      const options = { host: '127.0.0.1', port: [0, 0], ephemeral: true, quickFirewall: false } as const
      const dht = new HyperDHT({ bootstrap: network.bootstrap, ...options })
      t.after(() => dht.destroy({ force: true }))
      await dht.fullyBootstrapped()
      return dht
    },
  }
}

const quiet = (stream: SecretStream): SecretStream => stream.on('error', () => undefined)

/** A stream from one guest to another, which only the relay carries. */
const relayed = async (t: TestContext, { relay, guest }: Pick<Stage, 'relay' | 'guest'>) => {
  const [a, b] = await Promise.all([guest(), guest()])
  const server = b.createServer({ holepunch: false, shareLocalAddress: false })
  await server.listen()
  const incoming = once(server, 'connection')
  const options = { relayThrough: Buffer.from(relay.publicKey), localConnection: false, fastOpen: false }
  const near = quiet(a.connect(server.publicKey ?? Buffer.alloc(32), { ...options, holepunch: () => false }))
  t.after(() => near.destroy())
  const [far] = (await incoming) as [SecretStream]
  await Promise.all([near.opened, quiet(far).opened])
  return { near, far }
}

/** Until something of the relay is so: there is no event for it. */
const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a relay carries what two sides say to each other, and counts its bytes', async (t) => {
  const stage = await setUp(t)
  const { near, far } = await relayed(t, stage)
  const { port } = addressOf(stage.relayNode)
  assert.deepEqual([near.rawStream?.remotePort, far.rawStream?.remotePort], [port, port])
  near.write(Buffer.alloc(50_000, 1))
  let heard = 0
  while (heard < 50_000) heard += ((await once(far, 'data')) as [Buffer])[0].length
  far.write(Buffer.from('back'))
  assert.deepEqual(await once(near, 'data'), [Buffer.from('back')])
  await until(() => stage.relay.counts.bytes > 50_000)
  assert.equal(stage.relay.counts.links, 1)
})

test('when one end goes, or the relay closes, nothing is left of a link, and no process ends', async (t) => {
  const stage = await setUp(t)
  const first = await relayed(t, stage)
  first.near.destroy()
  await until(() => stage.relay.counts.links === 0)
  const second = await relayed(t, stage)
  await stage.relay.close()
  assert.equal(stage.relay.counts.links, 0)
  second.near.write(Buffer.from('into nothing'))
})

test('of one network so many guests are let in, and a place that is free again is taken', async (t) => {
  const { relay, guest } = await setUp(t)
  const dht = await guest()
  const call = (): SecretStream => quiet(dht.connect(Buffer.from(relay.publicKey), { keyPair: HyperDHT.keyPair() }))
  const streams = Array.from({ length: RELAY_NETWORK_GUESTS_MAX }, call)
  t.after(() => streams.map((stream) => stream.destroy()))
  assert.ok((await Promise.all(streams.map((stream) => stream.opened))).every((opened) => opened))
  assert.equal(relay.counts.refused, 0)
  const more = call()
  t.after(() => more.destroy())
  await until(() => relay.counts.refused > 0)
  streams[0]?.destroy()
  const again = call()
  t.after(() => again.destroy())
  assert.equal(await again.opened, true)
})

test('who names tokens that nobody comes for is sent away', async (t) => {
  const { relay, guest } = await setUp(t)
  const dht = await guest()
  const stream = quiet(dht.connect(Buffer.from(relay.publicKey), { keyPair: HyperDHT.keyPair() }))
  const closed = new Promise<void>((resolve) => stream.once('close', resolve))
  const client = BlindRelay.Client.from(stream, { id: stream.publicKey })
  for (let tokens = 0; tokens <= RELAY_GUEST_WAITING_MAX; tokens++) {
    const raw = dht.createRawStream({ framed: true })
    client
      .pair(true, randomBytes(32), raw)
      .on('error', () => undefined)
      .on('data', () => undefined)
  }
  await closed
  assert.equal(relay.counts.refused, 1)
})

test('whoever listens goes to a relay only when he named it', async (t) => {
  const { relayNode, relay, guest } = await setUp(t)
  const network = { bootstrap: [addressOf(relayNode)] }
  const { createNode } = await import('../../src/network/node.ts')
  const bob = await createNode(network)
  t.after(bob.close)
  const transport = createTransport(bob, randomBytes(32))
  t.after(transport.close)
  let named: readonly Uint8Array[] = []
  await transport.listen({ relays: () => named })
  const connects = t.mock.method(bob.dht, 'connect')
  // A new one each time: who knows a way from before takes it.
  const call = async (): Promise<void> => {
    const stranger = await guest()
    const options = { relayThrough: Buffer.from(relay.publicKey), localConnection: false }
    const stream = quiet(stranger.connect(Buffer.from(transport.publicKey), options))
    t.after(() => stream.destroy())
    await stream.opened
  }
  await call()
  assert.equal(connects.mock.callCount(), 0)
  named = [randomBytes(32)]
  await call()
  assert.equal(connects.mock.callCount(), 0)
  named = [relay.publicKey]
  await call()
  assert.deepEqual(
    connects.mock.calls.map(({ arguments: [key, options] }) => [key, options]),
    [[Buffer.from(relay.publicKey), undefined]],
  )
})
