import { type EntryContent, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { commitmentAfter, lengthen, makeDevice, NOW, publicOf } from '../core/identities.ts'
import { alice, content, related, retired, root, rotated, updated } from './key-log-cases.ts'
import type { VectorMakers } from './vector-files.ts'

/** vectors/key-log, how two logs stand to each other: each way round, and wherever they part. */

/** Signed by the thief of `key`. */
const thief = (log: KeyLog, key = root(0), status: EntryContent['status'] = 'active') =>
  updateLog(log, key, {
    devices: publicOf([makeDevice('thief')]),
    status,
    time: Math.max(NOW + 60, log.last.entry.time),
  })
const rotate = (log: KeyLog, status: EntryContent['status'] = 'active') =>
  rotateLog(log, root(log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content(status, log.last.entry.time + 60))

/** The thief of the second root key rotates to it once more. */
const thiefsRotation = rotateLog(alice.log, root(1), commitmentAfter(alice, 1), {
  ...content(),
  devices: publicOf([makeDevice('thief')]),
})
const rotatedTwice = rotateLog(rotated, root(2), commitmentAfter(alice, 2), content('active', NOW + 180))
const used = updateLog(rotated, root(1), content('active', NOW + 180))
const stolen = lengthen(thief(updated), root(0), 9)
const full = lengthen(thief(alice.log), root(0), 64)
const final = rotate(updated, 'retired')

export const keyLogRelations: VectorMakers = {
  same: related('a log and itself', updated, updated),
  longer: related('a log and its beginning', rotated, alice.log),
  shorter: related('the beginning of a log', alice.log, updated),
  fork: related('two updates after the same entry', updated, thief(alice.log)),
  supersedes: related("the owner's rotation against the thief's update", rotated, thief(thief(alice.log))),
  superseded: related("the thief's retirement against the owner's rotation", retired, rotated),
  'fork-of-rotations': related('a rotation signed again by the thief of its root key', thiefsRotation, rotated),
  'supersedes-rotation': related("the owner's next rotation against it", rotatedTwice, thief(thiefsRotation, root(1))),

  'same-first': related('one entry and itself', alice.log, alice.log),
  'longer-by-rotation': related('a log and itself before its rotation', rotated, updated),
  'longer-by-two-rotations': related('a log and itself two rotations ago', rotatedTwice, updated),
  'longer-by-retirement': related('a retired log and itself before', retired, alice.log),
  'shorter-by-rotation': related('a log and itself after its rotation', updated, rotated),
  'fork-again': related(
    'one update signed twice: two entries',
    updated,
    updateLog(alice.log, root(0), { ...updated.last.entry }),
  ),
  'fork-unequal': related('a short branch and a long one of the same epoch', updated, thief(thief(thief(alice.log)))),
  'fork-long': related(
    'a long branch and a short one of the same epoch',
    stolen,
    updateLog(updated, root(0), content('active', NOW + 90)),
  ),
  'fork-retirement': related("an update and the thief's retirement", updated, retired),
  'fork-late': related('an update each after the same rotation', used, thief(rotated, root(1))),
  'fork-before-rotation': related('a rotation each, but they part before it', rotated, rotate(thief(alice.log))),
  'fork-two-rotations': related(
    'two rotations each, but they part before the first',
    rotatedTwice,
    rotate(thiefsRotation),
  ),
  'fork-final': related('a rotation and the same one signed again as a retirement', rotated, final),
  'supersedes-first': related(
    'a rotation of the first entry against all that came after it',
    rotate(alice.log),
    stolen,
  ),
  'supersedes-full': related(
    'a rotation of the first entry against a log filled to its last place',
    rotate(alice.log),
    full,
  ),
  'supersedes-late': related(
    'they part after a rotation, and one rotates again',
    rotatedTwice,
    thief(rotated, root(1)),
  ),
  'supersedes-retirement': related(
    "a rotation against the thief's retirement",
    rotated,
    thief(updated, root(0), 'retired'),
  ),
  'supersedes-final': related("a final retirement against the thief's updates", final, stolen),
  'supersedes-again': related('a rotation signed again that goes on to the next', rotate(thiefsRotation), rotated),
  'superseded-long': related('nine entries against a rotation of the first', stolen, rotate(alice.log)),
  'superseded-full': related('64 entries against a rotation of the first', full, rotate(alice.log)),
  'superseded-late': related('they part after a rotation, and the other rotates again', used, rotatedTwice),
}
