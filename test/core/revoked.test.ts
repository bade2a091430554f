import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EntryContent, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { deviceId } from '../../src/core/key-log-entry.ts'
import { isRevoked } from '../../src/core/revoked.ts'
import { at, commitmentAfter, makeDevice, makeIdentity, NOW, publicOf } from './identities.ts'

/** What came to a device may have come to a thief once its owner has rotated, and not because keys were renewed. */

const alice = makeIdentity('alice')
const content = (names: readonly string[], status: EntryContent['status'] = 'active'): EntryContent => ({
  devices: publicOf(names.map(makeDevice)),
  status,
  time: NOW,
})
const rotate = (log: KeyLog, names: readonly string[], status: EntryContent['status'] = 'active'): KeyLog =>
  rotateLog(log, at(alice.roots, log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content(names, status))
const update = (log: KeyLog, names: readonly string[], status: EntryContent['status'] = 'active'): KeyLog =>
  updateLog(log, at(alice.roots, log.epoch), content(names, status))

const idOf = (name: string): Uint8Array => deviceId(at(publicOf([makeDevice(name)]), 0))
const first = deviceId(at(alice.log.last.entry.devices, 0))

test('§3 a device of the log is not revoked, nor one that an update replaced or left out', () => {
  assert.equal(isRevoked(alice.log, first), false)
  const renewed = update(update(alice.log, ['phone']), ['tablet'])
  for (const id of [first, idOf('phone'), idOf('tablet')]) assert.equal(isRevoked(renewed, id), false)
  assert.equal(isRevoked(update(renewed, ['tablet'], 'retired'), idOf('phone')), false)
})

test('§3 a rotation revokes every device of the time before it, also those that had been replaced already', () => {
  const rotated = rotate(update(alice.log, ['phone']), ['new'])
  for (const id of [first, idOf('phone')]) assert.equal(isRevoked(rotated, id), true)
  assert.equal(isRevoked(rotated, idOf('new')), false)
  const renewed = update(rotated, ['newer'])
  assert.deepEqual([isRevoked(renewed, idOf('new')), isRevoked(renewed, idOf('phone'))], [false, true])
  assert.deepEqual(
    ['new', 'newer', 'last'].map((name) => isRevoked(rotate(renewed, ['last']), idOf(name))),
    [true, true, false],
  )
  assert.equal(isRevoked(rotate(renewed, ['last'], 'retired'), idOf('newer')), true)
})

test('§3 a device that a rotation takes along is not revoked, and one that the log never had is', () => {
  assert.equal(isRevoked(rotate(update(alice.log, ['phone']), ['phone', 'new']), idOf('phone')), false)
  // A thief's, of a branch that was superseded, or decided against.
  for (const log of [alice.log, rotate(alice.log, ['new'])]) assert.equal(isRevoked(log, idOf('mallory')), true)
})
