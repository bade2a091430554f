import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkFloor, type Floor, higherFloor, raiseFloor } from '../../src/core/floor.ts'
import { type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { runs } from '../runs.ts'
import { at, commitmentAfter, makeBytes, makeDevice, makeIdentity, NOW, publicOf } from './identities.ts'
import { refusalOf } from './refusal.ts'

/** Two memories of one identity become one: nothing that either of them would refuse as old is believed afterwards. */

const few = fc.integer({ min: 0, max: 2 })
const floors: fc.Arbitrary<Floor> = fc
  .record({ epoch: few, seq: few, name: few, serials: fc.array(few, { maxLength: 2 }), inc: few })
  .map(({ name, serials, inc, ...rest }) => ({
    ...rest,
    head: makeBytes(`head/${name}`, 32),
    devices: devicesAt(serials, `inc/${inc}`),
  }))

/** Devices with these serials, by the order of their names. */
const devicesAt = (serials: readonly number[], inc = 'inc') =>
  serials.map((serial, index) => ({
    device: Uint8Array.from({ length: 16 }, () => index),
    serial,
    inc: makeBytes(inc, 16),
  }))

/** By rotations, then entries; of one head, by the serial of any device. */
const isLower = (a: Floor, b: Floor): boolean => {
  if (a.epoch !== b.epoch || a.seq !== b.seq) return a.epoch !== b.epoch ? a.epoch < b.epoch : a.seq < b.seq
  if (Buffer.compare(a.head, b.head) !== 0) return false
  return b.devices.some(({ serial }, index) => (a.devices[index]?.serial ?? -1) < serial)
}

test('§5 of two floors the higher head stands, with each device’s higher serial, the same in every order', () => {
  fc.assert(
    fc.property(floors, floors, floors, (a, b, c) => {
      const higher = higherFloor(a, b)
      assert.ok([a, b].some(({ head }) => Buffer.compare(head, higher.head) === 0))
      assert.ok(!isLower(higher, a) && !isLower(higher, b))
      assert.deepEqual(higherFloor(b, a), higher)
      assert.deepEqual(higherFloor(a, higher), higher)
      assert.deepEqual(higherFloor(higherFloor(a, b), c), higherFloor(a, higherFloor(b, c)))
    }),
    { numRuns: runs(2_000) },
  )
})

test('§5 rotations come before entries; of one head, each device has its higher serial, and two that cross are no rollback', () => {
  const head = makeBytes('head', 32)
  const low = { epoch: 0, seq: 9, devices: devicesAt([9, 3]), head }
  for (const high of [
    { epoch: 1, seq: 0, devices: [], head },
    { epoch: 0, seq: 10, devices: [], head },
    { epoch: 0, seq: 9, devices: devicesAt([10, 3]), head },
  ])
    assert.deepEqual([higherFloor(low, high), higherFloor(high, low)], [high, high])
  const crossing = { ...low, devices: devicesAt([5, 8]) }
  for (const both of [higherFloor(low, crossing), higherFloor(crossing, low)])
    assert.deepEqual(both, { ...low, devices: devicesAt([9, 8]) })
})

const alice = makeIdentity('Alice', { rotations: 3 })

/** Every log that up to three steps can make of Alice's: an update by her, one by a thief, or a rotation. */
const grow = (log: KeyLog, steps: number): KeyLog[] => {
  if (steps === 0) return [log]
  const root = at(alice.roots, log.epoch)
  const own = { devices: publicOf(alice.devices), time: NOW }
  const stolen = { devices: publicOf([makeDevice('Mallory')]), time: NOW }
  const rotation = log.epoch + 1
  const next = [
    updateLog(log, root, own),
    updateLog(log, root, stolen),
    rotateLog(log, at(alice.roots, rotation), commitmentAfter(alice, rotation), own),
  ]
  return [log, ...next.flatMap((longer) => grow(longer, steps - 1))]
}

test('§5 what one of two floors calls a rollback is not believed under the higher one', () => {
  const logs = grow(alice.log, 3)
  const seen = logs.map((log) => raiseFloor(null, log, null))
  const refused = new Map(
    seen.map((floor) => [floor, logs.map((log) => refusalOf(() => checkFloor(floor, log, null)))]),
  )
  for (const a of seen)
    for (const b of seen) {
      const after = refused.get(higherFloor(a, b)) ?? []
      for (const floor of [a, b])
        for (const [index, refusal] of (refused.get(floor) ?? []).entries())
          if (refusal === 'ERR_ROLLBACK') assert.notEqual(after[index], null)
    }
})
