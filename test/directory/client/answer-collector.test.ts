import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyLog, rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { CARD_AGE, LOG_ENTRIES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { type AnswerCollector, createAnswerCollector } from '../../../src/directory/client/answer-collector.ts'
import type { GetAnswer } from '../../../src/directory/request-format.ts'
import {
  at,
  commitmentAfter,
  cut,
  envelopesOf,
  lengthen,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { cardFor } from '../records.ts'
import { answerOf, page, read } from './answers.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const prekeys = makePrekeys('Alice')
const log = lengthen(alice.log, root0, 6)
const card = cardFor(log, alice, prekeys)
const malloryContent = (name: string) => ({ devices: publicOf([makeDevice(`Mallory/${name}`)]), time: NOW })
const forkOf = (name: string): KeyLog => updateLog(alice.log, root0, malloryContent(name))
const rotated = rotateLog(log, root1, commitmentAfter(alice, 1), content)

const readHonest = (collector: AnswerCollector, node: string, held: KeyLog = log, cards = [card]): readonly number[] =>
  read(collector, node, (from) => page(held, cards, from))
/** One answer that ends what a node says. */
const say = (collector: AnswerCollector, node: string, answer: Partial<GetAnswer>): void =>
  assert.equal(collector.accept(node, answerOf(answer)), null)

test('§4 without an answer there is no finding', () => {
  const collector = createAnswerCollector(id, NOW)
  assert.equal(collector.finding(), null)
  assert.equal(collector.stance('a'), null)
  say(collector, 'a', {})
  assert.equal(collector.finding(), null)
  assert.equal(collector.stance('a'), 'empty')
})

test('§4 a log is read page by page, and from a node that agrees only its cards', () => {
  const collector = createAnswerCollector(id, NOW)
  assert.deepEqual(readHonest(collector, 'a'), [0, 2, 4, 6])
  assert.deepEqual(readHonest(collector, 'b'), [0, 6])
  const finding = collector.finding()
  assert.deepEqual(finding?.log.last.hash, log.last.hash)
  assert.deepEqual(finding?.card?.envelope, card.envelope)
  assert.equal(finding?.fork, null)
  assert.deepEqual(['a', 'b'].map(collector.stance), ['agreeing', 'agreeing'])
})

test('§4 an older log changes nothing, before or after', () => {
  for (const order of [
    ['old', 'new'],
    ['new', 'old'],
  ]) {
    const collector = createAnswerCollector(id, NOW)
    for (const node of order)
      readHonest(collector, node, node === 'old' ? cut(log, 2) : log, node === 'old' ? [] : [card])
    assert.deepEqual(collector.finding()?.log.last.hash, log.last.hash)
    assert.deepEqual([collector.stance('old'), collector.stance('new')], ['older', 'agreeing'])
  }
})

test('§4 what is found may be asked for at any time: a card of a head that was outdone since is none', () => {
  const collector = createAnswerCollector(id, NOW)
  const early = cut(log, 2)
  const earlyCard = cardFor(early, alice, prekeys)
  readHonest(collector, 'a', early, [earlyCard])
  assert.deepEqual(collector.finding()?.card?.hash, earlyCard.hash)
  readHonest(collector, 'b', log, [])
  assert.deepEqual(collector.finding()?.log.last.hash, log.last.hash)
  assert.equal(collector.finding()?.card, null)
  readHonest(collector, 'c')
  assert.deepEqual(collector.finding()?.card?.hash, card.hash)
})

test('§2 the rotation overrules the longer branch of a thief', () => {
  for (const order of [
    ['thief', 'owner'],
    ['owner', 'thief'],
  ]) {
    const collector = createAnswerCollector(id, NOW)
    for (const node of order)
      readHonest(collector, node, node === 'thief' ? lengthen(forkOf('long'), root0, 20) : rotated, [])
    const finding = collector.finding()
    assert.deepEqual(finding?.log.last.hash, rotated.last.hash)
    assert.equal(finding?.fork, null)
    assert.equal(collector.stance('thief'), 'older')
  }
})

test('§2 a fork is reported with the branch that contradicts, as far as it was shown', () => {
  const collector = createAnswerCollector(id, NOW)
  readHonest(collector, 'a')
  const long = lengthen(forkOf('long'), root0, 9)
  readHonest(collector, 'b', long, [])
  const finding = collector.finding()
  assert.deepEqual(finding?.log.last.hash, log.last.hash)
  assert.deepEqual(finding?.fork?.last.hash, long.last.hash)
})

test('§2 a rotation that the thief of the new root signed anew is reported as a fork', () => {
  const anew = rotateLog(log, root1, commitmentAfter(alice, 1), malloryContent('anew'))
  const further = updateLog(anew, root1, malloryContent('further'))
  const collector = createAnswerCollector(id, NOW)
  readHonest(collector, 'a', rotated, [])
  readHonest(collector, 'b', further, [])
  assert.deepEqual(collector.finding()?.log.last.hash, rotated.last.hash)
  assert.deepEqual(collector.finding()?.fork?.last.hash, further.last.hash)
})

test('§4 a flood of forks between its pages does not keep an honest node from being read', () => {
  const collector = createAnswerCollector(id, NOW)
  let flooded = 0
  const flood = (): void => {
    for (let count = 0; count < 5; count++) {
      const fork = forkOf(`${flooded++}`)
      say(collector, `mallory ${flooded}`, { tip: fork.last.hash, entryCount: 2, entries: envelopesOf(fork) })
    }
  }
  flood()
  const places = read(collector, 'honest', (from) => {
    flood()
    return page(rotated, [], from, 1)
  })
  assert.equal(places.length, rotated.entries.length)
  assert.equal(collector.stance('honest'), 'agreeing')
  assert.deepEqual(collector.finding()?.log.last.hash, rotated.last.hash)
  for (let index = 1; index <= flooded; index++) assert.equal(collector.stance(`mallory ${index}`), 'older')
})

test('§4 the longest log in the smallest pages is read to its last card', () => {
  const longest = lengthen(alice.log, root0, LOG_ENTRIES_MAX)
  const last = cardFor(longest, alice, prekeys)
  const collector = createAnswerCollector(id, NOW)
  assert.equal(read(collector, 'a', (from) => page(longest, [last], from, 1)).length, LOG_ENTRIES_MAX + 1)
  assert.deepEqual(collector.finding()?.card?.envelope, last.envelope)
})

test('§3 the card: a current one before an expired one, then the latest serial, to the millisecond', () => {
  const bob = makeIdentity('Bob', { devices: 3 })
  const odd = NOW * 1000 + 1
  const expired = cardFor(bob.log, bob, prekeys, { device: 0, serial: odd + 999, age: 1 })
  const earlier = cardFor(bob.log, bob, prekeys, { device: 1, serial: odd })
  const later = cardFor(bob.log, bob, prekeys, { device: 2, serial: odd + 1 })
  for (const cards of [
    [expired, earlier, later],
    [later, earlier, expired],
    [earlier, expired, later],
  ]) {
    const collector = createAnswerCollector(bob.log.id, NOW + 10)
    read(collector, 'a', (from) => page(bob.log, cards, from))
    assert.deepEqual(collector.finding()?.card?.hash, later.hash)
  }
  const collector = createAnswerCollector(bob.log.id, NOW + CARD_AGE + 10)
  read(collector, 'a', (from) => page(bob.log, [earlier, expired, later], from))
  assert.deepEqual(collector.finding()?.card?.hash, expired.hash, 'stale, so the latest serial of all')
})
