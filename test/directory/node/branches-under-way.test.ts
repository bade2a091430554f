import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bridgeLog,
  isComplete,
  type KeyLog,
  type PartialLog,
  prefixOf,
  rotateLog,
  updateLog,
} from '../../../src/core/key-log.ts'
import { BRANCHES_MAX } from '../../../src/core/limits/record-limits.ts'
import { type Branches, forkProofs, offerEntry, restoreBranches } from '../../../src/directory/node/branches.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  failsWith,
  makeDevice,
  makeIdentity,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { allPuts, entryPut, put, putAll, readAll } from '../records.ts'

/** A recovery arrives entry by entry: its bridges are kept while it is under way, and nobody is served them as a log. */

const alice = makeIdentity('Alice')
const root = (rotation: number) => at(alice.roots, rotation)
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const rotate = (log: PartialLog): KeyLog =>
  rotateLog(log, root(log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content)
const bridge = (log: PartialLog): PartialLog =>
  bridgeLog(log, root(log.epoch + 1), commitmentAfter(alice, log.epoch + 1))

const seen = rotate(rotate(updateLog(alice.log, root(0), content)))
const underWay = bridge(bridge(alice.log))
const recovered = rotate(underWay)

const offer = (branches: Branches | null, log: PartialLog): Branches => {
  const grown = envelopesOf(log).reduce<Branches | null>((all, envelope) => offerEntry(all, id, envelope), branches)
  return grown ?? assert.fail()
}
const kept = ({ standing, rivals }: Branches) => ({
  tips: [standing, ...rivals].map(({ last }) => last.hash),
  envelopes: [...new Set([standing, ...rivals].flatMap(envelopesOf))],
})

test('§4 while a recovery is under way what stood goes on standing, and then the recovery does', () => {
  for (const before of [alice.log, updateLog(alice.log, root(0), content), seen]) {
    let branches = offer(null, before)
    for (const seq of [1, 2]) {
      branches = offer(branches, prefixOf(recovered, seq))
      assert.deepEqual(branches.standing.last.hash, before.last.hash)
      assert.deepEqual(forkProofs(branches), [])
      const { tips, envelopes } = kept(branches)
      assert.deepEqual(restoreBranches(id, tips, envelopes), branches)
    }
    assert.equal(
      branches.rivals.filter((log) => !isComplete(log)).length,
      1,
      'each bridge takes the place of the one before',
    )
    branches = offer(branches, recovered)
    assert.deepEqual(branches.standing.last.hash, recovered.last.hash)
    assert.ok(branches.rivals.every(isComplete))
  }
})

test('§4 a node serves no bridge that is under way, keeps it over a restart, and takes the rest', () => {
  const storage = createStorage()
  putAll(storage, allPuts(seen))
  for (const envelope of envelopesOf(underWay).slice(1))
    assert.equal(put(storage, { ...entryPut(seen), d: envelope }), null)
  const served = readAll(storage, id)
  assert.deepEqual(served.tip, seen.last.hash)
  assert.deepEqual(served.entries, envelopesOf(seen))
  putAll(storage, allPuts(recovered))
  assert.deepEqual(readAll(storage, id).entries, envelopesOf(recovered))
})

test('§4 whoever has the root keys of bridges makes a node keep no more branches, and none that is a proof goes for them', () => {
  const thief = updateLog(seen, root(2), { devices: publicOf([makeDevice('Mallory')]), time: NOW })
  const owner = updateLog(seen, root(2), content)
  let branches = offer(offer(null, owner), thief)
  for (let count = 0; count < 2 * BRANCHES_MAX; count++) {
    branches = offer(branches, bridgeLog(bridge(alice.log), root(2), commitmentAfter(alice, 2)))
    assert.ok(branches.rivals.length < BRANCHES_MAX)
    assert.deepEqual(branches.standing.last.hash, owner.last.hash)
    assert.deepEqual(
      forkProofs(branches).map(({ hash }) => hash),
      [thief.last.hash],
    )
  }
})

test('§4 a bridge is refused where it cannot stand, and one that is under way is not restored as what stands', () => {
  assert.throws(() => offerEntry(null, id, at(underWay.entries, 1).envelope), failsWith('ERR_PUT_GAP'))
  const { tips, envelopes } = kept(offer(offer(null, seen), underWay))
  assert.throws(() => restoreBranches(id, tips.toReversed(), envelopes), failsWith('ERR_LOG_BRIDGE'))
  assert.throws(() => restoreBranches(id, tips.slice(1), envelopesOf(underWay)), failsWith('ERR_LOG_BRIDGE'))
})
