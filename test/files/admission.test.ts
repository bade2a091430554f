import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHUNK_BYTES,
  FILE_STALLED_AFTER,
  FILES_AT_ONCE,
  FILES_RECEIVING_MAX,
  STRANGER_FILES_MAX,
  STRANGERS_FILES_MAX,
} from '../../src/core/limits/file-limits.ts'
import { DISK_FULL_PAUSE_MAX_MS } from '../../src/core/limits/store-limits.ts'
import { settle } from '../connection/sides.ts'
import { type Called, type Caller, mockDisk, startCallers, until } from './callers.ts'

/** What files of others may cost: how many, and how much of the disk. */

const MB = 1_000_000
const STRANGERS = STRANGERS_FILES_MAX / STRANGER_FILES_MAX

const offerAll = async (caller: Caller, count: number, size = MB): Promise<readonly Called[]> => {
  const made: Called[] = []
  for (let index = 0; index < count; index++) made.push(await caller.offer(size))
  return made
}

test('§4 what is accepted and has not begun has no claim to the disk, however much of it there is', async (t) => {
  const { call } = await startCallers(t)
  mockDisk(t, 200 * MB, 100 * MB)
  for (const caller of [call('mallory'), call('Mallory')])
    for (let size = 99 * MB; size > MB; size /= 2) await (await caller.offer(Math.floor(size))).accept()
  const file = await call('Carol').offer(4 * MB)
  assert.equal(await file.accept(), undefined)
  assert.deepEqual(file.answers(), ['file-accept'])
})

test('§4 what is larger than the whole disk is refused', async (t) => {
  const { call } = await startCallers(t)
  mockDisk(t, 200 * MB, 100 * MB)
  const file = await call('Carol').offer(201 * MB)
  assert.equal(await file.accept(), 'ERR_FILE_FULL')
  assert.deepEqual(file.answers(), ['file-refuse ERR_FILE_FULL'])
})

test('§4 what has begun comes before what was accepted later, which waits until there is room', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { files, call } = await startCallers(t)
  mockDisk(t, 200 * MB, 100 * MB)
  const first = await call('Carol').offer(60 * MB)
  await first.accept()
  await first.send(4)
  const second = await call('Dave').offer(60 * MB)
  assert.equal(await second.accept(), undefined)
  assert.deepEqual(second.answers(), ['file-wait ERR_FILE_FULL'])
  assert.partialDeepStrictEqual(files.api.list().at(-1), { state: 'waiting', reason: 'ERR_FILE_FULL' })
  for (let turn = 0; turn < 10; turn++) {
    t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
    await settle()
  }
  assert.deepEqual(second.answers(), ['file-wait ERR_FILE_FULL'], 'it is said once')
  await files.api.cancel(files.api.list()[0]?.id ?? -1)
  await until(() => {
    t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
    return second.answers().includes('file-accept')
  })
})

test('§4 of two that begin together one goes on, and the other waits', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { call } = await startCallers(t)
  mockDisk(t, 200 * MB, 100 * MB)
  const both = [await call('Carol').offer(60 * MB), await call('Dave').offer(60 * MB)] as const
  for (const one of both) await one.accept()
  assert.deepEqual(
    both.map((one) => one.answers()),
    [['file-accept'], ['file-accept']],
  )
  await Promise.all(both.map((one) => one.send(4)))
  assert.deepEqual(both.map((one) => one.answers().at(-1)).toSorted(), ['file-taken', 'file-wait ERR_FILE_FULL'])
})

test('§4 one that stalled for an hour has no claim to what it still needs', async (t) => {
  const { world, call } = await startCallers(t)
  mockDisk(t, 200 * MB, 100 * MB)
  const first = await call('Carol').offer(60 * MB)
  await first.accept()
  await first.send(4)
  world.now += FILE_STALLED_AFTER + 1
  const second = await call('Dave').offer(60 * MB)
  await second.accept()
  assert.deepEqual(second.answers(), ['file-accept'])
})

