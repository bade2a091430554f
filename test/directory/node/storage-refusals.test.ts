import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ErrorCode } from '../../../src/core/errors.ts'
import { blake2b256 } from '../../../src/core/kdf.ts'
import { kemHalves } from '../../../src/core/kem.ts'
import { rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { LABEL_CARD, LABEL_KEY_LOG } from '../../../src/core/labels.ts'
import { CARD_AGE, CARD_AGE_MAX, CLOCK_TOLERANCE, LOG_ENTRIES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { createStorage, type Storage } from '../../../src/directory/node/storage.ts'
import { COMMAND, decodePutAnswer, encodeMessage, type PutRequest } from '../../../src/directory/request-format.ts'
import {
  at,
  commitmentAfter,
  draftEntry,
  flip,
  lengthen,
  makeBytes,
  makeDevice,
  makeIdentity,
  makeKey,
  makePrekeys,
  NOW,
  presentCard,
  publicOf,
  publishCard,
  signDraft,
} from '../../core/identities.ts'
import { runs } from '../../runs.ts'
import { allPuts, cardFor, cardPut, entryPut, getKemHalf, kemPut, put, putAll, readAll, snapshot } from '../records.ts'

/** A storage node stores nothing it could not verify: each refusal is typed, and afterwards it answers as before. */

const alice = makeIdentity('Alice')
const mallory = makeIdentity('Mallory')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const log = updateLog(alice.log, root0, content)
const prekeys = makePrekeys('Alice')
const card = cardFor(log, alice, prekeys)
const retired = updateLog(log, root0, { ...content, status: 'retired' })
const next = draftEntry(log, alice)
const fields = { ...card.card, mailboxes: [] }
const deviceKey = at(alice.devices, 0).sign

const entry = (d: Uint8Array): PutRequest => ({ t: 'entry', id, d })
const cardOf = (d: Uint8Array): PutRequest => ({ t: 'card', id, d })
const signedCard = (change: object, key = deviceKey, label = LABEL_CARD): PutRequest =>
  cardOf(signDraft({ ...fields, ...change }, key, label))
const [half0, half1] = kemHalves(prekeys.kem.publicKey)

const refuses = (storage: Storage, request: PutRequest, code: ErrorCode, now: number = NOW): void => {
  const before = snapshot(storage, id, [card])
  assert.equal(put(storage, request, { now }), code)
  assert.deepEqual(snapshot(storage, id, [card]), before, `${code}: nothing may have changed`)
}

const filled = (): Storage => {
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys))
  return storage
}

const refusedEntries: readonly (readonly [string, ErrorCode, PutRequest])[] = [
  ['that does not decode', 'ERR_LOG_DECODE', entry(makeBytes('noise', 200))],
  ['with an unknown field', 'ERR_LOG_DECODE', entry(signDraft({ ...next, note: 1 }, root0))],
  ['that begins another identity', 'ERR_LOG_ADDRESS', entry(mallory.log.last.envelope)],
  ['that begins this identity anew', 'ERR_LOG_ADDRESS', entry(signDraft(draftEntry(null, alice), root0))],
  ['whose entry before is missing', 'ERR_PUT_GAP', entry(lengthen(log, root0, 4).last.envelope)],
  [
    'that names another entry before',
    'ERR_PUT_GAP',
    entry(signDraft({ ...next, prev: makeBytes('no hash', 32) }, root0)),
  ],
  ['that names none before', 'ERR_PUT_GAP', entry(signDraft({ ...next, prev: null }, root0))],
  ['with a wrong number', 'ERR_PUT_GAP', entry(signDraft({ ...next, seq: 3 }, root0))],
  ['signed by a device', 'ERR_LOG_SIGNATURE', entry(signDraft(next, deviceKey))],
  ['signed for another use', 'ERR_LOG_SIGNATURE', entry(signDraft(next, root0, LABEL_CARD))],
  [
    'under a root that was not committed to',
    'ERR_LOG_ROOT',
    entry(signDraft({ ...next, root: makeKey('Mallory').publicKey }, makeKey('Mallory'))),
  ],
  ['that updates the committed key', 'ERR_LOG_NEXT', entry(signDraft({ ...next, next: makeBytes('next', 32) }, root0))],
  [
    'that rotates with a commitment of its own',
    'ERR_LOG_ROOT',
    entry(signDraft({ ...next, root: root1.publicKey }, root1)),
  ],
  ['older than the one before', 'ERR_LOG_TIME_BACK', entry(signDraft({ ...next, time: NOW - 1 }, root0))],
]
for (const [what, code, request] of refusedEntries) {
  test(`§2 an entry ${what} is refused with ${code}`, () => refuses(filled(), request, code))
}

