import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kemHalves } from '../../../src/core/kem.ts'
import { rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  lengthen,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { allPuts, cardFor, cardPut, get, getKemHalf, kemPut, put, putAll, readAll } from '../records.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const log = updateLog(alice.log, root0, content)
const prekeys = makePrekeys('Alice')
const card = cardFor(log, alice, prekeys)
const theft = updateLog(alice.log, root0, { devices: publicOf([makeDevice('Mallory')]), time: NOW })
const rotated = rotateLog(log, root1, commitmentAfter(alice, 1), content)

test('§4 a node that holds nothing says so', () => {
  assert.deepEqual(get(createStorage(), id), {
    tip: null,
    entryCount: 0,
    cardCount: 0,
    entries: [],
    cards: [],
    now: NOW,
  })
})

test('§4 a publication is served whole: log, card and both halves of the key', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys))
  const held = readAll(storage, id)
  assert.deepEqual(held.tip, log.last.hash)
  assert.deepEqual(held.entries, envelopesOf(log))
  assert.deepEqual(held.cards, [card.envelope])
  assert.deepEqual(
    [0, 1].map((half) => getKemHalf(storage, card, half)),
    kemHalves(prekeys.kem.publicKey),
  )
})

test('§4 a publication may be repeated', () => {
  const storage = createStorage()
  for (let round = 0; round < 2; round++) putAll(storage, allPuts(log, card, prekeys))
  assert.deepEqual(readAll(storage, id).cards, [card.envelope])
})

test('§4 both branches of a fork are kept, the one seen first stands, the proof of the other follows it', () => {
  const storage = createStorage()
  putAll(storage, [...allPuts(log), ...allPuts(lengthen(theft, root0, 5))])
  const held = readAll(storage, id)
  assert.deepEqual(held.tip, log.last.hash)
  assert.deepEqual(held.entries, [...envelopesOf(log), theft.last.envelope])
})

test("§4 the card of a thief's branch is refused while the other stands", () => {
  const storage = createStorage()
  putAll(storage, [...allPuts(log), ...allPuts(theft)])
  const thief = { ...alice, devices: [makeDevice('Mallory')] }
  assert.equal(put(storage, cardPut(cardFor(theft, thief, prekeys))), 'ERR_CARD_HEAD')
})

test('§2 the rotation overrules a longer branch of the thief, which is then served no more', () => {
  const storage = createStorage()
  putAll(storage, [...allPuts(lengthen(theft, root0, 9)), ...allPuts(rotated)])
  assert.deepEqual(readAll(storage, id).entries, envelopesOf(rotated))
  assert.deepEqual(get(storage, id).tip, rotated.last.hash)
})

test('§4 a thief of an old root key cannot hide the card behind entries', () => {
  const storage = createStorage()
  const thefts = [0, 1, 2].map((index) => {
    const devices = publicOf([makeDevice(`Mallory/${index}`)])
    return lengthen(updateLog(alice.log, root0, { devices, time: NOW }), root0, 30)
  })
  putAll(storage, [...thefts.flatMap((branch) => allPuts(branch)), ...allPuts(rotated)])
  const current = cardFor(rotated, alice, prekeys)
  putAll(storage, [cardPut(current)])
  const held = readAll(storage, id)
  assert.deepEqual(held.cards, [current.envelope])
  assert.equal(held.pages.length, 2)
})

test('§3 cards and keys are dropped when the head moves, and a card of the new head is taken', () => {
  for (const moved of [
    updateLog(log, root0, content),
    rotated,
    rotateLog(alice.log, root1, commitmentAfter(alice, 1), content),
  ]) {
    const storage = createStorage()
    putAll(storage, allPuts(log, card, prekeys))
    putAll(storage, allPuts(moved))
    assert.deepEqual(readAll(storage, id).cards, [])
    assert.equal(getKemHalf(storage, card, 0), null)
    assert.equal(put(storage, kemPut(card, prekeys, 0)), 'ERR_PUT_CARD_FIRST')
    const fresh = cardFor(moved, alice, prekeys, { serial: NOW * 1000 - 60_000 })
    putAll(storage, [cardPut(fresh)])
    assert.deepEqual(readAll(storage, id).cards, [fresh.envelope], 'serials begin anew under a new head')
  }
})

test('§3 a branch that does not stand moves nothing', () => {
  const storage = createStorage()
  putAll(storage, [...allPuts(log, card, prekeys), ...allPuts(lengthen(theft, root0, 9))])
  assert.deepEqual(readAll(storage, id).cards, [card.envelope])
  assert.notEqual(getKemHalf(storage, card, 0), null)
})

test('§3 a later card replaces the card of its device, and its key goes with it', () => {
  const storage = createStorage()
  putAll(storage, allPuts(log, card, prekeys))
  const later = cardFor(log, alice, makePrekeys('later'), { serial: NOW * 1000 + 1 })
  putAll(storage, [cardPut(later)])
  assert.deepEqual(readAll(storage, id).cards, [later.envelope])
  assert.equal(getKemHalf(storage, card, 0), null)
  assert.equal(getKemHalf(storage, later, 0), null)
  assert.equal(put(storage, cardPut(card)), 'ERR_CARD_SERIAL')
})

test('§3 each device has a card of its own', () => {
  const bob = makeIdentity('Bob', { devices: 3 })
  const storage = createStorage()
  const cards = [2, 0, 1].map((device) => cardFor(bob.log, bob, prekeys, { device, serial: NOW * 1000 - device }))
  putAll(storage, [...allPuts(bob.log), ...cards.map(cardPut), ...cards.map((one) => kemPut(one, prekeys, 1))])
  assert.deepEqual(
    readAll(storage, bob.log.id).cards,
    cards.map(({ envelope }) => envelope),
  )
  for (const one of cards) assert.notEqual(getKemHalf(storage, one, 1), null)
})
