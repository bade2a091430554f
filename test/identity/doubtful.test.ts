import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdentity } from '../../src/core/identity.ts'
import { compareLogs, type KeyLog } from '../../src/core/key-log.ts'
import { ownBase, rotateIdentity } from '../../src/core/recovery.ts'
import { type Ground, recoverLost, rotateOwn } from '../../src/identity/rotation.ts'
import { codeOf, makeWorld } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { fill } from '../directory/client/searches.ts'
import { createMemoryNetwork } from '../directory/memory-network.ts'
import { createDisk } from './renewals.ts'

/** What the phrase reveals cannot be taken back: a lookup that may have missed something newer is not enough for it. */

const { identity: alice, phrase } = createIdentity(NOW, seededRandom('doubtful/Alice'))
const rotated = rotateIdentity(ownBase(alice.log, phrase), phrase, NOW, seededRandom('doubtful/rotation')).log

/** 20 nodes, of which so many hold the log, and the others say that they hold nothing. */
const start = (holders: number, log: KeyLog = alice.log) => {
  const net = createMemoryNetwork(20)
  fill(net.nodes.slice(0, holders), log)
  const ground: Ground = { directory: net.directory, world: makeWorld('doubtful') }
  return { net, ground }
}

test('§3 a recovery that most nodes told nothing reveals nothing, unless its owner insists', async () => {
  const { ground } = start(3)
  const disk = createDisk(null)
  assert.equal(await codeOf(recoverLost(alice.log.id, disk, phrase, ground)), 'ERR_LOOKUP_DOUBTFUL')
  assert.equal(disk.saves, 0)
  const { log } = await recoverLost(alice.log.id, disk, phrase, { ...ground, evenDoubtful: true })
  assert.deepEqual([log.epoch, disk.saves], [1, 1])
})

test('§3 nor does a rotation or a retirement on the own machine', async () => {
  const { ground } = start(3)
  for (const status of ['active', 'retired'] as const) {
    const disk = createDisk(alice)
    assert.equal(await codeOf(rotateOwn(alice, disk, phrase, status, ground)), 'ERR_LOOKUP_DOUBTFUL')
    assert.equal(disk.saves, 0)
  }
})

test('§3 what it guards against: a recovery that was shown less than the newest rotation is a fork of it, and the next one ends that', async () => {
  const { ground } = start(3)
  const { log } = await recoverLost(alice.log.id, createDisk(null), phrase, { ...ground, evenDoubtful: true })
  assert.equal(compareLogs(log, rotated), 'fork')
  const disk = createDisk(null)
  const whole = start(20, rotated)
  fill(whole.net.nodes, log)
  const next = await recoverLost(alice.log.id, disk, phrase, whole.ground)
  assert.equal(compareLogs(next.log, rotated), 'supersedes')
  assert.equal(compareLogs(next.log, log), 'supersedes')
})

test('§3 a lookup that most nodes answer is enough, also of an identity that nobody has confirmed for long', async () => {
  const { ground } = start(14)
  const { log } = await recoverLost(alice.log.id, createDisk(null), phrase, ground)
  assert.equal(log.epoch, 1)
})