test('§2 nothing follows a retirement', () => {
  const storage = filled()
  putAll(storage, [entryPut(retired)])
  refuses(storage, entry(signDraft(draftEntry(retired, alice), root0)), 'ERR_LOG_RETIRED')
})

test('§2 entry 65 is refused', () => {
  const storage = createStorage()
  const longest = lengthen(alice.log, root0, LOG_ENTRIES_MAX)
  putAll(storage, allPuts(longest))
  refuses(storage, entry(signDraft(draftEntry(longest, alice), root0)), 'ERR_LOG_TOO_LONG')
})

test('§2 an address cannot begin with an entry that has one before it', () => {
  const envelope = signDraft({ ...draftEntry(null, alice), prev: makeBytes('prev', 32) }, root0)
  const storage = createStorage()
  assert.equal(put(storage, { t: 'entry', id: blake2b256(envelope), d: envelope }), 'ERR_LOG_PREV')
  assert.equal(storage.size, 0)
})

const refusedCards: readonly (readonly [string, ErrorCode, PutRequest])[] = [
  ['that does not decode', 'ERR_CARD_DECODE', cardOf(makeBytes('noise', 200))],
  [
    'made for one connection',
    'ERR_CARD_DECODE',
    cardOf(presentCard({ ...alice, log }, prekeys, makeBytes('channel', 64)).envelope),
  ],
  ['of another identity', 'ERR_CARD_ID', cardOf(publishCard(mallory, prekeys).envelope)],
  ['that names an older head', 'ERR_CARD_HEAD', cardOf(publishCard(alice, prekeys).envelope)],
  ['of a device there is not', 'ERR_CARD_DEVICE', signedCard({ device: 1 })],
  ['signed by the root', 'ERR_CARD_SIGNATURE', signedCard({}, root0)],
  ['signed for another use', 'ERR_CARD_SIGNATURE', signedCard({}, deviceKey, LABEL_KEY_LOG)],
  ['valid for too long', 'ERR_CARD_WINDOW', signedCard({ until: fields.from + CARD_AGE_MAX + 1 })],
  ['valid for no time', 'ERR_CARD_WINDOW', signedCard({ until: fields.from })],
  [
    'that begins too far ahead',
    'ERR_CARD_AHEAD',
    signedCard({ from: NOW + CLOCK_TOLERANCE + 1, until: NOW + 2 * CLOCK_TOLERANCE }),
  ],
  ['whose serial is too far ahead', 'ERR_CARD_AHEAD', signedCard({ serial: (NOW + CLOCK_TOLERANCE) * 1000 + 1 })],
  [
    'that has expired',
    'ERR_CARD_EXPIRED',
    signedCard({ from: NOW - 2 * CARD_AGE, until: NOW, serial: NOW * 1000 + 1 }),
  ],
  ['with the serial of another card', 'ERR_CARD_SERIAL', signedCard({ spk: makeKey('other spk').publicKey })],
  ['with an earlier serial', 'ERR_CARD_SERIAL', signedCard({ serial: NOW * 1000 - 1 })],
]
for (const [what, code, request] of refusedCards) {
  test(`§3 a card ${what} is refused with ${code}`, () => refuses(filled(), request, code))
}

test('§3 a retired identity gets no card', () => {
  const storage = filled()
  putAll(storage, [entryPut(retired)])
  refuses(storage, cardPut(cardFor(retired, alice, prekeys)), 'ERR_CARD_RETIRED')
})

test('§4 a card before its log is a gap', () => {
  const storage = createStorage()
  assert.equal(put(storage, cardPut(card)), 'ERR_PUT_GAP')
  assert.equal(storage.size, 0)
})

