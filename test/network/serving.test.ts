import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import HyperDHT from 'hyperdht'
import UDX from 'udx-native'
import { type InternalRequest, internalsOf } from '../../src/network/hyperdht-internals.ts'
import { guardLoopback } from '../../src/network/loopback-guard.ts'
import { guardServing } from '../../src/network/serving.ts'
import { makeBytes } from '../core/identities.ts'

/** Requests of all networks at a real node, handed to it where its socket would: sockets of other networks there are none. */

const [IMMUTABLE_PUT, IMMUTABLE_GET, PING, FIND_NODE, DELAYED_PING] = [8, 9, 0, 2, 4]
const TOKEN = Buffer.alloc(32)

type Asked = {
  readonly command: number
  readonly target?: Buffer
  readonly value?: Buffer
  readonly token?: Buffer | null
  readonly internal?: boolean
}

const start = async (t: TestContext, exempt: (host: string) => boolean) => {
  const udx = new UDX()
  guardLoopback(udx)
  const socket = udx.createSocket()
  socket.bind(0, '127.0.0.1')
  const port = socket.address()?.port ?? 0
  await socket.close()
  const settings = { udx, ephemeral: false, firewalled: false, anyPort: false, bootstrap: [] }
  const dht = HyperDHT.bootstrapper(port, '127.0.0.1', { ...settings, host: '127.0.0.1' })
  const serving = guardServing(dht, exempt)
  t.after(() => dht.destroy({ force: true }))
  await dht.fullyBootstrapped()
  const internals = internalsOf(dht)
  /** The reply; undefined when there is none. */
  const ask = (host: string, { command, target, value, token = TOKEN, internal = false }: Asked) => {
    let reply: { readonly error: number; readonly value: Uint8Array | null } | undefined
    const request: InternalRequest = {
      ...{ from: { host, port: 4001, id: null }, to: { host: '127.0.0.1', port: 1 }, command, internal, token },
      ...{ target: target ?? null, value: value ?? null, socket: internals.io.serverSocket, _io: internals.io },
      reply: (answer) => request._sendReply(0, answer, true, true, request.from, request.socket),
      error: (code) => request._sendReply(code, null, false, true, request.from, request.socket),
      sendReply: (code, answer, withToken, closer) =>
        request._sendReply(code, answer, withToken, closer, request.from, request.socket),
      _sendReply: (error, answer) => {
        reply = { error, value: answer }
      },
    }
    internals.io.onrequest(request, false)
    return reply
  }
  const put = (host: string, value: Buffer) =>
    ask(host, { command: IMMUTABLE_PUT, target: HyperDHT.hash(value), value })
  const get = (host: string, value: Buffer) =>
    ask(host, { command: IMMUTABLE_GET, target: HyperDHT.hash(value) })?.value
  return { ask, put, get, serving, internals }
}

const values = (name: string, count: number, size = 900): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.from(makeBytes(`${name} ${index}`, size)))

test('§10 65,536 values from one network leave what others put, and no more than its room', async (t) => {
  const { put, get, serving } = await start(t, () => true)
  const theirs = values('Alice', 100)
  for (const [index, value] of theirs.entries()) assert.equal(put(`203.0.${index}.9`, value)?.error, 0)
  const flood = Buffer.alloc(100)
  for (let index = 0; index < 65_536; index++) {
    flood.writeUInt32BE(index)
    put(`198.51.100.${index % 256}`, Buffer.from(flood))
  }
  for (const value of theirs) assert.deepEqual(get('192.0.2.1', value), value)
  const { values: count, bytes } = serving.counts
  assert.ok(count <= 8_192 && bytes <= 8 * 1024 * 1024, `${count} ${bytes}`)
})

test('§10 a network has its quota of HyperDHT’s own commands too, with a token and without, and others theirs', async (t) => {
  const { ask, put, serving } = await start(t, () => false)
  const until = (asked: () => unknown): number => {
    for (let count = 0; count < 20_000; count++) if (asked() === undefined) return count
    return Number.POSITIVE_INFINITY
  }
  const target = Buffer.from(makeBytes('target', 32))
  const find = (host: string) => ask(host, { command: FIND_NODE, target, token: null, internal: true })
  const [value = Buffer.alloc(1)] = values('value', 1)
  assert.ok(until(() => find('198.51.100.1')) < 3_000)
  // A little of it comes back with each moment.
  assert.ok(until(() => find('198.51.100.200')) < 300)
  assert.ok(find('203.0.113.1') !== undefined)
  // Who shows a token is held by what is done for him, and not by what others asked in his name.
  assert.ok(put('198.51.100.1', value) !== undefined)
  assert.ok(until(() => put('198.51.100.1', value)) < 7_000)
  assert.ok(put('203.0.113.1', value) !== undefined)
  // A thousand peers of one network ping each 3 s, and more.
  const ping = () => ask('192.0.2.1', { command: PING, token: null, internal: true })
  assert.ok(until(ping) > 9_000)
  assert.ok(serving.counts.limited >= 3)
})

test('§10 pings that are to be answered later are few at a time, whoever asks for them', async (t) => {
  const { ask, internals } = await start(t, () => true)
  const later = Buffer.alloc(4)
  later.writeUInt32LE(10_000)
  for (let index = 0; index < 1_000; index++)
    ask(`203.0.${index % 256}.9`, { command: DELAYED_PING, value: later, token: null, internal: true })
  assert.equal(internals._pendingTimers.size, 256)
})
