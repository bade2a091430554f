import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import {
  BEACON_CONTACTS_MAX_MS,
  BEACON_CONTACTS_MS,
  BEACON_CONTACTS_ROUND,
} from '../../src/core/limits/beacon-limits.ts'
import type { Asking } from '../../src/network/beacon.ts'
import { createContactSearch } from '../../src/peer/contact-search.ts'
import type { Store } from '../../src/store/store.ts'
import { settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { NETWORK } from '../network/states.ts'

/** So many contacts, and a network that the test takes away. */
const start = (t: TestContext, contacts: number, { nodes = 0, blocked = [] as readonly number[] } = {}) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const ids = Array.from({ length: contacts }, (_, i) => makeBytes(`contact/${i}`, 32))
  const indexOf = (id: Uint8Array): number => ids.findIndex((one) => hex(one) === hex(id))
  const asked: number[] = []
  const near: number[] = []
  const present = new Set<number>()
  const state = { ...NETWORK, ...(nodes > 0 ? {} : { state: 'waiting' as const }), nodes }
  let changed = (): void => {}
  const ask = (id: Uint8Array): Asking => {
    asked.push(indexOf(id))
    return { listen: () => {}, answered: Promise.resolve(present.has(indexOf(id))), ended: Promise.resolve() }
  }
  const store = {
    contacts: { all: () => ids.map((id) => ({ id })) },
    blocked: { has: (id: Uint8Array) => blocked.includes(indexOf(id)) },
  } as unknown as Store
  const search = createContactSearch({
    ...{ nearby: { ask, isThere: true }, store },
    network: {
      state: () => state,
      onShaken: () => () => {},
      watch: (listener) => {
        changed = () => listener(state)
        return () => {
          changed = () => {}
        }
      },
    },
    world: { random: (size) => new Uint8Array(size).fill(255) },
    signals: { say: (type, peer) => void (type === 'near' && near.push(indexOf(peer))) },
  })
  t.after(() => search.stop())
  const become = (online: boolean): void => {
    Object.assign(state, { state: online ? 'joined' : 'waiting', nodes: online ? 3 : 0 })
    changed()
  }
  return { search, asked, near, present, become, pass: (ms: number) => t.mock.timers.tick(ms) }
}

test('who has no node asks for contacts at once, in turn, and after ever longer pauses', (t) => {
  const { search, asked, pass } = start(t, BEACON_CONTACTS_ROUND + 2)
  search.start()
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5, 6, 7])
  pass(BEACON_CONTACTS_MS)
  assert.deepEqual(asked.slice(8), [8, 9, 0, 1, 2, 3, 4, 5])
  pass(2 * BEACON_CONTACTS_MS - 1)
  assert.equal(asked.length, 16)
  pass(1)
  assert.equal(asked.length, 24)
  for (let i = 0; i < 20; i++) pass(BEACON_CONTACTS_MAX_MS)
  const { length } = asked
  pass(BEACON_CONTACTS_MAX_MS - 1)
  assert.equal(asked.length, length)
  pass(1)
  assert.equal(asked.length, length + BEACON_CONTACTS_ROUND)
})

test('while nodes answer nobody is asked for; when they are gone, all are at once', (t) => {
  const { search, asked, become, pass } = start(t, 3, { nodes: 5 })
  search.start()
  pass(10 * BEACON_CONTACTS_MS)
  assert.deepEqual(asked, [])
  become(false)
  assert.deepEqual(asked, [0, 1, 2])
  become(true)
  pass(10 * BEACON_CONTACTS_MS)
  assert.equal(asked.length, 3)
  search.stop()
  become(false)
  pass(10 * BEACON_CONTACTS_MS)
  assert.equal(asked.length, 3)
})

test('of those that answer it is told; who is blocked is not asked for', async (t) => {
  const { search, asked, near, present } = start(t, 4, { blocked: [1] })
  present.add(2)
  search.start()
  await settle()
  assert.deepEqual([asked, near], [[0, 2, 3], [2]])
})

test('without contacts there is nothing to ask', (t) => {
  const { search, asked, pass } = start(t, 0)
  search.start()
  pass(BEACON_CONTACTS_MAX_MS)
  assert.deepEqual(asked, [])
})
