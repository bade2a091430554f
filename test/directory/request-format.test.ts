import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex } from '../../src/core/bytes.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { KEM_HALF_BYTES } from '../../src/core/kem.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { REPLICA_NODES } from '../../src/core/limits/record-limits.ts'
import {
  ANSWER_BYTES_MAX,
  encodeMessage,
  encodePaddedGet,
  PLACES_MAX,
  unprovenAnswerMax,
} from '../../src/directory/request-format.ts'
import { makeBytes } from '../core/identities.ts'
import { fromHex } from '../core/test-bytes.ts'
import { runs } from '../runs.ts'
import { DECODERS } from '../vectors/directory-checks.ts'
import { directoryVectors } from '../vectors/generate-directory.ts'
import { listFiles, readFile, vectorFile, vectorText } from '../vectors/vector-files.ts'

type Message = Parameters<typeof encodeMessage>[0]

test('the vectors on disk are those that the generator writes, byte for byte', () => {
  const wanted = Object.entries(directoryVectors).map(
    ([name, vector], index) => [vectorFile(index, name), vector] as const,
  )
  assert.deepEqual(listFiles('directory'), wanted.map(([file]) => file).sort())
  for (const [file, vector] of wanted) assert.equal(readFile('directory', file), vectorText(vector), file)
})

test('§1 no bytes decode to two messages, and what does not decode is ERR_REQUEST_DECODE', () => {
  const valid = Object.values(directoryVectors).map(({ input }) => fromHex(String(input)))
  const mutated = fc.tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(255)).map(([bytes, index, value]) => {
    const copy = Uint8Array.from(bytes)
    if (copy.length > 0) copy[index % copy.length] = value
    return copy
  })
  const decoders = fc.constantFrom(...Object.values(DECODERS))
  fc.assert(
    fc.property(decoders, fc.oneof(fc.uint8Array(), mutated, fc.constantFrom(...valid)), (decode, bytes) => {
      let message: Message
      try {
        message = decode(bytes)
      } catch (error) {
        assert.ok(error instanceof HandfastError && error.code === 'ERR_REQUEST_DECODE')
        return
      }
      if ('refused' in message && message.refused === 'ERR_REMOTE') return
      assert.equal(hex(encodeMessage(message)), hex(bytes))
    }),
    { numRuns: runs(1000) },
  )
})

/** What HyperDHT 6.34 puts around a value (dht-rpc `io.js`, hyperdht `lib/messages.js`), and IPv4 and UDP around that. */
const HEADERS = 20 + 8
const MTU = 1280
const RPC = 10
const ID = 32
const TOKEN = 32
const TARGET = 32
const COMMAND_BYTES = 1
const lengthBytes = (size: number): number => (size < 0xfd ? 1 : 3)
const prefixed = (size: number): number => lengthBytes(size) + size
const pluginRequest = (value: number): number => prefixed('handfast'.length) + 3 + prefixed(value)
const requestDatagram = (value: number): number =>
  RPC + ID + TOKEN + COMMAND_BYTES + TARGET + prefixed(pluginRequest(value))
const CLOSER_NODES = 1 + REPLICA_NODES * 6
const answerDatagram = (value: number): number => RPC + ID + TOKEN + CLOSER_NODES + prefixed(value)

const id = makeBytes('id', 32)
const largestItem = makeBytes('item', ITEM_BYTES_MAX)

test('§4 every PUT fits a datagram of 1,280 bytes', () => {
  const d = makeBytes('half', KEM_HALF_BYTES)
  for (const message of [
    { t: 'entry', id, d: largestItem },
    { t: 'card', id, d: largestItem },
    { t: 'kem', id, card: id, half: 1, d },
  ] as const)
    assert.ok(HEADERS + requestDatagram(encodeMessage(message).length) <= MTU)
  assert.equal(HEADERS + requestDatagram(encodeMessage({ t: 'entry', id, d: largestItem }).length), 1104)
})

test('§4 the largest item fits an answer, and the largest answer fits a datagram of 1,280 bytes', () => {
  const counts = { tip: id, entryCount: PLACES_MAX - DEVICES_MAX, cardCount: DEVICES_MAX, now: Number.MAX_SAFE_INTEGER }
  assert.ok(encodeMessage({ ...counts, entries: [largestItem], cards: [] }).length <= ANSWER_BYTES_MAX)
  assert.ok(encodeMessage({ ...counts, entries: [], cards: [largestItem] }).length <= ANSWER_BYTES_MAX)
  assert.ok(encodeMessage({ half: makeBytes('half', KEM_HALF_BYTES) }).length <= ANSWER_BYTES_MAX)
  assert.ok(encodeMessage({ refused: 'ERR_LOOKUP_INCOMPLETE' }).length <= ANSWER_BYTES_MAX)
  assert.equal(HEADERS + answerDatagram(ANSWER_BYTES_MAX), 1221)
})

/** The cheapest datagram that carries a value, and what comes back: closer nodes only for who names a target. */
const cheapest = (value: number, target: boolean): { asked: number; answered: (value: number) => number } => ({
  asked: HEADERS + RPC + COMMAND_BYTES + (target ? TARGET : 0) + prefixed(pluginRequest(value)),
  answered: (size) => HEADERS + RPC + ID + TOKEN + (target ? CLOSER_NODES : 0) + prefixed(size),
})

test('§3 whatever the length of a request, the answer to who shows no token is less than three times as large', () => {
  const shortest = encodeMessage({ id, from: 0 }).length
  for (let size = shortest; size <= 1000; size++)
    for (const target of [false, true]) {
      const { asked, answered } = cheapest(size, target)
      assert.ok(answered(unprovenAnswerMax(size)) < 3 * asked, `${size} bytes`)
    }
})

test('§3 a padded request may get the largest answer, and no longer one is needed', () => {
  for (const from of [0, 23, 24, PLACES_MAX]) {
    const size = encodePaddedGet({ id, from }).length
    assert.equal(size, 332)
    assert.equal(unprovenAnswerMax(size), ANSWER_BYTES_MAX)
    assert.ok(unprovenAnswerMax(size - 1) < ANSWER_BYTES_MAX)
  }
  const { asked, answered } = cheapest(332, true)
  assert.deepEqual([asked, answered(ANSWER_BYTES_MAX)], [421, 1221])
})

test('§3 the shortest request gets a tip, the numbers of entries and cards, and the time', () => {
  const now = Number.MAX_SAFE_INTEGER
  const counts = { tip: id, entryCount: PLACES_MAX - DEVICES_MAX, cardCount: DEVICES_MAX, entries: [], cards: [], now }
  assert.ok(encodeMessage(counts).length <= unprovenAnswerMax(encodeMessage({ id, from: 0 }).length))
})
