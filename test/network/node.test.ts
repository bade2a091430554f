import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import type { IncomingRequest, PluginRequest } from 'hyperdht'
import Plugin from 'hyperdht/lib/plugin.js'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { createNode, type NodeOptions } from '../../src/network/node.ts'
import { createTransport } from '../../src/network/transport.ts'
import { QUICKLY } from '../node-command.ts'
import { addressOf, codeOf, startNetwork } from './loopback-network.ts'

/** A UDP socket on loopback that never answers. */
const silentNode = async (t: TestContext): Promise<{ socket: Socket; address: NodeAddress }> => {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { socket, address: { host: '127.0.0.1', port: socket.address().port } }
}

const somewhere = [{ host: '127.0.0.1', port: 4001 }]

test('without a bootstrap list no node is made, whatever stands for the list', async () => {
  for (const bootstrap of [undefined, null, false, '', '127.0.0.1:4001', {}, []]) {
    const options = { bootstrap } as unknown as NodeOptions
    assert.equal(await codeOf(createNode(options)), 'ERR_NETWORK_MISSING')
  }
  for (const bootstrap of [undefined, null, false]) {
    const options = { bootstrap, first: true } as unknown as NodeOptions
    assert.equal(await codeOf(createNode(options)), 'ERR_NETWORK_MISSING')
  }
  for (const host of ['', '1.2.3.4@node.example.org', '0.0.0.0', 'a b']) {
    assert.equal(await codeOf(createNode({ bootstrap: [{ host, port: 4001 }] })), 'ERR_NETWORK_FORMAT', host)
  }
  for (const port of [0, 65536, 1.5, Number.NaN]) {
    assert.equal(await codeOf(createNode({ bootstrap: [{ host: '127.0.0.1', port }] })), 'ERR_NETWORK_FORMAT')
  }
})

test('a host that is no IPv4 address of this machine is refused', async (t) => {
  // None of them is bound, so that nothing can leave the machine.
  const { HANDFAST_LOOPBACK_ONLY = '' } = process.env
  process.env.HANDFAST_LOOPBACK_ONLY = ''
  t.after(() => void Object.assign(process.env, { HANDFAST_LOOPBACK_ONLY }))
  for (const host of ['192.0.2.1', 'nonsense', '::1', '']) {
    assert.equal(await codeOf(createNode({ bootstrap: somewhere, host })), 'ERR_NETWORK_HOST', host)
    assert.equal(await codeOf(createNode({ bootstrap: [], first: true, host })), 'ERR_NETWORK_HOST', host)
  }
  // Others have to know where to find the first node.
  assert.equal(await codeOf(createNode({ bootstrap: [], first: true, host: '0.0.0.0' })), 'ERR_NETWORK_HOST')
})

test('a loopback node does not take a list of other machines', async () => {
  const bootstrap = [{ host: '192.0.2.1', port: 4001 }]
  assert.equal(await codeOf(createNode({ bootstrap, host: '127.0.0.1' })), 'ERR_LOOPBACK_ONLY')
})

test('a port outside the range is refused', async () => {
  for (const port of [-1, 65536, 1.5, Number.NaN]) {
    assert.equal(await codeOf(createNode({ bootstrap: [], first: true, port })), 'ERR_PORT_DENIED')
  }
})

test('the port asked for is the port used; no other is taken when it is in use', async (t) => {
  const network = await startNetwork(t, 1)
  const { socket, address } = await silentNode(t)
  const { port } = address
  for (const options of [{ bootstrap: network.bootstrap }, { bootstrap: network.bootstrap, storage: true }]) {
    assert.equal(await codeOf(createNode({ ...options, port })), 'ERR_PORT_IN_USE')
  }
  assert.equal(await codeOf(createNode({ bootstrap: [], first: true, port })), 'ERR_PORT_IN_USE')
  const other = createSocket('udp4').bind(0, '127.0.0.2')
  await once(other, 'listening')
  const free = other.address().port
  other.close()
  assert.equal((await network.join({ port: free, host: '127.0.0.2' })).port, free)
  assert.equal(socket.address().port, port)
})

test('nodes of a loopback list stay on loopback and know their port', async (t) => {
  const network = await startNetwork(t, 2)
  const node = await network.join({ bootstrap: [{ host: 'localhost', port: network.bootstrap[0]?.port ?? 0 }] })
  for (const { host, port, guard, dht } of [...network.nodes, node]) {
    assert.equal(host, '127.0.0.1')
    assert.ok(port > 0)
    assert.equal(guard?.refused, 0)
    assert.equal(dht.io.serverSocket?.address()?.host, '127.0.0.1')
    assert.equal(dht.io.clientSocket?.address()?.host, '127.0.0.1')
    // HyperDHT would bind a socket on each address to try it out.
    assert.deepEqual(await dht.validateLocalAddresses([{ host, port }]), [])
  }
})

test('storage nodes are persistent from the start and find each other; others are not', async (t) => {
  const network = await startNetwork(t, 6)
  const client = await network.join()
  assert.equal(client.dht.ephemeral, true)
  for (const node of network.nodes) {
    assert.equal(node.dht.ephemeral, false)
    const query = client.dht.findNode(node.dht.table.id)
    await query.finished()
    assert.equal(query.closestNodes[0]?.port, node.port)
  }
})

test('a storage node that is not told its address does not start', async (t) => {
  const liar = await silentNode(t)
  // Answers whatever it is asked; the address it reports to the asker has port 0.
  liar.socket.on('message', (message, from) => {
    const reply = Buffer.concat([Buffer.from([0x13, 0]), message.subarray(2, 4), Buffer.from([127, 0, 0, 1, 0, 0])])
    if (message[0] === 0x03) liar.socket.send(reply, from.port, from.address)
  })
  assert.equal(await codeOf(createNode({ bootstrap: [liar.address], storage: true })), 'ERR_STORAGE_ADDRESS')
})

