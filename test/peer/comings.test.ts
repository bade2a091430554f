import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { STRANGER_COMINGS, STRANGERS_COMINGS, STRANGERS_TOLD_MS } from '../../src/core/limits/stranger-rates.ts'
import { createComings } from '../../src/peer/comings.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { createWaitingRoom } from '../../src/peer/waiting-room.ts'
import { openStore } from '../../src/store/store.ts'
import { remoteOf } from '../cli/chat/happenings.ts'
import { makeWorld } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

/** What is told of those who come and go, however often they do. */

const ENDING = { reason: 'left', error: null } as const
const who = (name: string): string => encodeAddress(makeBytes(`comings/${name}`, 32))

const start = (isContact: boolean) => {
  const told: PeerEvent[] = []
  const world = makeWorld('comings')
  const tell = createComings({ world, isContact: () => isContact, emit: (event) => void told.push(event) })
  return {
    world,
    /** They come and are gone again. */
    visit: (name: string, direction: 'in' | 'out' = 'in'): void => {
      const remote = remoteOf({ address: who(name), direction })
      tell({ type: 'connected', remote })
      tell({ type: 'disconnected', remote, ...ENDING })
    },
    /** What was told since it was last asked. */
    told: (): readonly string[] =>
      told.splice(0).map((event) => (event.type === 'strangers' ? `${event.connections} more` : event.type)),
  }
}
const both = (times: number): readonly string[] =>
  Array.from({ length: times }, () => ['connected', 'disconnected']).flat()

test('a stranger that comes and goes is told of so often, and then as a number, once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { visit, told, world } = start(false)
  const { burst } = STRANGER_COMINGS.count
  for (let count = 0; count < burst + 100; count++) visit('mallory')
  assert.deepEqual(told(), both(burst))
  t.mock.timers.tick(STRANGERS_TOLD_MS)
  assert.deepEqual(told(), ['100 more'])
  t.mock.timers.tick(10 * STRANGERS_TOLD_MS)
  assert.deepEqual(told(), [])
  // Another is told of all the same, and after a while so is the first.
  visit('carol')
  world.now += 3600
  visit('mallory')
  assert.deepEqual(told(), both(2))
})

test('identities that are made one after the other are told of no more often than all may be', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { visit, told } = start(false)
  const { burst } = STRANGERS_COMINGS.count
  for (let count = 0; count < 2 * burst; count++) visit(`${count}`)
  assert.deepEqual(told(), both(burst))
})

test('contacts, and whom this side called, are told of each time', () => {
  const [contact, stranger] = [start(true), start(false)]
  for (let count = 0; count < 200; count++) {
    contact.visit('bob')
    stranger.visit('bob', 'out')
  }
  assert.deepEqual([contact.told(), stranger.told()], [both(200), both(200)])
})

test('whose coming is not told asks to be let in all the same', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = openStore(null)
  const told: PeerEvent[] = []
  const world = makeWorld('comings')
  const tell = createComings({ world, isContact: () => false, emit: (event) => void told.push(event) })
  const parts = { own: makeBytes('own', 32), app: 'handfast', store, world, tell, tellKept: () => {}, invite: () => {} }
  const { emit } = createWaitingRoom(parts)
  const { burst } = STRANGERS_COMINGS.count
  for (let count = 0; count < burst + 10; count++)
    emit({ type: 'connected', remote: remoteOf({ address: who(`${count}`), direction: 'in' }) })
  const countOf = (type: PeerEvent['type']): number => told.filter((event) => event.type === type).length
  assert.deepEqual([countOf('connected'), countOf('request')], [burst, burst + 10])
  store.close()
})
