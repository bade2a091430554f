import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compareLogs,
  type EntryContent,
  type KeyLog,
  type LogRelation,
  rotateLog,
  updateLog,
} from '../../src/core/key-log.ts'
import { at, commitmentAfter, failsWith, lengthen, makeDevice, makeIdentity, NOW, publicOf } from './identities.ts'

const alice = makeIdentity('alice')
const content = (name: string, status: EntryContent['status'] = 'active'): EntryContent => ({
  devices: publicOf([makeDevice(name)]),
  status,
  time: NOW,
})
const update = (log: KeyLog, name: string, root = 0, status: EntryContent['status'] = 'active') =>
  updateLog(log, at(alice.roots, root), content(name, status))
/** Alice's rotation number `root`. */
const rotate = (log: KeyLog, root: number, name = 'phone', status: EntryContent['status'] = 'active') =>
  rotateLog(log, at(alice.roots, root), commitmentAfter(alice, root), content(name, status))

const mirrored: Record<LogRelation, LogRelation> = {
  same: 'same',
  longer: 'shorter',
  shorter: 'longer',
  supersedes: 'superseded',
  superseded: 'supersedes',
  fork: 'fork',
}
const relate = (a: KeyLog, b: KeyLog, expected: LogRelation): void => {
  assert.equal(compareLogs(a, b), expected)
  assert.equal(compareLogs(b, a), mirrored[expected])
}

const first = alice.log
const updated = update(first, 'phone')

test('§2 logs of two addresses are not compared', () => {
  assert.throws(() => compareLogs(first, makeIdentity('bob').log), failsWith('ERR_LOG_ADDRESS'))
})

test('§2 the same log, and the longer one of which the other is a prefix', () => {
  relate(first, first, 'same')
  relate(updated, first, 'longer')
  relate(rotate(updated, 1), first, 'longer')
  const rotated = rotate(updated, 1)
  relate(rotate(rotated, 2), rotated, 'longer')
  relate(rotate(rotated, 2), first, 'longer')
  relate(update(first, 'phone', 0, 'retired'), first, 'longer')
})

test('§2 equal epochs that part are a fork, however long each is', () => {
  relate(updated, update(first, 'tablet'), 'fork')
  relate(update(update(updated, 'a'), 'b'), update(first, 'tablet'), 'fork')
  relate(updated, update(first, 'phone', 0, 'retired'), 'fork')
  relate(rotate(first, 1), rotate(updated, 1), 'fork')
  const rotated = rotate(first, 1)
  relate(update(rotated, 'phone', 1), update(rotated, 'tablet', 1), 'fork')
})

test('§2 two signatures of one entry are two entries', () => {
  relate(updated, update(first, 'phone'), 'fork')
})

test("§2 the owner's rotation overrules what the thief of the current root key signed", () => {
  const stolen = update(update(updated, 'mallory'), 'mallory 2')
  relate(stolen, updated, 'longer')
  relate(rotate(updated, 1), stolen, 'supersedes')
  relate(rotate(first, 1), stolen, 'supersedes')
  relate(rotate(stolen, 1), updated, 'longer')
})

test("§2 the owner's rotation overrules a retirement by the thief", () => {
  const retired = update(updated, 'mallory', 0, 'retired')
  relate(rotate(updated, 1), retired, 'supersedes')
  relate(rotate(updated, 1, 'phone', 'retired'), retired, 'supersedes')
})

test("§2 the owner's rotation overrules a log that the thief filled up", () => {
  relate(rotate(first, 1), lengthen(updated, at(alice.roots, 0), 64), 'supersedes')
})

test('§2 a final retirement by rotation is not undone by the thief of the root key before', () => {
  const retired = rotate(updated, 1, 'phone', 'retired')
  relate(update(update(updated, 'mallory'), 'mallory 2'), retired, 'superseded')
})

test('§2 wherever they part: a former root key signs nothing that stands', () => {
  const rotated = rotate(updated, 1)
  const current = rotate(update(rotated, 'phone', 1), 2)
  for (const log of [update(first, 'mallory'), update(updated, 'mallory'), update(rotated, 'mallory', 1)])
    relate(current, log, 'supersedes')
})

test('§2 of two signatures of a rotation, the one that goes on stands', () => {
  const [one, another] = [rotate(first, 1), rotate(first, 1, 'tablet')]
  relate(one, another, 'fork')
  relate(rotate(one, 2), another, 'supersedes')
})
