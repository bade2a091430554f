import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { rotateLog } from '../../../src/core/key-log.ts'
import {
  at,
  commitmentAfter,
  cut,
  failsWith,
  lengthen,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../../core/identities.ts'
import { createMemoryNetwork, hanging, type MemoryNode, saying, silent } from '../memory-network.ts'
import { cardFor } from '../records.ts'
import { LIARS } from './liars.ts'
import { counts, countsOf, fill, find } from './searches.ts'

const alice = makeIdentity('Alice')
const [root0, root1] = [at(alice.roots, 0), at(alice.roots, 1)]
const { id } = alice.log
const content = { devices: publicOf(alice.devices), time: NOW }
const prekeys = makePrekeys('Alice')
const old = lengthen(alice.log, root0, 3)
const log = rotateLog(old, root1, commitmentAfter(alice, 1), content)
const card = cardFor(log, alice, prekeys)

test('§4 the deadline ends a lookup with what was found by then', async () => {
  const net = createMemoryNetwork(20)
  const deadline = new AbortController()
  fill(net.nodes.slice(0, 12), log, [card])
  for (const node of net.nodes.slice(12)) node.behaviour = hanging
  const last = at(net.nodes, 11)
  let asked = 0
  last.behaviour = ({ honest }) => {
    asked += 1
    // Once all targets have asked: every other honest node has been asked in the same round.
    if (asked === 3) turn().then(() => deadline.abort())
    return honest()
  }
  const found = await find(net, id, deadline.signal)
  assert.deepEqual(found.card?.hash, card.hash)
  assert.deepEqual(countsOf(found), counts({ answered: 12, agreeing: 12, failed: 8, complete: false }))
})

test('§4 a node that falls silent after its first page is unread, and the others are found', async () => {
  const net = createMemoryNetwork(20)
  const longer = lengthen(log, root1, 9)
  fill(net.nodes.slice(1), cut(longer, 7))
  fill(net.nodes.slice(0, 1), longer)
  let pages = 0
  at(net.nodes, 0).behaviour = ({ honest }) => (pages++ < 3 ? honest() : null)
  const found = await find(net, id)
  assert.equal(found.log.entries.length, 8)
  assert.deepEqual(countsOf(found), counts({ agreeing: 19, unread: 1 }))
})

const nothingHeld = LIARS['nothing held']
const outcomes: readonly (readonly [
  string,
  number,
  (node: MemoryNode, index: number) => void,
  'ERR_LOOKUP_NOT_FOUND' | 'ERR_LOOKUP_INCOMPLETE',
])[] = [
  ['every node says "nothing"', 20, () => {}, 'ERR_LOOKUP_NOT_FOUND'],
  ['the only node says "nothing"', 1, () => {}, 'ERR_LOOKUP_NOT_FOUND'],
  ['there is no node', 0, () => {}, 'ERR_LOOKUP_INCOMPLETE'],
  [
    'every node is silent',
    20,
    (node) => {
      node.behaviour = silent
    },
    'ERR_LOOKUP_INCOMPLETE',
  ],
  [
    '11 of 20 say "nothing"',
    20,
    (node, index) => {
      node.behaviour = index < 11 ? nothingHeld : silent
    },
    'ERR_LOOKUP_NOT_FOUND',
  ],
  [
    '10 of 20 say "nothing"',
    20,
    (node, index) => {
      node.behaviour = index < 10 ? nothingHeld : silent
    },
    'ERR_LOOKUP_INCOMPLETE',
  ],
  [
    '10 of 20 send garbage',
    20,
    (node, index) => {
      node.behaviour = index < 10 ? nothingHeld : LIARS.garbage
    },
    'ERR_LOOKUP_INCOMPLETE',
  ],
  [
    '9 of 20 send garbage',
    20,
    (node, index) => {
      node.behaviour = index < 11 ? nothingHeld : LIARS.garbage
    },
    'ERR_LOOKUP_NOT_FOUND',
  ],
  [
    'all claim a log that does not verify',
    20,
    (node) => {
      node.behaviour = LIARS['another identity']
    },
    'ERR_LOOKUP_INCOMPLETE',
  ],
  [
    'all claim a log they do not show',
    20,
    (node) => {
      node.behaviour = saying(new Uint8Array(0))
    },
    'ERR_LOOKUP_INCOMPLETE',
  ],
]
for (const [what, size, prepare, code] of outcomes)
  test(`§4 when ${what}, the answer is ${code}`, async () => {
    const net = createMemoryNetwork(size)
    net.nodes.forEach(prepare)
    await assert.rejects(find(net, id), failsWith(code))
  })

test('§4 a lookup whose time is over before it begins asks nobody', async () => {
  const net = createMemoryNetwork(20)
  fill(net.nodes, log)
  await assert.rejects(find(net, id, AbortSignal.abort()), failsWith('ERR_LOOKUP_INCOMPLETE'))
  for (const { asked } of net.nodes) assert.equal(asked.size, 0)
})

test('§4 a deadline before most nodes have answered is no "not found"', async () => {
  const net = createMemoryNetwork(20)
  const deadline = new AbortController()
  at(net.nodes, 0).behaviour = () => {
    deadline.abort()
    return null
  }
  await assert.rejects(find(net, id, deadline.signal), failsWith('ERR_LOOKUP_INCOMPLETE'))
})

test('§4 nor is one that comes while a single node has yet to answer', async () => {
  const net = createMemoryNetwork(20)
  const deadline = new AbortController()
  let asked = 0
  at(net.nodes, 7).behaviour = (request) => {
    asked += 1
    if (asked === 3) turn().then(() => deadline.abort())
    return hanging(request)
  }
  await assert.rejects(find(net, id, deadline.signal), failsWith('ERR_LOOKUP_INCOMPLETE'))
})
