import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { rotateLog, updateLog } from '../../../src/core/key-log.ts'
import { CARD_AGE, LOG_ENTRIES_MAX } from '../../../src/core/limits/protocol-limits.ts'
import { nameOf } from '../../../src/directory/network-port.ts'
import {
  at,
  commitmentAfter,
  lengthen,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { allRuns, runs } from '../../runs.ts'
import { createMemoryNetwork } from '../memory-network.ts'
import { cardFor } from '../records.ts'
import { LIAR_NAMES, LIARS } from './liars.ts'
import { counts, countsOf, fill, find, never } from './searches.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const prekeys = makePrekeys('Alice')
const old = lengthen(alice.log, root0, 3)
const log = rotateLog(old, root1, commitmentAfter(alice, 1), content)
const card = cardFor(log, alice, prekeys)
const oldCard = cardFor(log, alice, prekeys, { serial: NOW * 1000 - 5000 })
const theft = lengthen(
  updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice('Mallory')]) }),
  root0,
  6,
)

test('§4 an identity that everyone holds is found with its card, and all of them hold it', async () => {
  const net = createMemoryNetwork(20)
  fill(net.nodes, log, [card])
  const found = await find(net, id)
  assert.deepEqual(found.log.last.hash, log.last.hash)
  assert.deepEqual(found.card?.envelope, card.envelope)
  assert.equal(found.freshness, 'current')
  assert.equal(found.fork, null)
  assert.deepEqual(countsOf(found), counts({ agreeing: 20 }))
  assert.deepEqual(
    new Set(found.holders.map(({ node }) => nameOf(node))),
    new Set(net.nodes.map(({ address }) => nameOf(address))),
  )
})

test('§4 one honest copy beats any number of older ones', async () => {
  for (const honest of [0, 7, 19]) {
    const net = createMemoryNetwork(20)
    const [one, rest] = [at(net.nodes, honest), net.nodes.filter((_, index) => index !== honest)]
    fill([one], log, [card])
    fill(rest.slice(0, 10), old, [cardFor(old, alice, prekeys)])
    fill(rest.slice(10), log, [oldCard])
    const found = await find(net, id)
    assert.deepEqual(found.log.last.hash, log.last.hash)
    assert.deepEqual(found.card?.hash, card.hash)
    assert.deepEqual(countsOf(found), counts({ agreeing: 10, older: 10 }))
    assert.equal(found.holders.length, 10)
  }
})

test('§2 the longer branch of a thief loses to one copy of the rotation', async () => {
  const net = createMemoryNetwork(20)
  fill(net.nodes.slice(1), theft)
  fill(net.nodes.slice(0, 1), log, [card])
  const found = await find(net, id)
  assert.deepEqual(found.log.last.hash, log.last.hash)
  assert.equal(found.fork, null)
  assert.deepEqual(countsOf(found), counts({ agreeing: 1, older: 19 }))
})

test('§2 a fork is found whether nodes hold one branch each or both', async () => {
  for (const both of [false, true]) {
    const net = createMemoryNetwork(20)
    fill(net.nodes.slice(0, 19), old)
    fill(both ? net.nodes : net.nodes.slice(19), theft)
    const { log: standing, fork } = await find(net, id)
    assert.ok(fork !== null)
    const heads = [standing, fork].map(({ entries }) => Buffer.from(at(entries, 1).hash).toString('hex'))
    assert.deepEqual(new Set(heads).size, 2)
  }
})

test('§4 a node near every target is read once, however its answers interleave', async () => {
  const count = allRuns ? 12 : 4
  const net = createMemoryNetwork(count)
  const longest = lengthen(alice.log, root0, LOG_ENTRIES_MAX)
  fill(net.nodes, longest, [cardFor(longest, alice, prekeys)])
  for (const [index, node] of net.nodes.entries())
    node.behaviour = async ({ honest }) => {
      for (let turns = index % 4; turns > 0; turns--) await turn()
      return honest()
    }
  const found = await find(net, id)
  assert.equal(found.log.entries.length, LOG_ENTRIES_MAX)
  assert.equal(found.freshness, 'current')
  assert.deepEqual(countsOf(found), counts({ answered: count, agreeing: count }))
})

for (const liar of LIAR_NAMES)
  test(`§4 19 nodes with ${liar} do not hide what one honest node holds, nor add to it`, async () => {
    const net = createMemoryNetwork(20)
    fill(net.nodes, log, [card])
    for (const node of net.nodes.slice(1)) node.behaviour = LIARS[liar]
    const found = await find(net, id)
    assert.deepEqual(found.log.last.hash, log.last.hash)
    assert.deepEqual(found.card?.hash, card.hash)
    assert.equal(found.fork, null)
    assert.equal(found.evidence.answered + found.evidence.failed, 20)
  })

test('§4 however nodes lie, what is found is what the best honest node holds', async () => {
  const kind = fc.constantFrom('honest', 'behind', 'old card', 'thief', ...LIAR_NAMES)
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 11 }), fc.nat(), async (kinds, place) => {
      const all = [...kinds]
      all.splice(place % (kinds.length + 1), 0, 'honest')
      const net = createMemoryNetwork(all.length)
      for (const [index, name] of all.entries()) {
        const node = at(net.nodes, index)
        if (name === 'behind') fill([node], old)
        else if (name === 'thief') fill([node], theft)
        else fill([node], log, [name === 'old card' ? oldCard : card])
        node.behaviour = Object.entries(LIARS).find(([liar]) => liar === name)?.[1] ?? null
      }
      const found = await find(net, id)
      assert.deepEqual(found.log.last.hash, log.last.hash)
      assert.deepEqual(found.card?.hash, card.hash)
      assert.equal(found.fork, null)
      const { answered, agreeing, older, empty, unread, invalid, failed } = found.evidence
      assert.equal(answered, agreeing + older + empty + unread + invalid)
      assert.equal(answered + failed, all.length)
      const count = (...names: readonly string[]) => all.filter((name) => names.includes(name)).length
      assert.equal(older, count('behind', 'thief'))
      assert.equal(empty, count('nothing held'))
      assert.ok(agreeing >= count('honest', 'old card', 'no cards'))
      assert.equal(
        invalid,
        count(
          'garbage',
          'an empty answer',
          'another identity',
          'entries with a bit changed',
          'cards with a bit changed',
          'half a datagram',
        ),
      )
    }),
    { numRuns: runs(25) },
  )
})

test('§3 without an unexpired card the log is found, and stale', async () => {
  const net = createMemoryNetwork(20)
  fill(net.nodes, log)
  assert.deepEqual([(await find(net, id)).freshness, (await find(net, id)).card], ['stale', null])
  fill(net.nodes, log, [card])
  const replayed = await find(net, id, never(), NOW + CARD_AGE)
  assert.deepEqual(
    [replayed.freshness, replayed.card?.hash],
    ['stale', card.hash],
    'served by nodes whose clock is slow',
  )
  net.now = NOW + CARD_AGE
  const honest = await find(net, id, never(), net.now)
  assert.deepEqual([honest.freshness, honest.card?.hash], ['stale', card.hash])
})