const refusedHalves: readonly (readonly [string, ErrorCode, PutRequest])[] = [
  ['of a card that is not here', 'ERR_PUT_CARD_FIRST', kemPut(cardFor(log, alice, prekeys, { serial: 5 }), prekeys, 0)],
  ['of another identity', 'ERR_PUT_CARD_FIRST', { ...kemPut(card, prekeys, 0), id: mallory.log.id }],
  ['that was changed', 'ERR_PUT_KEY_HALF', { t: 'kem', id, card: card.hash, half: 0, d: flip(half0) }],
  ['in the other place', 'ERR_PUT_KEY_HALF', { t: 'kem', id, card: card.hash, half: 1, d: half0 }],
  ['the other in this place', 'ERR_PUT_KEY_HALF', { t: 'kem', id, card: card.hash, half: 0, d: half1 }],
]
for (const [what, code, request] of refusedHalves) {
  test(`§4 a key half ${what} is refused with ${code}`, () => refuses(filled(), request, code))
}

test('§4 a PUT without a token is not even answered', () => {
  for (const request of allPuts(log, card, prekeys)) {
    const storage = createStorage()
    assert.equal(storage.handle(COMMAND.put, encodeMessage(request), { now: NOW, proven: false }), null)
    assert.equal(storage.size, 0)
  }
  const storage = filled()
  const before = snapshot(storage, id, [card])
  const rotation = rotateLog(log, root1, commitmentAfter(alice, 1), content)
  assert.equal(storage.handle(COMMAND.put, encodeMessage(entryPut(rotation)), { now: NOW, proven: false }), null)
  assert.deepEqual(snapshot(storage, id, [card]), before)
})

test('§4 a record with any bit changed is refused and leaves no trace', () => {
  const storage = filled()
  const newer = cardFor(log, alice, prekeys, { serial: NOW * 1000 + 1 })
  const fresh = [entryPut(updateLog(log, root0, { devices: publicOf([makeDevice('new')]), time: NOW })), cardPut(newer)]
  const before = snapshot(storage, id, [card])
  fc.assert(
    fc.property(fc.constantFrom(...fresh), fc.nat(), fc.nat(7), (request, index, bit) => {
      const d = flip(request.d, index % request.d.length, 1 << bit)
      assert.notEqual(put(storage, { ...request, d }), null)
      assert.deepEqual(snapshot(storage, id, [card]), before)
    }),
    { numRuns: runs(200) },
  )
})

test('§4 no bytes whatever make a node throw or store', () => {
  const storage = filled()
  const before = snapshot(storage, id, [card])
  const valid = [...allPuts(log, card, prekeys), { id, from: 0 }, { id, card: card.hash, half: 1 }].map(encodeMessage)
  const truncated = fc.tuple(fc.constantFrom(...valid), fc.nat(1000)).map(([bytes, size]) => bytes.slice(0, size))
  const spliced = fc
    .tuple(fc.constantFrom(...valid), fc.nat(1000), fc.uint8Array({ minLength: 1, maxLength: 20 }))
    .map(([bytes, index, noise]) => {
      const copy = Uint8Array.from(bytes)
      copy.set(noise.slice(0, Math.max(0, copy.length - index)), Math.min(index, copy.length))
      return copy
    })
  const known = new Set(valid.map((bytes) => Buffer.from(bytes).toString('hex')))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), truncated, spliced), fc.oneof(fc.nat(3), fc.nat()), (bytes, command) => {
      const answer = storage.handle(command, bytes, { now: NOW, proven: true })
      if (command !== COMMAND.put || known.has(Buffer.from(bytes).toString('hex'))) return
      assert.ok(answer === null || decodePutAnswer(answer).refused !== null)
    }),
    { numRuns: runs(1000) },
  )
  assert.deepEqual(snapshot(storage, id, [card]), before)
})

test('§4 what was stored is what was put, bit for bit', () => {
  const storage = filled()
  const { entries, cards, tip } = readAll(storage, id)
  assert.deepEqual(
    entries,
    log.entries.map(({ envelope }) => envelope),
  )
  assert.deepEqual(cards, [card.envelope])
  assert.deepEqual(tip, log.last.hash)
  assert.deepEqual(
    [0, 1].map((half) => getKemHalf(storage, card, half)),
    [half0, half1],
  )
})
