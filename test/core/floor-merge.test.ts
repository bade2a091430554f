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
  .record({ epoch: few, seq: few, serial: few, name: few })
  .map(({ name, ...rest }) => ({ ...rest, head: makeBytes(`head/${name}`, 32) }))

/** By rotations, then entries, then serial. */
const isLower = (a: Floor, b: Floor): boolean =>
  a.epoch !== b.epoch ? a.epoch < b.epoch : a.seq !== b.seq ? a.seq < b.seq : a.serial < b.serial

test('§5 the higher floor is one of the two, not lower than either, and the same one in every order', () => {
  fc.assert(
    fc.property(floors, floors, floors, (a, b, c) => {
      const higher = higherFloor(a, b)
      assert.ok(higher === a || higher === b)
      assert.ok(!isLower(higher, a) && !isLower(higher, b))
      assert.deepEqual(higherFloor(b, a), higher)
      assert.deepEqual(higherFloor(a, higher), higher)
      assert.deepEqual(higherFloor(higherFloor(a, b), c), higherFloor(a, higherFloor(b, c)))
    }),
    { numRuns: runs(2_000) },
  )
})

test('§5 rotations come before entries, entries before the serial', () => {
  const head = makeBytes('head', 32)
  const low = { epoch: 0, seq: 9, serial: 9, head }
  for (const high of [
    { epoch: 1, seq: 0, serial: 0, head },
    { epoch: 0, seq: 10, serial: 0, head },
    { epoch: 0, seq: 9, serial: 10, head },
  ])
    assert.deepEqual([higherFloor(low, high), higherFloor(high, low)], [high, high])
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
