import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { StoreError } from '../../src/core/errors.ts'
import { DISK_FULL_PAUSE_MAX_MS } from '../../src/core/limits/store-limits.ts'
import { mallory as her, isSettled, settle } from '../connection/sides.ts'
import { message, sequence, startLines } from './lines-alone.ts'

/** Messages between sides of which one has a full disk: they wait, both are told, and they go on by themselves. */

const a = sequence('a')
const address = encodeAddress(her.log.id)

/** Bob's disk, which is full for as long as a test wants. */
const startFull = async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const disk = { isFull: false, attempts: 0 }
  const hold = async (): Promise<void> => {
    disk.attempts += 1
    if (disk.isFull) throw new StoreError('ERR_STORE_FULL')
  }
  const started = await startLines({ hold })
  /** There is room again, and it is noticed. */
  const free = async (): Promise<void> => {
    disk.isFull = false
    t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
    await settle()
  }
  return { ...started, disk, free, tick: () => t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS) }
}

test('what a full disk cannot take is not confirmed, its sender hears why, and it is taken once there is room', async (t) => {
  const { mallory, disk, free, tick, told, texts } = await startFull(t)
  await mallory.hearUntil('ready')
  await settle()
  disk.isFull = true
  for (const n of [1, 2, 3]) await mallory.say(message(a, n))
  assert.deepEqual(await mallory.hear(), { k: 'held', code: 'ERR_STORE_FULL' })
  assert.deepEqual(told, [{ type: 'held', address, here: true, code: 'ERR_STORE_FULL', wait: null }])
  // It is tried again now and then, and not said again.
  const before = disk.attempts
  for (let turn = 0; turn < 10; turn++) await settle()
  assert.equal(disk.attempts, before)
  tick()
  await settle()
  assert.ok(disk.attempts > before)
  const next = mallory.hear()
  assert.equal(await isSettled(next), false)
  assert.deepEqual(texts(), [])
  await free()
  assert.equal((await next)?.k, 'got')
  for (let heard = await next; heard?.n !== 3; ) heard = await mallory.hear()
  assert.deepEqual(texts(), ['1', '2', '3'])
  assert.deepEqual(told.at(-1), { type: 'held', address, here: true, code: null, wait: null })
})

test('a line that ends meanwhile tries nothing any more, and what it had comes again on the next', async (t) => {
  const { mallory, bob, disk, free, texts } = await startFull(t)
  await mallory.hearUntil('ready')
  await settle()
  disk.isFull = true
  await mallory.say(message(a, 1))
  await mallory.hearUntil('held')
  await bob.close()
  const before = disk.attempts
  await free()
  assert.deepEqual([disk.attempts, texts()], [before, []])
})

test('a sender with a full disk loses no receipt: it is heard when there is room, and what waits goes on', async (t) => {
  const { mallory, disk, free, told, write, pump, store } = await startFull(t)
  await mallory.hearUntil('ready')
  await mallory.say({ k: 'ready' })
  await settle()
  const { id } = write('handfast', 'hi')
  pump()
  const said = await mallory.hearUntil('message')
  await settle()
  disk.isFull = true
  await mallory.say({ k: 'got', s: said.s as Uint8Array, n: 1, c: said.c as Uint8Array, back: [] })
  await settle()
  assert.deepEqual(told, [{ type: 'held', address, here: true, code: 'ERR_STORE_FULL', wait: null }])
  assert.equal(store.messages.get(id)?.state, 'sent')
  await free()
  assert.equal(store.messages.get(id)?.state, 'delivered')
})

test('who is told that the other disk is full says so once, and that it goes on when something is confirmed', async (t) => {
  const { mallory, told, write, pump } = await startFull(t)
  await mallory.hearUntil('ready')
  await mallory.say({ k: 'ready' })
  await settle()
  write('handfast', 'hi')
  pump()
  const said = await mallory.hearUntil('message')
  for (let time = 0; time < 3; time++) await mallory.say({ k: 'held', code: 'ERR_STORE_FULL' })
  await settle()
  const there = { type: 'held', address, here: false, wait: null } as const
  assert.deepEqual(told, [{ ...there, code: 'ERR_STORE_FULL', wait: null }])
  await mallory.say({ k: 'got', s: said.s as Uint8Array, n: 1, c: said.c as Uint8Array, back: [] })
  await settle()
  assert.deepEqual(told, [
    { ...there, code: 'ERR_STORE_FULL' },
    { ...there, code: null },
  ])
})
