import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EpochKeys, placeOfSlot } from '../../src/core/epoch-keys.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { compareLogs, type EntryContent, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import {
  at,
  commitmentAfter,
  failsWith,
  lengthen,
  makeDevice,
  makeIdentity,
  NOW,
  nextTo,
  publicOf,
  slotKeyOf,
} from './identities.ts'

/** What Mallory can do who holds root keys of Alice, each of which Alice has used: whatever she signs, Alice's next rotation stands. */

const alice = makeIdentity('alice')
const mallory = makeIdentity('mallory')
const content = (name: string, status: EntryContent['status'] = 'active'): EntryContent => ({
  devices: publicOf([makeDevice(name)]),
  status,
  time: NOW,
})
const rotate = (log: KeyLog, name = 'phone', status: EntryContent['status'] = 'active'): KeyLog =>
  rotateLog(log, at(alice.roots, log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content(name, status))
const update = (log: KeyLog, name = 'phone', status: EntryContent['status'] = 'active'): KeyLog =>
  updateLog(log, at(alice.roots, log.epoch), content(name, status))

/** Alice's log after each of her rotations, with an update in between: `histories[e]` has epoch `e`. */
const histories = Array.from({ length: 4 }).reduce<KeyLog[]>(
  (logs) => [...logs, rotate(update(at(logs, -1)))],
  [alice.log],
)
const epochs = [1, 2, 3]

/** What the thief of root key `epoch` makes of it: that rotation again, and what she appends. */
const branchesOf = (epoch: number): readonly KeyLog[] => {
  const before = at(histories, epoch - 1)
  const again = [rotate(before, 'mallory'), rotate(update(before), 'mallory'), rotate(before, 'mallory', 'retired')]
  const first = at(again, 0)
  const key = at(alice.roots, epoch)
  return [
    ...again,
    update(first, 'mallory 2'),
    update(first, 'mallory', 'retired'),
    lengthen(first, key, LOG_ENTRIES_MAX),
  ]
}

for (const epoch of epochs) {
  const owner = at(histories, epoch)

  test(`§2 the thief of root key ${epoch} signs that rotation again: a fork, not a log that stands`, () => {
    for (const branch of branchesOf(epoch)) {
      assert.equal(branch.epoch, epoch)
      assert.equal(compareLogs(branch, owner), 'fork')
      assert.equal(compareLogs(owner, branch), 'fork')
    }
  })

  test(`§2 the thief of root key ${epoch} cannot let that rotation commit to other keys`, () => {
    const key = at(alice.roots, epoch)
    const others = [
      nextTo([at(mallory.roots, 0)]),
      nextTo(mallory.roots),
      nextTo([at(mallory.roots, 0), ...alice.roots.slice(epoch + 1)]),
      nextTo(alice.roots.slice(epoch + 2)),
      new Uint8Array(32),
    ]
    const owners = commitmentAfter(alice, epoch)
    const rotated = (fields: Partial<EpochKeys>) => () =>
      rotateLog(at(histories, epoch - 1), key, { ...owners, ...fields }, content('mallory'))
    assert.doesNotThrow(rotated({}))
    for (const next of others) assert.throws(rotated({ next }), failsWith('ERR_LOG_ROOT'))
    // Nor may it say that the next slot is elsewhere, or that its own is.
    const slot = slotKeyOf(at(mallory.roots, 0)).publicKey
    for (const after of [placeOfSlot(slot), new Uint8Array(32)])
      assert.throws(rotated({ after }), failsWith('ERR_LOG_ROOT'))
    assert.throws(rotated({ slot }), failsWith('ERR_LOG_SLOT'))
  })

  test(`§2 the thief of root key ${epoch} and of all before cannot rotate from there`, () => {
    const keys = [...alice.roots.slice(0, epoch), at(mallory.roots, 0)]
    const nexts = [
      commitmentAfter(alice, epoch + 1),
      commitmentAfter(alice, epoch),
      commitmentAfter(mallory, 0),
      { ...commitmentAfter(alice, epoch + 1), next: mallory.log.id },
    ]
    for (const branch of branchesOf(epoch)) {
      const code: ErrorCode = branch.last.entry.status === 'retired' ? 'ERR_LOG_RETIRED' : 'ERR_LOG_ROOT'
      for (const key of keys)
        for (const next of nexts) assert.throws(() => rotateLog(branch, key, next, content('mallory')), failsWith(code))
      const committed = () => rotateLog(branch, at(alice.roots, epoch), commitmentAfter(alice, epoch + 1), content('m'))
      assert.throws(committed, failsWith(code === 'ERR_LOG_RETIRED' ? code : 'ERR_LOG_NEXT'))
    }
  })

  test(`§2 Alice's next rotation supersedes every branch of the thief of root key ${epoch}`, () => {
    for (const branch of branchesOf(epoch))
      for (const next of [rotate(owner), rotate(update(owner)), rotate(owner, 'phone', 'retired')]) {
        assert.equal(compareLogs(next, branch), 'supersedes')
        assert.equal(compareLogs(branch, next), 'superseded')
      }
  })

  test(`§2 Alice may also rotate from the thief's branch of root key ${epoch}: it has the same commitment`, () => {
    const next = rotate(at(branchesOf(epoch), 0))
    assert.equal(next.epoch, epoch + 1)
    for (const branch of branchesOf(epoch).slice(1)) assert.equal(compareLogs(next, branch), 'supersedes')
    assert.equal(compareLogs(next, owner), 'supersedes')
  })
}

test('§2 who stole every root key used so far redoes all rotations, and still cannot pass Alice', () => {
  let redone = alice.log
  for (const owner of histories.slice(1)) {
    redone = update(rotate(redone, 'mallory'), 'mallory')
    assert.equal(compareLogs(redone, owner), 'fork')
    assert.equal(compareLogs(rotate(owner), redone), 'supersedes')
  }
  assert.equal(redone.epoch, 4)
})
