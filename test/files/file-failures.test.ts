import assert from 'node:assert/strict'
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { StoreError } from '../../src/core/errors.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { DISK_FULL_PAUSE_MAX_MS } from '../../src/core/limits/store-limits.ts'
import { codeOf, isSettled, settle } from '../connection/sides.ts'
import { until } from './callers.ts'
import { addresses, fileHandle, nextOffer, reaches, sha256, startMet as start, untilFiles } from './file-sides.ts'

/** Files that do not arrive: each fails alone, on both sides, and leaves nothing. */

/** The system error that a write to a full disk gives. */
const full = (): Error => Object.assign(new Error('no space'), { code: 'ENOSPC' })

/** Lets the pauses pass after which a full disk is tried again, until that is done. */
const untilTriedAgain = async (t: TestContext, work: Promise<unknown>): Promise<void> => {
  let isDone = false
  work.then(() => {
    isDone = true
  }, assert.fail)
  await until(() => {
    t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
    return isDone
  })
}

/** Changes one byte, and leaves size and date as they were. */
const changeSecretly = async (path: string, content: Uint8Array): Promise<void> => {
  const { atime, mtime } = await stat(path)
  await writeFile(
    path,
    content.map((byte, index) => (index === 5 ? byte ^ 1 : byte)),
  )
  await utimes(path, atime, mtime)
}

const CHANGES: readonly [string, (path: string, content: Uint8Array) => Promise<void>][] = [
  ['that became longer', (path) => writeFile(path, 'more', { flag: 'a' })],
  ['that became shorter', (path, content) => writeFile(path, content.subarray(1))],
  ['that was written again', (path, content) => writeFile(path, content)],
  ['that is another under the same date', changeSecretly],
]

for (const [what, change] of CHANGES)
  test(`§1 a file ${what} is not sent, nor a mixture of the two`, async (t) => {
    const { sides, to, write } = await start(t)
    const { path, content } = await write('a.bin', 3 * CHUNK_BYTES)
    // A date that can be given back to it.
    await utimes(path, 1_700_000_000, 1_700_000_000)
    const { id } = await sides.alice.api.send(addresses.bob, path)
    const offer = await nextOffer(sides.bob)
    await change(path, content)
    const accepted = await offer.accept(to)
    assert.equal(await codeOf(sides.alice.api.finished(id)), 'ERR_FILE_CHANGED')
    assert.equal(await codeOf(sides.bob.api.finished(accepted.id)), 'ERR_FILE_CHANGED')
    await untilFiles(to, 0)
  })

test('§1 a file that cannot be read any more fails on both sides', async (t) => {
  const { sides, to, write } = await start(t)
  const { path } = await write('a.bin', 3 * CHUNK_BYTES)
  const { id } = await sides.alice.api.send(addresses.bob, path)
  await rm(path)
  const accepted = await (await nextOffer(sides.bob)).accept(to)
  assert.equal(await codeOf(sides.alice.api.finished(id)), 'ERR_FILE_READ')
  assert.equal(await codeOf(sides.bob.api.finished(accepted.id)), 'ERR_FILE_READ')
  await untilFiles(to, 0)
})

test('§1 a place that cannot be written fails this file only, and its sender hears of it', async (t) => {
  const { sides, write, transfer } = await start(t)
  const { path } = await write('a.bin', 10 * CHUNK_BYTES)
  for (const folder of [path, join(path, 'below a file')]) {
    const { id } = await sides.alice.api.send(addresses.bob, path)
    assert.equal(await codeOf((await nextOffer(sides.bob)).accept(folder)), 'ERR_FILE_WRITE')
    assert.equal(await codeOf(sides.alice.api.finished(id)), 'ERR_FILE_REFUSED')
    assert.partialDeepStrictEqual(sides.bob.api.list().at(-1), { state: 'failed', reason: 'ERR_FILE_WRITE' })
  }
  await sides.bob.talk.say('we go on')
  assert.equal(await sides.alice.talk.next(), 'we go on')
  const { sent } = await transfer(path)
  await sides.alice.api.finished(sent.id)
})

