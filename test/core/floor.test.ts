import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SignedCard, signCard } from '../../src/core/card.ts'
import { changeSince, checkFloor, type Floor, raiseFloor } from '../../src/core/floor.ts'
import { type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { CLOCK_TOLERANCE } from '../../src/core/limits/protocol-limits.ts'
import { runs } from '../runs.ts'
import {
  at,
  commitmentAfter,
  cut,
  failsWith,
  lengthen,
  makeBytes,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from './identities.ts'
import { refusalOf } from './refusal.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { spk, kem } = makePrekeys('Alice')
const content = { devices: publicOf(alice.devices), time: NOW }
const seen = lengthen(alice.log, root0, 4)
const theft = updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice('Mallory')]) })
const rotated = rotateLog(alice.log, root1, commitmentAfter(alice, 1), content)
const updated = updateLog(seen, root0, content)

/** A card of Alice's device `minutes` from now. */
const cardOf = (log: KeyLog, minutes: number = 0): SignedCard =>
  signCard(log, at(alice.devices, 0).sign, {
    device: 0,
    now: (NOW + minutes * 60) * 1000,
    inc: makeBytes('inc', 16),
    spk: spk.publicKey,
    kem: kem.publicKey,
    transport: new Uint8Array(32),
  })
const serialsOf = ({ devices }: Floor): number[] => devices.map(({ serial }) => serial)
const floorOf = (log: KeyLog, card: SignedCard | null = null): Floor => raiseFloor(null, log, card)

test('§3 the same log and a longer one pass', () => {
  checkFloor(floorOf(seen), seen, null)
  checkFloor(floorOf(seen), updated, null)
  checkFloor(floorOf(seen), rotateLog(seen, root1, commitmentAfter(alice, 1), content), null)
})

test('§3 an older part of the log is a rollback', () => {
  for (const seq of [0, 1, 2])
    assert.throws(() => checkFloor(floorOf(seen), cut(seen, seq), null), failsWith('ERR_ROLLBACK'))
})

test('§3 a log that parts with as many rotations is a fork, or a rollback when it is shorter', () => {
  assert.throws(() => checkFloor(floorOf(seen), lengthen(theft, root0, 4), null), failsWith('ERR_LOG_FORK'))
  assert.throws(() => checkFloor(floorOf(seen), lengthen(theft, root0, 9), null), failsWith('ERR_LOG_FORK'))
  assert.throws(() => checkFloor(floorOf(seen), theft, null), failsWith('ERR_ROLLBACK'))
})

test('§3 a rotation passes wherever it parts, and what it overruled is a rollback from then on', () => {
  for (const before of [seen, theft, lengthen(theft, root0, 20)]) checkFloor(floorOf(before), rotated, null)
  const floor = raiseFloor(floorOf(seen), rotated, null)
  assert.deepEqual([floor.epoch, floor.seq, floor.head], [1, 1, rotated.last.hash])
  for (const older of [seen, theft, updated, alice.log, lengthen(theft, root0, 20)])
    assert.throws(() => checkFloor(floor, older, null), failsWith('ERR_ROLLBACK'))
})

test('§3 of one head the latest serial counts', () => {
  const floor = floorOf(seen, cardOf(seen))
  assert.deepEqual(serialsOf(floor), [NOW * 1000])
  checkFloor(floor, seen, cardOf(seen))
  checkFloor(floor, seen, cardOf(seen, 1))
  assert.throws(() => checkFloor(floor, seen, cardOf(seen, -1)), failsWith('ERR_ROLLBACK'))
})

test('§3 no card is stale, not a rollback, and lowers nothing', () => {
  const floor = floorOf(seen, cardOf(seen))
  checkFloor(floor, seen, null)
  assert.equal(raiseFloor(floor, seen, null), floor)
})

test('§3 the serial of a thief of the device does not outlive the removal of the device', () => {
  const floor = floorOf(seen, cardOf(seen, CLOCK_TOLERANCE / 60))
  for (const removed of [updated, rotated, rotateLog(cut(seen, 2), root1, commitmentAfter(alice, 1), content)]) {
    const card = cardOf(removed)
    checkFloor(floor, removed, card)
    const raised = raiseFloor(floor, removed, card)
    assert.deepEqual(serialsOf(raised), [card.card.serial])
    checkFloor(raised, removed, card)
  }
})

test('§3 the floor is the same object when nothing is higher', () => {
  const floor = floorOf(seen, cardOf(seen))
  assert.equal(raiseFloor(floor, seen, cardOf(seen)), floor)
  assert.equal(raiseFloor(floor, seen, cardOf(seen, -1)), floor)
  assert.notEqual(raiseFloor(floor, seen, cardOf(seen, 1)), floor)
  assert.notEqual(raiseFloor(floor, updated, null), floor)
})

const logs = [alice.log, seen, updated, theft, lengthen(theft, root0, 6), rotated, updateLog(rotated, root1, content)]
const answers = logs.flatMap((log) =>
  [null, -30, 0, 30].map((minutes) => ({ log, card: minutes === null ? null : cardOf(log, minutes) })),
)

test('§3 whatever is served, in whatever order, the floor only rises, and what was accepted last is accepted again', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 12 }), (served) => {
      let floor: Floor | null = null
      for (const { log, card } of served) {
        const before: Floor | null = floor
        if (before !== null && refusalOf(() => checkFloor(before, log, card)) !== null) continue
        floor = raiseFloor(before, log, card)
        const raised = floor
        assert.equal(
          refusalOf(() => checkFloor(raised, log, card)),
          null,
        )
        if (before === null) continue
        const rank = (of: Floor): number[] => [of.epoch, of.seq, ...serialsOf(of), 0]
        const index = rank(before).findIndex((value, place) => value !== rank(raised)[place])
        assert.ok(index === -1 || (rank(before)[index] ?? 0) < (rank(raised)[index] ?? 0))
      }
    }),
    { numRuns: runs(500) },
  )
})

test('§5 what became of an identity since it was seen is told apart', () => {
  assert.equal(changeSince(null, rotated), 'none')
  assert.equal(changeSince(floorOf(seen), seen), 'none')
  assert.equal(changeSince(floorOf(seen), updated), 'updated')
  const onward = rotateLog(seen, root1, commitmentAfter(alice, 1), content)
  assert.equal(changeSince(floorOf(seen), onward), 'rotated')
  assert.equal(changeSince(floorOf(theft), rotated), 'superseded')
  assert.equal(changeSince(floorOf(lengthen(theft, root0, 9)), rotated), 'superseded')
})
