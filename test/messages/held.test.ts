import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createHeld } from '../../src/messages/held.ts'
import type { MessageEvent } from '../../src/messages/message-events.ts'
import { mallory as her, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { startLines } from './lines-alone.ts'

/** What is told of messages that wait: when it begins, and that it is over; of what comes again and again once an hour. */

const peer = her.log.id
const address = encodeAddress(peer)
const there = { type: 'held', address, here: false } as const

const start = () => {
  const told: MessageEvent[] = []
  const world = makeWorld('held')
  return { ...createHeld(world, (event) => void told.push(event)), world, told: () => told.splice(0) }
}

test('who is too fast hears so once an hour, and that it goes on only when it heard that it does not', () => {
  const held = start()
  held.there(peer, 'ERR_MESSAGE_RATE', 32)
  held.there(peer, 'ERR_MESSAGE_RATE', 20)
  held.there(peer, null)
  assert.deepEqual(held.told(), [
    { ...there, code: 'ERR_MESSAGE_RATE', wait: 32 },
    { ...there, code: null, wait: null },
  ])
  for (let time = 0; time < 3; time++) {
    held.there(peer, 'ERR_MESSAGE_RATE', 32)
    held.there(peer, null)
  }
  assert.deepEqual(held.told(), [])
  // Another reason is news, and so is the same an hour later.
  held.there(peer, 'ERR_MESSAGE_DAY', 7200)
  held.world.now += 3600
  held.there(peer, null)
  held.there(peer, 'ERR_MESSAGE_RATE', 32)
  assert.deepEqual(
    held.told().map((event) => event.type === 'held' && event.code),
    ['ERR_MESSAGE_DAY', null, 'ERR_MESSAGE_RATE'],
  )
})

test('a full disk is told each time, and its end also when there was another reason in between', () => {
  const held = start()
  held.there(peer, 'ERR_MESSAGE_RATE', 1)
  held.there(peer, null)
  held.told()
  for (let time = 0; time < 2; time++) {
    held.there(peer, 'ERR_STORE_FULL')
    held.there(peer, 'ERR_MESSAGE_RATE', 1)
    held.there(peer, null)
    assert.deepEqual(held.told(), [
      { ...there, code: 'ERR_STORE_FULL', wait: null },
      { ...there, code: null, wait: null },
    ])
  }
})

test('of a sequence that is not taken there is told why, and that it goes on once it is confirmed', async () => {
  const { mallory, told, write, pump, store } = await startLines()
  await mallory.hearUntil('ready')
  await mallory.say({ k: 'ready' })
  await settle()
  write('handfast', 'hi')
  pump()
  const { s, c } = await mallory.hearUntil('message')
  await mallory.say({ k: 'full', s: s as Uint8Array, n: 1, code: 'ERR_MESSAGE_DAY', wait: 7200 })
  await settle()
  assert.deepEqual(told.splice(0), [{ ...there, code: 'ERR_MESSAGE_DAY', wait: 7200 }])
  // While it waits nothing goes on, whatever else is confirmed.
  await mallory.say({ k: 'got', s: new Uint8Array(16), n: 0, c: new Uint8Array(32), back: [] })
  await settle()
  assert.deepEqual(told, [])
  await mallory.say({ k: 'ready' })
  await mallory.hearUntil('message')
  await mallory.say({ k: 'got', s: s as Uint8Array, n: 1, c: c as Uint8Array, back: [] })
  await settle()
  assert.deepEqual(told, [{ ...there, code: null, wait: null }])
  store.close()
})

test('who says again and again that its disk is full, or what is no such reason, is told of some times an hour', async () => {
  const { mallory, told, write, store } = await startLines()
  await mallory.hearUntil('ready')
  await mallory.say({ k: 'ready' })
  write('handfast', 'hi')
  for (let time = 0; time < 200; time++) {
    await mallory.say({ k: 'held', code: 'ERR_STORE_FULL' })
    await mallory.say({ k: 'held', code: 'ERR_LOG_FORK' })
    await mallory.say({ k: 'got', s: new Uint8Array(16), n: 0, c: new Uint8Array(32), back: [] })
  }
  await settle()
  assert.ok(told.length > 0 && told.length <= 16, `${told.length}`)
  assert.ok(told.every((event) => event.type === 'held' && (event.code === null || event.code === 'ERR_STORE_FULL')))
  store.close()
})

test('of whom nothing was written to nobody hears that its disk is full', async () => {
  const { mallory, told, store } = await startLines({ isContact: false })
  await mallory.hearUntil('ready')
  await mallory.say({ k: 'ready' })
  for (let time = 0; time < 20; time++) {
    await mallory.say({ k: 'held', code: 'ERR_STORE_FULL' })
    await mallory.say({ k: 'held', code: 'ERR_MESSAGE_DAY' })
  }
  await settle()
  assert.deepEqual(told, [])
  store.close()
})

test('that this disk is full is told of each contact, and of one stranger for all', () => {
  const told: MessageEvent[] = []
  const strangers = ['one', 'two', 'three'].map((name) => makeBytes(name, 32))
  const held = createHeld(
    makeWorld('held'),
    (event) => void told.push(event),
    (who) => who === peer,
  )
  for (const stranger of [peer, ...strangers]) held.here(stranger, true)
  for (const stranger of [peer, ...strangers]) held.here(stranger, false)
  assert.deepEqual(
    told.map((event) => event.type === 'held' && [event.address, event.code]),
    [
      [address, 'ERR_STORE_FULL'],
      [encodeAddress(makeBytes('one', 32)), 'ERR_STORE_FULL'],
      [address, null],
      [encodeAddress(makeBytes('one', 32)), null],
    ],
  )
})
