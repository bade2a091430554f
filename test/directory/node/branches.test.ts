import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equal } from '../../../src/core/bytes.ts'
import { HandfastError } from '../../../src/core/errors.ts'
import { type KeyLog, rotateLog, updateLog, verifyLog } from '../../../src/core/key-log.ts'
import { BRANCHES_MAX } from '../../../src/core/limits/record-limits.ts'
import { type Branches, forkProofs, offerEntry, restoreBranches } from '../../../src/directory/node/branches.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  failsWith,
  lengthen,
  makeDevice,
  makeIdentity,
  NOW,
  publicOf,
} from '../../core/identities.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
/** Mallory has Alice's root key and puts a device of her own into the log. */
const malloryContent = (name: string) => ({ devices: publicOf([makeDevice(`Mallory/${name}`)]), time: NOW })

/** e0 ← o1 ← o2 ← r3, where r3 rotates; Mallory parts after e0 and after o1. */
const o1 = updateLog(alice.log, root0, content)
const o2 = updateLog(o1, root0, content)
const r3 = rotateLog(o2, root1, commitmentAfter(alice, 1), content)
const theft = updateLog(alice.log, root0, malloryContent('first'))
const longTheft = lengthen(theft, root0, 9)

const offer = (branches: Branches | null, log: KeyLog): Branches => {
  let grown = branches
  for (const envelope of envelopesOf(log)) grown = offerEntry(grown, id, envelope)
  assert.ok(grown !== null)
  return grown
}
const offerAll = (...logs: readonly KeyLog[]): Branches => {
  const grown = logs.reduce<Branches | null>(offer, null)
  assert.ok(grown !== null)
  return grown
}
const headOf = ({ standing }: Branches): Uint8Array => standing.last.hash

test('§4 a log grows entry by entry, and a known entry changes nothing', () => {
  const branches = offerAll(o2)
  assert.deepEqual(headOf(branches), o2.last.hash)
  assert.deepEqual(branches.rivals, [])
  for (const envelope of envelopesOf(o2)) assert.equal(offerEntry(branches, id, envelope), branches)
})

test('§4 an entry whose entry before is missing is a gap', () => {
  assert.throws(() => offerEntry(null, id, at(o1.entries, 1).envelope), failsWith('ERR_PUT_GAP'))
  assert.throws(() => offerEntry(offerAll(alice.log), id, o2.last.envelope), failsWith('ERR_PUT_GAP'))
})

test('§2 a first entry of another address is refused, with and without a log', () => {
  const { envelope } = makeIdentity('Mallory').log.last
  assert.throws(() => offerEntry(null, id, envelope), failsWith('ERR_LOG_ADDRESS'))
  assert.throws(() => offerEntry(offerAll(o1), id, envelope), failsWith('ERR_LOG_ADDRESS'))
})

test('§2 of a fork the branch seen first stands, the other is kept, and its first entry is the proof', () => {
  for (const [first, second] of [
    [o2, longTheft],
    [longTheft, o2],
  ] as const) {
    const branches = offerAll(first, second)
    assert.deepEqual(headOf(branches), first.last.hash)
    assert.deepEqual(
      branches.rivals.map(({ last }) => last.hash),
      [second.last.hash],
    )
    assert.deepEqual(
      forkProofs(branches).map(({ hash }) => hash),
      [at(second.entries, 1).hash],
    )
  }
})

test('§2 the rotation overrules the longer branch of a thief, whatever came first', () => {
  for (const order of [
    [longTheft, r3],
    [r3, longTheft],
    [o1, longTheft, r3],
  ]) {
    const branches = offerAll(...order)
    assert.deepEqual(headOf(branches), r3.last.hash)
    assert.deepEqual(forkProofs(branches), [], 'a superseded branch is no fork')
  }
})

test('§2 a retirement signed by the thief is overruled too', () => {
  const retired = updateLog(o1, root0, { ...content, status: 'retired' })
  const branches = offerAll(retired, r3)
  assert.deepEqual(headOf(branches), r3.last.hash)
  assert.deepEqual(
    branches.rivals.map(({ last }) => last.hash),
    [retired.last.hash],
  )
})

