import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { COMMAND, encodeMessage, encodePaddedGet } from '../../src/directory/messages.ts'
import { joinDirectory } from '../../src/directory/plugin.ts'
import { createStorage } from '../../src/directory/storage.ts'
import { at, lengthen, makeIdentity, makePrekeys } from '../core/identities.ts'
import { allPuts, cardFor, putAll } from '../directory/records.ts'
import { addressOf, startNetwork } from '../network/loopback-network.ts'

/** What comes back on the wire to a sender that may have forged its address, in bytes with the headers of IPv4 and UDP. */

const HEADERS = 28
const now = Math.floor(Date.now() / 1000)
const alice = makeIdentity('Alice', { devices: 8 })
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, at(alice.roots, 0), 3)
const card = cardFor(log, alice, prekeys, { serial: now * 1000 })
const { id } = log

const prefixed = (value: Uint8Array): Buffer =>
  Buffer.concat([
    value.length < 0xfd ? Uint8Array.of(value.length) : Uint8Array.of(0xfd, value.length & 255, value.length >> 8),
    value,
  ])

/** A request of dht-rpc with as little around the message as it takes: no id, no token (docs/spec/directory.md §1). */
const datagram = (command: number, message: Uint8Array, target: Uint8Array | null): Buffer => {
  const [REQUEST, PLUGIN, FLAG_TARGET, FLAG_VALUE] = [0x03, 10, 8, 16]
  const flags = FLAG_VALUE | (target === null ? 0 : FLAG_TARGET)
  const head = Uint8Array.of(REQUEST, flags, 7, 0, 127, 0, 0, 1, 0, 1)
  const plugin = Buffer.concat([prefixed(Buffer.from('handfast')), Uint8Array.of(1, command, 1), prefixed(message)])
  return Buffer.concat([head, Uint8Array.of(PLUGIN), target ?? new Uint8Array(0), prefixed(plugin)])
}

const start = async (t: TestContext) => {
  // So many that an answer can name 20 closer nodes.
  const { nodes } = await startNetwork(t, 24)
  const node = at(nodes, 0)
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys), { now })
  joinDirectory(node.dht, storage)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const { host, port } = addressOf(node)
  return async (request: Buffer): Promise<number> => {
    const answer = once(socket, 'message')
    socket.send(request, port, host)
    const [bytes] = await answer
    return bytes.length + HEADERS
  }
}

test('§3 an answer on the wire is less than three times its request, whatever is asked', async (t) => {
  const ask = await start(t)
  const factors: number[] = []
  for (const target of [null, id])
    for (const message of [
      encodeMessage({ id, from: 0 }),
      encodePaddedGet({ id, from: 0 }),
      encodePaddedGet({ id, from: 1 }),
      encodePaddedGet({ id, from: 3 }),
      encodeMessage({ id, from: 0, pad: new Uint8Array(200) }),
    ]) {
      const request = datagram(COMMAND.get, message, target)
      factors.push((await ask(request)) / (request.length + HEADERS))
    }
  assert.ok(Math.max(...factors) < 3, factors.join(' '))
  // A page of entries did come, and close to the bound: what was measured is what could hurt.
  assert.ok(Math.max(...factors) > 2.3, factors.join(' '))
})

test('§3 half of a key is not sent to who shows no token', async (t) => {
  const ask = await start(t)
  const half = datagram(COMMAND.getKemHalf, encodeMessage({ id, card: card.hash, half: 0 }), id)
  const get = datagram(COMMAND.get, encodeMessage({ id, from: 0 }), null)
  const answers = [ask(half), ask(get)]
  // One answer comes, to the second; were there one to the first, it would be that.
  const sizes = await Promise.all(answers)
  assert.deepEqual(sizes, [at(sizes, 0), at(sizes, 0)])
  assert.ok(at(sizes, 0) < 592)
})
