import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND, encodeMessage, encodePaddedGet } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { at, lengthen, makeIdentity, makePrekeys } from '../core/identities.ts'
import { allPuts, cardFor, putAll } from '../directory/records.ts'
import { addressOf, startNetwork } from '../network/loopback-network.ts'
import { datagram, openSocket, ping } from './datagrams.ts'

/** What comes back on the wire to a sender that may have forged its address, in bytes with the headers of IPv4 and UDP. */

const HEADERS = 28
const now = Math.floor(Date.now() / 1000)
const alice = makeIdentity('Alice', { devices: 7 })
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, at(alice.roots, 0), 3)
const card = cardFor(log, alice, prekeys, { serial: now * 1000 })
const { id } = log

const start = async (t: TestContext) => {
  // So many that an answer can name 20 closer nodes.
  const { nodes } = await startNetwork(t, 24)
  const node = at(nodes, 0)
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys), { now })
  joinDirectory(node.dht, storage)
  const ask = await openSocket(t, addressOf(node))
  return async (...requests: Buffer[]): Promise<number> => (await ask(...requests)).size + HEADERS
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
      const request = datagram(COMMAND.get, message, { target })
      factors.push((await ask(request)) / (request.length + HEADERS))
    }
  assert.ok(Math.max(...factors) < 3, factors.join(' '))
  // A page of entries did come, and close to the bound: what was measured is what could hurt.
  assert.ok(Math.max(...factors) > 2.3, factors.join(' '))
})

test('§3 refusals of a token are less than three times their request, and what is not understood gets no answer at all', async (t) => {
  const ask = await start(t)
  const token = new Uint8Array(32)
  for (const target of [null, id])
    for (const command of [...Object.values(COMMAND), 3, 200])
      for (const message of [null, new Uint8Array(0), encodeMessage({ id, from: 0 })]) {
        const refused = datagram(command, message, { target, token })
        const factor = (await ask(refused)) / (refused.length + HEADERS)
        assert.ok(factor < 3, `${command}: ${factor}`)
      }
  const get = encodeMessage({ id, from: 0 })
  const nonsense = [
    datagram(COMMAND.get, null, { target: id }),
    datagram(COMMAND.get, Uint8Array.of(0xff), { target: id }),
    datagram(COMMAND.put, get, { target: id }),
    datagram(3, get, { target: id }),
    datagram(COMMAND.get, get, { target: id }, 'handshake'),
  ]
  // The ping's is the first reply, and the smallest there is.
  assert.equal(await ask(...nonsense, ping()), HEADERS + 10 + 32)
})

test('§3 half of a key is not sent to who shows no token', async (t) => {
  const ask = await start(t)
  const half = datagram(COMMAND.getKemHalf, encodeMessage({ id, card: card.hash, half: 0 }), { target: id })
  const get = datagram(COMMAND.get, encodeMessage({ id, from: 0 }))
  const answers = [ask(half), ask(get)]
  // One answer comes, to the second; were there one to the first, it would be that.
  const sizes = await Promise.all(answers)
  assert.deepEqual(sizes, [at(sizes, 0), at(sizes, 0)])
  assert.ok(at(sizes, 0) < 592)
})
