import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { blake2b256 } from '../../../src/core/kdf.ts'
import { createCollectedLogs, offerEntry } from '../../../src/directory/client/collected-logs.ts'
import { createEntryChain } from '../../../src/directory/stock/entry-chain.ts'
import { at, draftEntry, flip, lengthen, makeBytes, makeIdentity, signDraft } from '../../core/identities.ts'

/** Entries that are found backwards, and what of them becomes a log. */

const alice = makeIdentity('chain/Alice')
const log = lengthen(alice.log, at(alice.roots, 0), 5)
const envelopes = log.entries.map(({ envelope }) => envelope)
const hashes = log.entries.map(({ hash }) => hash)

const start = () => {
  const logs = createCollectedLogs(alice.log.id, null)
  const chain = createEntryChain(logs)
  const first = (): unknown => offerEntry(logs, hex(alice.log.id), at(envelopes, 0))
  const take = (index: number, envelope: Uint8Array | null = at(envelopes, index)): void =>
    chain.take(at(hashes, index), envelope)
  const wanted = (): readonly number[] => chain.wanted().map((hash) => hashes.map(hex).indexOf(hex(hash)))
  const length = (): number => logs.standing?.entries.length ?? 0
  return { logs, chain, first, take, wanted, length }
}

test('from the last entry back to one that is known, one at a time; then all of them are a log', () => {
  const { chain, first, take, wanted, length } = start()
  first()
  chain.lead(log.last.hash)
  for (const index of [4, 3, 2, 1]) {
    assert.deepEqual(wanted(), [index])
    assert.equal(length(), 1)
    take(index)
  }
  assert.deepEqual([wanted(), length()], [[], 5])
})

test('nobody has it, it is another, or it is no entry: then it is not asked for again', () => {
  const wrong = flip(at(envelopes, 4), 20)
  for (const lie of [null, wrong, makeBytes('noise', 200), at(envelopes, 3), new Uint8Array(0)]) {
    const { chain, first, take, wanted, length } = start()
    first()
    chain.lead(log.last.hash)
    take(4, lie)
    assert.deepEqual([wanted(), length()], [[], 1])
  }
})

test('an entry that says another place than its own ends the way', () => {
  const { logs, chain, first, length } = start()
  first()
  // Signed, and named by its own hash; but it follows none that it could follow.
  const far = signDraft({ ...draftEntry(alice.log, alice), seq: 3 }, at(alice.roots, 0))
  const next = signDraft({ ...draftEntry(alice.log, alice), seq: 3, prev: blake2b256(far) }, at(alice.roots, 0))
  chain.lead(blake2b256(next))
  chain.take(blake2b256(next), next)
  chain.take(blake2b256(far), far)
  assert.deepEqual([chain.wanted(), length(), logs.byLast.size], [[], 1, 1])
})

test('an entry of which the first is another identity is none of this one', () => {
  const mallory = makeIdentity('chain/Mallory')
  const other = lengthen(mallory.log, at(mallory.roots, 0), 2)
  const { chain, first, length } = start()
  first()
  chain.lead(other.last.hash)
  chain.take(other.last.hash, other.last.envelope)
  chain.take(at(other.entries, 0).hash, at(other.entries, 0).envelope)
  assert.deepEqual([chain.wanted(), length()], [[], 1])
})

test('so many last entries are followed, and no more', () => {
  const { chain, first } = start()
  first()
  for (let index = 0; index < 40; index++) chain.lead(makeBytes(`head ${index}`, 32))
  assert.equal(chain.wanted().length, 16)
})
