import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { STRANGER_CONNECTIONS_MAX } from '../../src/core/limits/connection-limits.ts'
import { STRANGERS_MESSAGES_MAX } from '../../src/core/limits/message-limits.ts'
import { REFUSED_MAX, REQUESTS_MAX } from '../../src/core/limits/request-limits.ts'
import { createPresent, createRefused } from '../../src/peer/visitors.ts'
import { createWaitingList } from '../../src/peer/waiting-list.ts'
import { alice } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

/** Who waits when very many come. */

const addressOf = (name: string): string => encodeAddress(makeBytes(name, 32))
const about = (hasLeft = false) => ({
  ...{ since: 0, hasLeft },
  trust: { identity: 'unknown', freshness: 'stale', reason: 'a test' } as const,
})

test('a crowd pushes out itself, the oldest first, and nobody who is connected or left something', () => {
  const friends = { here: addressOf('here'), wrote: addressOf('wrote') }
  const list = createWaitingList((address) => address === friends.here)
  list.add(friends.here, about())
  list.add(friends.wrote, about(true))
  const crowd = Array.from({ length: 2 * REQUESTS_MAX }, (_, index) => addressOf(`stranger ${index}`))
  for (const address of crowd) list.add(address, about())
  assert.equal(list.size, REQUESTS_MAX)
  for (const friend of Object.values(friends)) assert.notEqual(list.get(friend), undefined)
  const left = list.all().map(([address]) => address)
  assert.deepEqual(left.slice(2), crowd.slice(2 - REQUESTS_MAX))
})

test('there are more places than strangers who can be connected or have left something', () => {
  assert.ok(REQUESTS_MAX > STRANGER_CONNECTIONS_MAX + STRANGERS_MESSAGES_MAX)
})

test('when all are connected the oldest gives way, and no number is given twice', () => {
  const list = createWaitingList(() => true)
  const crowd = Array.from({ length: REQUESTS_MAX + 1 }, (_, index) => addressOf(`stranger ${index}`))
  const ids = crowd.map((address) => list.add(address, about()).id)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual([list.size, list.get(crowd[0] ?? '')], [REQUESTS_MAX, undefined])
})

test('of those who were refused the latest are remembered; who is connected twice is gone when both have ended', async () => {
  const refused = createRefused()
  for (let index = 0; index <= REFUSED_MAX; index++) refused.add(`${index}`)
  assert.deepEqual([refused.has('0'), refused.has('1'), refused.has(`${REFUSED_MAX}`)], [false, true, true])
  const present = createPresent()
  const address = encodeAddress(alice.log.id)
  const closed: number[] = []
  const leave = [1, 2].map((n) => present.enter(alice.log, async () => void closed.push(n)))
  await present.part(address)
  assert.deepEqual(closed, [1, 2])
  leave[0]?.()
  assert.equal(present.logOf(address), alice.log)
  leave[1]?.()
  assert.deepEqual([present.has(address), present.logOf(address)], [false, null])
})