test('§2 a thief who signs the rotation anew makes a fork that no number of rotations hides', () => {
  const anew = rotateLog(o2, root1, commitmentAfter(alice, 1), malloryContent('anew'))
  const further = updateLog(anew, root1, malloryContent('further'))
  const branches = offerAll(r3, further)
  assert.deepEqual(headOf(branches), r3.last.hash)
  assert.deepEqual(
    forkProofs(branches).map(({ hash }) => hash),
    [anew.last.hash],
  )
})

test('§2 the proof of a fork holds what leads to the contradiction', () => {
  const rotatedTheft = rotateLog(longTheft, root1, commitmentAfter(alice, 1), malloryContent('theft'))
  const proof = forkProofs(offerAll(r3, rotatedTheft))
  assert.deepEqual(
    proof.map(({ hash }) => hash),
    rotatedTheft.entries.slice(1).map(({ hash }) => hash),
  )
})

test('§4 no flood of forks makes a node keep more, drop what stands, or refuse a rotation from a shared entry', () => {
  let branches = offerAll(o1, theft)
  for (let index = 0; index < 20; index++) {
    const fork = updateLog(alice.log, root0, malloryContent(`${index}`))
    branches = offer(branches, fork)
    assert.ok(branches.rivals.length < BRANCHES_MAX)
    assert.ok(branches.rivals.some(({ last }) => last.hash.every((byte, at) => byte === fork.last.hash[at])))
    assert.deepEqual(headOf(branches), o1.last.hash)
    assert.deepEqual(
      forkProofs(branches).map(({ hash }) => hash),
      [theft, ...branches.rivals.slice(1)].map(({ last }) => last.hash),
      'the first proof stays, and the latest beside it',
    )
  }
  const rotated = rotateLog(alice.log, root1, commitmentAfter(alice, 1), content)
  assert.deepEqual(headOf(offerEntry(branches, id, rotated.last.envelope)), rotated.last.hash)
})

test('§2 whatever the order of arrival, the rotation stands and every kept branch is a valid log', () => {
  const entries = [
    ...new Set([r3, lengthen(theft, root0, 4), updateLog(o1, root0, malloryContent('late'))].flatMap(envelopesOf)),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (order) => {
      let branches: Branches | null = null
      for (let round = 0; round < order.length; round++) {
        for (const envelope of order) {
          try {
            branches = offerEntry(branches, id, envelope)
          } catch (error) {
            assert.ok(error instanceof HandfastError && error.code === 'ERR_PUT_GAP')
          }
        }
      }
      assert.ok(branches !== null)
      assert.deepEqual(headOf(branches), r3.last.hash)
      for (const log of [branches.standing, ...branches.rivals]) {
        assert.equal(verifyLog(id, envelopesOf(log)).epoch, log.epoch)
      }
    }),
    { numRuns: 20 },
  )
})

/** Branches as a node keeps them: the last hash of each, and every entry once. */
const kept = ({ standing, rivals }: Branches) => ({
  tips: [standing, ...rivals].map(({ last }) => last.hash),
  envelopes: [...new Set([standing, ...rivals].flatMap(envelopesOf))],
})

test('§4 branches that were kept are restored as they were', () => {
  for (const branches of [offerAll(o2), offerAll(o2, longTheft), offerAll(longTheft, r3), offerAll(theft, o1, r3)]) {
    const { tips, envelopes } = kept(branches)
    assert.deepEqual(restoreBranches(id, tips, envelopes.toReversed()), branches)
  }
})

test('§4 branches that were not kept like this are not restored', () => {
  const { tips, envelopes } = kept(offerAll(longTheft, r3))
  const carol = makeIdentity('Carol').log
  for (const [wrong, entries, code] of [
    [tips.toReversed(), envelopes, 'ERR_FIELD'],
    [[...tips, o1.last.hash], envelopes, 'ERR_FIELD'],
    [[...tips, at(tips, 0)], envelopes, 'ERR_FIELD'],
    [[], envelopes, 'ERR_FIELD'],
    [tips, envelopes.filter((envelope) => !equal(envelope, o1.last.envelope)), 'ERR_FIELD'],
    [[carol.last.hash], envelopesOf(carol), 'ERR_LOG_ADDRESS'],
  ] as const)
    assert.throws(() => restoreBranches(id, wrong, entries), failsWith(code))
})