for (const [method, spared] of [
  ['write', 3],
  ['datasync', 0],
] as const)
  test(`§1 a disk that is full at a ${method} has this file wait, both sides know why, and it goes on by itself`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { sides, to, write, transfer } = await start(t)
    const { path, content } = await write('a.bin', 10 * CHUNK_BYTES)
    const prototype = await fileHandle()
    let calls = 0
    const original = prototype[method]
    const disk = t.mock.method(prototype, method, function (this: typeof prototype, ...args: readonly unknown[]) {
      calls += 1
      return calls > spared ? Promise.reject(full()) : Reflect.apply(original, this, args)
    })
    const { sent, accepted } = await transfer(path)
    for (const [{ api }, id, state] of [
      [sides.bob, accepted.id, 'waiting'],
      [sides.alice, sent.id, 'offered'],
    ] as const)
      await until(() => {
        const now = api.list().find((one) => one.id === id)
        return now?.state === state && now.reason === 'ERR_FILE_FULL'
      })
    // What else is said goes on, and it is tried again now and then, not all the time.
    await sides.bob.talk.say('we go on')
    assert.equal(await sides.alice.talk.next(), 'we go on')
    const before = calls
    for (let turn = 0; turn < 20; turn++) await settle()
    assert.equal(calls, before)
    await until(() => {
      t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
      return calls > before
    })
    await until(() => sides.bob.api.list().find(({ id }) => id === accepted.id)?.reason === 'ERR_FILE_FULL')
    disk.mock.restore()
    const saving = sides.bob.api.finished(accepted.id)
    let isSaved = false
    saving.then(() => {
      isSaved = true
    }, assert.fail)
    await until(() => {
      t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
      return isSaved
    })
    await sides.alice.api.finished(sent.id)
    assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
    await untilFiles(to, 1)
    assert.partialDeepStrictEqual(sides.alice.api.list().at(-1), { state: 'delivered', reason: null })
  })

test('§1 a store that is full has an accepted file wait for the decision to be written, and go on', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { sides, to, write } = await start(t)
  const { path } = await write('a.bin', 3 * CHUNK_BYTES)
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  const { transfers } = sides.bob.store
  const { add } = transfers
  Object.assign(transfers, {
    add: () => {
      throw new StoreError('ERR_STORE_FULL')
    },
  })
  const accepting = offer.accept(to)
  await until(() => sides.alice.api.list().at(-1)?.reason === 'ERR_FILE_FULL')
  assert.equal(await isSettled(accepting), false)
  Object.assign(transfers, { add })
  await until(() => {
    t.mock.timers.tick(DISK_FULL_PAUSE_MAX_MS)
    return transfers.receiving().length > 0
  })
  await sides.bob.api.finished((await accepting).id)
  await sides.alice.api.finished(id)
})

test('§1 a sender with a full disk offers a file, and notes that it is there, when there is room', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { sides, to, write } = await start(t)
  const { path } = await write('a.bin', 3 * CHUNK_BYTES)
  const { transfers, exposures } = sides.alice.store
  const { finish } = transfers
  const { fileAt } = exposures
  const fail = (): never => {
    throw new StoreError('ERR_STORE_FULL')
  }
  Object.assign(transfers, { finish: fail })
  Object.assign(exposures, { fileAt: fail })
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const receiving = nextOffer(sides.bob)
  assert.equal(await isSettled(receiving), false)
  Object.assign(exposures, { fileAt })
  await untilTriedAgain(t, receiving)
  const accepted = await (await receiving).accept(to)
  await sides.bob.api.finished(accepted.id)
  const delivering = sides.alice.api.finished(id)
  assert.equal(await isSettled(delivering), false)
  Object.assign(transfers, { finish })
  await untilTriedAgain(t, delivering)
})

test('§1 a sender takes a file back, before and while it is sent; nothing of it stays', async (t) => {
  const { sides, to, write, transfer } = await start(t)
  const { path } = await write('a.bin', 200 * CHUNK_BYTES)
  const offered = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  await sides.alice.api.cancel(offered.id)
  await settle()
  assert.equal(await codeOf(offer.accept(to)), 'ERR_FILE_WITHDRAWN')

  const { sent, accepted } = await transfer(path)
  await reaches(sides.bob, accepted.id, 'receiving')
  await sides.alice.api.cancel(sent.id)
  assert.equal(await codeOf(sides.bob.api.finished(accepted.id)), 'ERR_FILE_WITHDRAWN')
  assert.equal(await codeOf(sides.alice.api.finished(sent.id)), 'ERR_FILE_WITHDRAWN')
  assert.equal(await codeOf(sides.alice.api.cancel(sent.id)), 'ERR_FILE_UNKNOWN')
  await untilFiles(to, 0)
})

test('§1 a receiver gives a file up while it comes; nothing of it stays, and it is not asked again', async (t) => {
  const { sides, to, write, transfer, meet } = await start(t)
  const { path } = await write('a.bin', 200 * CHUNK_BYTES)
  const { sent, accepted } = await transfer(path)
  await reaches(sides.bob, accepted.id, 'receiving')
  await sides.bob.api.cancel(accepted.id)
  assert.equal(await codeOf(sides.alice.api.finished(sent.id)), 'ERR_FILE_REFUSED')
  assert.equal(await codeOf(sides.bob.api.finished(accepted.id)), 'ERR_FILE_REFUSED')
  await untilFiles(to, 0)
  await meet()
  await settle()
  assert.equal(await isSettled(sides.bob.api.receive()), false)
})
