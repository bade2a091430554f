import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeCbor } from '../../src/core/cbor.ts'
import { exportEd25519, importEd25519, signEd25519, verifyEd25519 } from '../../src/core/ed25519.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { bridgeLog, rotateLog } from '../../src/core/key-log.ts'
import { ITEM_BYTES_MAX, SLOT_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { type MutableValue, SEQ_MAX, signMutable, verifyMutable } from '../../src/core/mutable-value.ts'
import { closedSlots, closeSlots, readSlot, signSlotCard, signSlotMoved, slotsOf } from '../../src/core/slot.ts'
import { runs } from '../runs.ts'
import {
  at,
  commitmentAfter,
  failsWith,
  flip,
  grown,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
  publishCard,
  slotKeyOf,
} from './identities.ts'
import { fromHex } from './test-bytes.ts'

const alice = grown(makeIdentity('alice', { devices: 7 }))
const key = slotKeyOf(at(alice.roots, 0))
const place = placeOfSlot(key.publicKey)
const signed = publishCard(alice, makePrekeys('alice'), { device: 6 })

test('RFC 8032 §7.1, test 2: Ed25519', () => {
  const one = importEd25519(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
  const signature = fromHex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  assert.deepEqual(one.publicKey, fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'))
  assert.deepEqual(signEd25519(one, Uint8Array.of(0x72)), signature)
  assert.ok(verifyEd25519(one.publicKey, Uint8Array.of(0x72), signature))
  assert.equal(verifyEd25519(one.publicKey, Uint8Array.of(0x73), signature), false)
  for (const size of [0, 31, 33])
    assert.equal(verifyEd25519(makeBytes('key', size), Uint8Array.of(1), signature), false)
  assert.deepEqual(importEd25519(exportEd25519(one)).publicKey, one.publicKey)
})

test('§2 a card in its slot is read by its place alone, under its serial', () => {
  const value = signSlotCard(key, signed)
  assert.equal(value.seq, signed.card.serial)
  assert.deepEqual(readSlot(place, value), {
    slot: key.publicKey,
    kind: 'card',
    envelope: signed.envelope,
    card: signed.card,
  })
  assert.deepEqual(place, blake2b256(alice.log.last.entry.slot))
})

test('§2 a closed slot leads to an entry, under the highest number', () => {
  const value = signSlotMoved(key, alice.log.id)
  assert.equal(value.seq, Number.MAX_SAFE_INTEGER)
  assert.deepEqual(readSlot(place, value), { slot: key.publicKey, kind: 'moved', head: alice.log.id })
  assert.deepEqual(signSlotMoved(key, alice.log.id), value)
})

test('§2 the largest card fits into a slot', () => {
  const value = encodeCbor({ v: 1, slot: key.publicKey, card: new Uint8Array(ITEM_BYTES_MAX) })
  assert.equal(value.length, 951)
  assert.ok(value.length <= SLOT_BYTES_MAX)
  // The card is none, and everything before it holds.
  assert.throws(() => readSlot(place, signMutable(key, 1, value)), failsWith('ERR_SLOT_DECODE'))
})

test('§2 no card is signed under the number that closes a slot', () => {
  const late = { ...signed, card: { ...signed.card, serial: SEQ_MAX } }
  assert.throws(() => signSlotCard(key, late), failsWith('ERR_SLOT_SEQ'))
})

test('§2 a value with any one byte changed, or another number, is refused', () => {
  for (const value of [signSlotCard(key, signed), signSlotMoved(key, alice.log.id)]) {
    for (const index of value.value.keys())
      assert.throws(() => readSlot(place, { ...value, value: flip(value.value, index) }), { name: 'SlotError' })
    for (const index of value.signature.keys())
      assert.throws(
        () => readSlot(place, { ...value, signature: flip(value.signature, index) }),
        failsWith('ERR_SLOT_SIGNATURE'),
      )
    for (const seq of [0, value.seq - 1, value.seq + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => readSlot(place, { ...value, seq }), failsWith('ERR_SLOT_SIGNATURE'))
    for (const index of place.keys())
      assert.throws(() => readSlot(flip(place, index), value), failsWith('ERR_SLOT_PLACE'))
  }
})

test('§2 what was signed verifies, for every number and size', () => {
  const numbers = fc.oneof(
    fc.maxSafeNat(),
    fc.constantFrom(0, 0xfc, 0xfd, 0xffff, 0x10000, 0xffffffff, 0x100000000, SEQ_MAX),
  )
  fc.assert(
    fc.property(numbers, fc.uint8Array({ maxLength: 300 }), (seq, value) => {
      const made = signMutable(key, seq, value)
      assert.ok(verifyMutable(made))
      assert.equal(verifyMutable({ ...made, seq: seq === 0 ? 1 : seq - 1 }), false)
      assert.equal(verifyMutable({ ...made, value: Uint8Array.of(...value, 0) }), false)
    }),
    { numRuns: runs(200) },
  )
})

const content = { devices: publicOf(alice.devices), time: NOW }
const root = (rotation: number) => at(alice.roots, rotation)

test('§3 closed slots are made again from their signatures, for an own log and one with bridges', () => {
  const rotated = rotateLog(alice.log, root(1), commitmentAfter(alice, 1), content)
  const twice = rotateLog(rotated, root(2), commitmentAfter(alice, 2), content)
  const bridged = bridgeLog(grown(alice).log, root(1), commitmentAfter(alice, 1))
  const recovered = rotateLog(bridged, root(2), commitmentAfter(alice, 2), content)
  const keys = [0, 1].map((rotation) => slotKeyOf(root(rotation)))
  for (const log of [twice, recovered]) {
    assert.deepEqual(
      slotsOf(log).slice(0, 2),
      keys.map(({ publicKey }) => publicKey),
    )
    assert.equal(slotsOf(log).length, 3)
    const closed = closedSlots(log, closeSlots(log, keys))
    const read = closed.map((value: MutableValue) => readSlot(placeOfSlot(value.key), value))
    const expected = keys.map(({ publicKey }) => ({ slot: publicKey, kind: 'moved', head: log.last.hash }))
    assert.deepEqual(read, expected)
  }
  const [first, second] = closeSlots(twice, keys)
  for (const signatures of [[second, first], [first, second, first, second], [second], [makeBytes('none', 64)]])
    assert.throws(
      () =>
        closedSlots(
          twice,
          signatures.flatMap((one) => one ?? []),
        ),
      failsWith('ERR_SLOT_SIGNATURE'),
    )
  assert.throws(() => closedSlots(recovered, closeSlots(twice, keys)), failsWith('ERR_SLOT_SIGNATURE'))
})
