import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../../src/core/kdf.ts'
import { createMemoryRecordStore } from '../../../src/directory/node/record-store.ts'
import { createStorage, type StorageNode } from '../../../src/directory/node/storage.ts'
import { COMMAND, encodeMessage, type PutRequest } from '../../../src/directory/request-format.ts'
import { at, flip, lengthen, makeBytes, makeIdentity, makePrekeys, NOW } from '../../core/identities.ts'
import { allPuts, cardFor, cardPut, entryPut, get, put, putAll } from '../records.ts'

/** Nobody keeps a storage node busy: work is counted by the network it comes from. */

const [HERE, BESIDE, ELSEWHERE] = ['203.0.113.9', '203.0.113.77', '198.51.100.9']
const alice = makeIdentity('Alice')
const prekeys = makePrekeys('Alice')
const { log } = alice
const { id } = log
const first = entryPut(log)
const question = encodeMessage({ id, from: 0 })

const forged = (index: number): PutRequest => ({ ...first, d: flip(first.d, first.d.length - 1 - (index % 20)) })

/** Puts until the node has had too much of it: how many it looked at. */
const untilTooMuch = (storage: StorageNode, request: (index: number) => PutRequest, from: string): number => {
  for (let index = 0; index < 300; index++) if (put(storage, request(index), { from }) === 'ERR_PUT_RATE') return index
  return Number.POSITIVE_INFINITY
}

const asks = (storage: StorageNode, { proven = false, from = HERE, now = NOW } = {}): boolean =>
  storage.handle(COMMAND.get, question, { now, proven, from }) !== null

const askUntilTooMuch = (storage: StorageNode, how: { proven?: boolean; from?: string }): number => {
  for (let index = 0; index < 6_000; index++) if (!asks(storage, how)) return index
  return Number.POSITIVE_INFINITY
}

/** What a forger may send who has made an identity of his own: signatures that are not its owner's. */
const second = entryPut(lengthen(log, at(alice.roots, 0), 2))
const card = cardPut(cardFor(log, alice, prekeys))
for (const [code, request] of [
  ['ERR_LOG_ADDRESS', first],
  ['ERR_LOG_SIGNATURE', second],
  ['ERR_CARD_SIGNATURE', card],
] as const)
  test(`§4 forgeries that end with ${code} get some dozens of looks, then ERR_PUT_RATE; neighbours pay, others do not`, () => {
    const storage = createStorage()
    putAll(storage, [first])
    const forgery = { ...request, d: flip(request.d) }
    assert.equal(put(storage, forgery), code)
    const count = untilTooMuch(storage, () => forgery, HERE)
    assert.ok(count > 10 && count < 100, `${count}`)
    assert.equal(put(storage, first, { from: BESIDE }), 'ERR_PUT_RATE')
    assert.equal(put(storage, first, { from: ELSEWHERE }), null)
  })

test('§4 what may be wrong by mistake is counted as the work it is', () => {
  const early = { now: NOW - 10 * 24 * 3600, from: HERE }
  const storage = createStorage()
  put(storage, first, early)
  let count = 0
  while (put(storage, card, early) === 'ERR_CARD_AHEAD') count += 1
  assert.ok(count > 300, `${count}`)
})

test('§4 a network that was refused is heard again later', () => {
  const storage = createStorage()
  untilTooMuch(storage, forged, HERE)
  assert.equal(put(storage, first, { from: HERE, now: NOW + 60 }), null)
})

/** Units that are left to a network: questions about nobody cost one each. */
const unitsLeft = (storage: StorageNode, from: string): number => {
  const nobody = encodeMessage({ id: makeBytes('nobody', 32), from: 0 })
  for (let units = 0; ; units++)
    if (storage.handle(COMMAND.get, nobody, { now: NOW, proven: true, from }) === null) return units
}

test('§4 who makes a log long pays for all that is compared and counted with each entry', () => {
  const storage = createStorage()
  putAll(storage, allPuts(lengthen(log, at(alice.roots, 0), 64)), { from: HERE })
  assert.equal(5_000 - unitsLeft(storage, HERE), 64 * 9 + 16 + 2 * 16 + 3 * 16 + 4)
})

test('§4 an answer out of much that is kept costs more than one out of little', () => {
  const storage = createStorage()
  const bob = makeIdentity('Bob', { devices: 7 })
  const cards = bob.devices.map((_, device) => cardFor(bob.log, bob, prekeys, { device }))
  for (const one of cards) putAll(storage, allPuts(bob.log, one, prekeys))
  const heavy = encodeMessage({ id: bob.log.id, from: 0 })
  for (let index = 0; index < 100; index++)
    assert.ok(storage.handle(COMMAND.get, heavy, { now: NOW, proven: true, from: HERE }) !== null)
  assert.equal(5_000 - unitsLeft(storage, HERE), 300 - 100)
})