for (const isAccepted of [false, true])
  test(`§4 strangers who ${isAccepted ? 'send nothing of what was accepted' : 'wait for a decision'} give way to newer ones, the oldest first`, async (t) => {
    const { countStrange, call } = await startCallers(t)
    const made: Called[] = []
    for (let index = 0; index < STRANGERS; index++) made.push(...(await offerAll(call(`throw-away ${index}`), 8)))
    if (isAccepted) for (const one of made) await one.accept()
    const [first, second] = made
    // Of contacts they take nothing.
    assert.equal(await (await call('Carol').offer(MB)).accept(), undefined)
    assert.deepEqual(first?.answers(), isAccepted ? ['file-accept'] : [])
    const late = await call('stranger').offer(MB)
    assert.equal(await late.accept(), undefined)
    assert.deepEqual(late.answers(), ['file-accept'])
    await until(() => first?.answers().at(-1) === 'file-refuse ERR_FILE_LIMIT')
    assert.equal(second?.answers().includes('file-refuse ERR_FILE_LIMIT'), false)
    if (!isAccepted) assert.equal(await first?.accept(), 'ERR_FILE_LIMIT')
    assert.equal(countStrange(), isAccepted ? STRANGERS_FILES_MAX : 1)
  })

test('§4 whoever has most that did nothing gives way first', async (t) => {
  const { call } = await startCallers(t)
  const only = await call('stranger').offer(MB)
  for (let index = 0; index < STRANGERS; index++) await offerAll(call(`throw-away ${index}`), 8)
  await offerAll(call('throw-away'), 8)
  assert.deepEqual(only.answers(), [])
})

test('§4 a stranger’s file that began stays, until it stalled for an hour', async (t) => {
  const { world, call } = await startCallers(t)
  const begun: Called[] = []
  for (let index = 0; index < STRANGERS; index++)
    for (const one of await offerAll(call(`throw-away ${index}`), 8)) {
      await one.accept()
      await one.send(4)
      begun.push(one)
    }
  const refused = await call('stranger').offer(MB)
  assert.deepEqual(refused.answers(), ['file-refuse ERR_FILE_LIMIT'])
  world.now += FILE_STALLED_AFTER + 1
  const taken = await call('stranger').offer(MB)
  assert.notEqual(taken.seen, undefined)
  await until(() => begun[0]?.answers().at(-1) === 'file-refuse ERR_FILE_LIMIT')
})

test('§4 for a contact’s file those of strangers are given up, as few as suffice; for a stranger’s none is', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { countStrange, world, call } = await startCallers(t)
  const setFree = mockDisk(t, 1000 * MB, 900 * MB)
  const strange: Called[] = []
  for (const name of ['first', 'second', 'third']) {
    const one = await call(name).offer(100 * MB)
    await one.accept()
    await one.send(4)
    strange.push(one)
    world.now += 1
  }
  setFree(0)
  const ofStranger = await call('stranger').offer(CHUNK_BYTES)
  await ofStranger.accept()
  assert.deepEqual(ofStranger.answers(), ['file-wait ERR_FILE_FULL'])
  // What all of them hold would not be enough.
  const large = await call('Carol').offer(13 * CHUNK_BYTES)
  await large.accept()
  assert.deepEqual(large.answers(), ['file-wait ERR_FILE_FULL'])
  assert.deepEqual(
    strange.map((one) => one.answers().at(-1)),
    ['file-taken', 'file-taken', 'file-taken'],
  )
  const small = await call('Dave').offer(7 * CHUNK_BYTES)
  await small.accept()
  await until(() => small.answers().includes('file-accept'))
  assert.deepEqual(
    strange.map((one) => one.answers().at(-1)),
    ['file-refuse ERR_FILE_FULL', 'file-refuse ERR_FILE_FULL', 'file-taken'],
  )
  assert.equal(countStrange(), 2)
})

test('§4 what a contact never went on with gives way to what it offers now', async (t) => {
  const { call } = await startCallers(t)
  const made: Called[] = []
  for (let round = 0; round < FILES_RECEIVING_MAX / FILES_AT_ONCE; round++) {
    const caller = call('Carol')
    for (const one of await offerAll(caller, FILES_AT_ONCE)) {
      await one.accept()
      made.push(one)
    }
    caller.leave()
    await settle()
  }
  const now = await call('Carol').offer(MB)
  assert.equal(await now.accept(), undefined)
  assert.deepEqual(now.answers(), ['file-accept'])
})

test('§4 what was offered on a connection that is dead and does not know it makes no room scarce', async (t) => {
  const { call } = await startCallers(t)
  const before = await offerAll(call('Carol'), FILES_AT_ONCE)
  const now = await offerAll(call('Carol'), FILES_AT_ONCE)
  assert.ok(now.every(({ seen }) => seen !== undefined))
  assert.deepEqual(before[0]?.answers(), ['file-refuse ERR_FILE_LIMIT'])
  // On one connection there are no more.
  const same = call('Dave')
  await offerAll(same, FILES_AT_ONCE)
  assert.deepEqual((await same.offer(MB)).answers(), ['file-refuse ERR_FILE_LIMIT'])
})
