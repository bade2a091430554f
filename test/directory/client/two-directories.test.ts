import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KINDS_AGE_MS } from '../../../src/directory/limits.ts'
import { failsWith, makeBytes, makeIdentity, makePrekeys, NOW } from '../../core/identities.ts'
import { checkDirectoryContract } from '../directory-contract.ts'
import { silent } from '../memory-network.ts'
import { createMixedNetwork, type MixedNetwork } from '../mixed-network.ts'
import { publicationOf, updated } from '../publications.ts'

/** Which directory is asked, and what comes of asking both. */

const alice = makeIdentity('two/Alice')
const prekeys = makePrekeys('two/Alice')
const never = (): AbortSignal => new AbortController().signal
const askedOwn = ({ own }: MixedNetwork): number =>
  own.nodes.flatMap(({ asked }) => [...asked.values()]).reduce((sum, count) => sum + count, 0)

suite('two directories over some nodes of each kind', () => {
  checkDirectoryContract(async (_, size) => {
    const { own, stock, directory } = createMixedNetwork(size, 3)
    return {
      ...{ directory, now: NOW },
      forget: (keeping) => {
        own.forget(keeping)
        stock.forget(keeping)
      },
      silence: () => {
        for (const node of own.nodes) node.behaviour = silent
        for (const node of stock.nodes) node.behaviour = () => null
      },
    }
  })
})

test('what the nodes understand is asked once, and again after a while; of silence nothing is concluded', async () => {
  for (const [owns, understood, mostly] of [
    [20, 'own', 'own'],
    [0, 'stock', 'stock'],
    [15, 'both', 'own'],
    [5, 'both', 'stock'],
  ] as const) {
    const { kinds, stock } = createMixedNetwork(20, owns)
    assert.equal(kinds.last(), null)
    assert.deepEqual(await kinds.look(), { understood, mostly })
    const { asked } = stock
    assert.deepEqual(await kinds.look(), { understood, mostly })
    assert.equal(stock.asked, asked)
  }
  const { kinds, own, stock } = createMixedNetwork(10, 10)
  for (const node of own.nodes) node.behaviour = silent
  for (const node of stock.nodes) node.behaviour = () => null
  assert.equal(await kinds.look(), null)
  for (const node of stock.nodes) node.behaviour = null
  assert.deepEqual(await kinds.look(), { understood: 'stock', mostly: 'stock' })
  // They are all Handfast's from now on: what was found out holds for a while.
  for (const node of own.nodes) node.behaviour = null
  assert.deepEqual(await kinds.look(), { understood: 'stock', mostly: 'stock' })
  await new Promise<void>((resolve) => void own.network.clock.after(KINDS_AGE_MS, resolve))
  await kinds.look()
  await new Promise<void>((resolve) => void own.network.clock.after(5_000, resolve))
  assert.deepEqual(await kinds.look(), { understood: 'own', mostly: 'own' })
})

test('where all nodes are of one kind nothing is asked of the other', async () => {
  const pure = createMixedNetwork(12, 0)
  await pure.kinds.look()
  const before = askedOwn(pure)
  await pure.directory.publish(publicationOf(alice, alice.log, prekeys), { signal: never() })
  await pure.directory.lookup(alice.log.id, { now: NOW, signal: never() })
  assert.equal(askedOwn(pure), before)
})

test('what one of two directories hides the other shows', async () => {
  const mixed = createMixedNetwork(20, 12)
  const { own, stock, directory } = mixed
  const find = () => directory.lookup(alice.log.id, { now: NOW, signal: never() })
  await directory.publish(publicationOf(alice, alice.log, prekeys), { signal: never() })
  const newer = updated(alice, alice.log)
  // Published at stock nodes only: the others keep what was.
  await stock.directory.publish(publicationOf(alice, newer, prekeys, { serial: NOW * 1000 + 5 }), { signal: never() })
  assert.deepEqual((await find()).log.last.hash, newer.last.hash)
  // The other way round.
  await own.directory.publish(publicationOf(alice, newer, prekeys, { serial: NOW * 1000 + 5 }), { signal: never() })
  for (const { immutables, mutables } of stock.nodes) for (const kept of [immutables, mutables]) kept.clear()
  assert.deepEqual((await find()).log.last.hash, newer.last.hash)
})

test('two that contradict each other are a fork, and nobody is told twice where it was found', async () => {
  const { own, stock, directory } = createMixedNetwork(20, 12)
  const [mine, stolen] = [1, 2].map((later) => updated(alice, alice.log, NOW + later))
  assert.ok(mine !== undefined && stolen !== undefined)
  await own.directory.publish(publicationOf(alice, mine, prekeys), { signal: never() })
  await stock.directory.publish(publicationOf(alice, stolen, prekeys, { serial: NOW * 1000 + 9 }), { signal: never() })
  const found = await directory.lookup(alice.log.id, { now: NOW, signal: never() })
  assert.deepEqual([found.verdict.kind, found.fork?.last.hash], ['forked', stolen.last.hash])
  const anchor = { seq: 1, head: stolen.last.hash }
  const decided = await directory.lookup(alice.log.id, { now: NOW, signal: never(), anchor })
  assert.deepEqual([decided.fork, decided.log.last.hash], [null, stolen.last.hash])
})

test('a lookup that has no time for it does not wait to learn what the nodes understand', async () => {
  const { directory } = createMixedNetwork(12, 12)
  const late = directory.lookup(makeBytes('nobody', 32), { now: NOW, signal: AbortSignal.abort() })
  await assert.rejects(late, failsWith('ERR_LOOKUP_INCOMPLETE'))
})