test('a plugin is served by the first node and by storage nodes', async (t) => {
  class Echo extends Plugin {
    override onrequest({ value }: PluginRequest, envelope: IncomingRequest): void {
      envelope.reply(value)
    }
    override onpersistent(): void {}
    override destroy(): void {}
  }
  const network = await startNetwork(t, 2)
  for (const node of network.nodes) node.dht.register('echo', new Echo('echo', 1))
  const client = await network.join()
  const asking = new Echo('echo', 1)
  client.dht.register('echo', asking)
  for (const node of network.nodes) {
    const reply = await asking.request({ command: 1, value: Buffer.from('hello') }, addressOf(node))
    assert.equal(reply.value?.toString(), 'hello')
  }
})

test('the seed decides the key pair', async (t) => {
  const network = await startNetwork(t, 1)
  const transportSeed = Buffer.alloc(32, 7)
  const [one, two, other] = await Promise.all([
    network.join({ transportSeed }),
    network.join({ transportSeed }),
    network.join(),
  ])
  assert.deepEqual(one.dht.defaultKeyPair, two.dht.defaultKeyPair)
  assert.notDeepEqual(one.dht.defaultKeyPair, other.dht.defaultKeyPair)
})

// These wait for answers that never come: side by side.
describe('silent nodes', { concurrency: true }, () => {
  test('silent bootstrap nodes: all of them is an error, some of them costs little', async (t) => {
    const network = await startNetwork(t, 2)
    const { address } = await silentNode(t)
    const { address: other } = await silentNode(t)

    const alone = codeOf(createNode({ bootstrap: [address, other] }))
    let over = false
    void alone.then(() => {
      over = true
    })
    const [client, storage] = await Promise.all([
      network.join({ bootstrap: [address, ...network.bootstrap] }),
      network.join({ bootstrap: [...network.bootstrap, address], storage: true }),
    ])
    assert.equal(over, false, 'it took as long as when nobody answers')
    assert.equal(storage.dht.ephemeral, false)
    assert.ok(client.dht.nodes.length > 0)
    assert.equal(await alone, 'ERR_NETWORK_UNREACHABLE')
  })

  test('the silent part of the list is tried again once everybody known is lost', async (t) => {
    const network = await startNetwork(t, 1)
    const { address } = await silentNode(t)
    const client = await network.join({ bootstrap: [...network.bootstrap, address] })
    assert.deepEqual(client.dht.bootstrapNodes, network.bootstrap)
    const lost = once(client.dht, 'remove-node')
    await network.nodes[0]?.close()
    const target = client.dht.toArray()[0]
    assert.ok(target)
    // A failed request to a known node takes it out of the routing table.
    await client.dht.findNode(client.dht.table.id, { retries: 0 }).finished()
    await lost
    assert.deepEqual(client.dht.bootstrapNodes, [...network.bootstrap, address])
  })

  test('first with a list: joins when somebody answers, starts a network when nobody does', async (t) => {
    const network = await startNetwork(t, 1)
    const joined = await network.join({ first: true, storage: true })
    assert.ok(joined.dht.nodes.length > 0)
    const { address } = await silentNode(t)
    const started = await network.join({ bootstrap: [address], first: true })
    assert.equal(started.dht.ephemeral, false)
    const follower = await network.join({ bootstrap: [addressOf(started)] })
    assert.equal(follower.dht.nodes.length, 1)
  })
})

test('an aborted start rejects with the reason', async (t) => {
  const { address } = await silentNode(t)
  const reason = new Error('changed my mind')
  await assert.rejects(createNode({ bootstrap: [address], signal: AbortSignal.abort(reason) }), reason)
  const abort = new AbortController()
  const { socket } = await silentNode(t)
  const asked = once(socket, 'message')
  const making = createNode({ bootstrap: [{ host: '127.0.0.1', port: socket.address().port }], signal: abort.signal })
  await asked
  abort.abort(reason)
  await assert.rejects(making, reason)
})

test('closing is quick and idempotent, also while listening and when the nodes that know us are gone', async (t) => {
  const network = await startNetwork(t, 3)
  const node = await network.join()
  await createTransport(node, Buffer.alloc(32, 1)).listen()
  const other = await network.join()
  const [gone] = network.bootstrap
  await Promise.all(network.nodes.map((one) => one.close()))
  // Whoever asks one of them waits for seconds.
  const silence = codeOf(other.dht.ping(gone ?? assert.fail())).then(() => 'waited')
  const closed = Promise.all([node.close(), node.close()]).then(() => 'closed')
  assert.equal(await Promise.race([silence, closed]), 'closed')
  assert.equal(node.dht.destroyed, true)
})

test('§4 a reply counts only when it comes from the node that was asked', async (t) => {
  const network = await startNetwork(t, 1)
  const node = await network.join()
  const asked = await silentNode(t)
  const mallory = await silentNode(t)
  const request = once(asked.socket, 'message')
  const answered = node.dht.ping(asked.address)
  const [message, from] = await request
  // type, flags, number and address of the request: everything a reply needs
  const reply = Buffer.concat([Buffer.from([0x13, 0]), message.subarray(2, 10)])
  mallory.socket.send(reply, from.port, from.address)
  mallory.socket.send(Buffer.from([0x13, 0xfd]), from.port, from.address)
  mallory.socket.send(Buffer.from([0x13]), from.port, from.address)
  asked.socket.send(reply, from.port, from.address)
  assert.equal((await answered).from.port, asked.address.port)
})

test('a process whose nodes are closed, or failed to start, ends by itself', async () => {
  const child = spawn(process.execPath, [...QUICKLY, new URL('ends-by-itself.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})