test('§4 who comes to a full node pays for the search for room among all networks', () => {
  const store = createMemoryRecordStore()
  const heads = Array.from({ length: 2_000 }, (_, index) => {
    const id = sha256(Uint8Array.of(index >> 8, index & 255))
    return { id, touched: NOW, source: id.subarray(0, 16), items: 1 }
  })
  const storage = createStorage({ capacity: heads.length, recordStore: { ...store, heads: () => heads } })
  const refused = put(storage, first, { from: HERE })
  assert.ok(refused === null || refused === 'ERR_PUT_FULL')
  assert.equal(5_000 - unitsLeft(storage, HERE), 9 + 2)
})

test('§4 what is only repeated costs little: thousands of times before it is too much', () => {
  const storage = createStorage()
  putAll(storage, [first])
  assert.ok(untilTooMuch(storage, () => first, HERE) >= 5_000)
})

test('§4 the longest log, published again and again, is no flood', () => {
  const storage = createStorage()
  const long = lengthen(log, at(alice.roots, 0), 64)
  const card = cardFor(long, alice, prekeys)
  for (let index = 0; index < 5; index++) putAll(storage, allPuts(long, card, prekeys), { from: HERE })
  assert.equal(storage.counts.limited, 0)
})

test('§4 forgers in very many networks keep less than the whole node busy: together they have a bound', () => {
  const storage = createStorage()
  let looked = 0
  for (let network = 0; network < 2_000; network++)
    if (put(storage, forged(network), { from: `11.${network >> 8}.${network & 255}.1` }) !== 'ERR_PUT_RATE') looked += 1
  assert.ok(looked > 500 && looked < 1_500, `${looked}`)
  // What is repeated and asked with a token waits for the same worker, what is asked without one does not.
  assert.ok(asks(storage, { from: ELSEWHERE }))
})

test('§4 too many questions are not answered, and those of who shows a token are counted by themselves', () => {
  const storage = createStorage()
  const count = askUntilTooMuch(storage, {})
  assert.ok(count >= 1_000 && count <= 5_000, `${count}`)
  assert.ok(!asks(storage, { from: BESIDE }))
  assert.ok(asks(storage, { from: ELSEWHERE }))
  // Anybody can write an address on a question: that must not silence the node for who is really there.
  assert.ok(asks(storage, { proven: true }))
  assert.ok(askUntilTooMuch(storage, { proven: true }) < 20_000)
  assert.equal(storage.handle(COMMAND.getKemHalf, question, { now: NOW, proven: true, from: HERE }), null)
  assert.ok(asks(storage, { proven: true, now: NOW + 60 }))
})

test('§4 no quota holds this machine, and this node least of all', () => {
  const storage = createStorage()
  assert.equal(untilTooMuch(storage, forged, '127.0.0.1'), Number.POSITIVE_INFINITY)
  assert.equal(askUntilTooMuch(storage, { from: '127.1.2.3' }), Number.POSITIVE_INFINITY)
  for (let index = 0; index < 300; index++) assert.equal(put(storage, forged(index)), 'ERR_LOG_ADDRESS')
})

test('which addresses are exempt is settable', () => {
  const strict = createStorage({ exempt: () => false })
  assert.ok(untilTooMuch(strict, forged, '127.0.0.1') < 100)
  const open = createStorage({ exempt: (host) => host.startsWith('203.') })
  assert.equal(untilTooMuch(open, forged, HERE), Number.POSITIVE_INFINITY)
})

test('§4 counts say what happened', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log))
  assert.equal(put(storage, forged(0)), 'ERR_LOG_ADDRESS')
  get(storage, id)
  storage.handle(COMMAND.getKemHalf, question, { now: NOW, proven: true })
  storage.handle(7, question, { now: NOW, proven: true })
  const { requests, refused, unanswered, limited, identities, items } = storage.counts
  assert.deepEqual(requests, { get: 1, getKemHalf: 1, put: 2, other: 1 })
  assert.deepEqual([...refused], [['ERR_LOG_ADDRESS', 1]])
  assert.deepEqual([unanswered, limited, identities, items], [2, 0, 1, 1])
  untilTooMuch(storage, forged, HERE)
  assert.equal(storage.counts.limited, 1)
  assert.equal(storage.counts.refused.get('ERR_PUT_RATE'), 1)
})
