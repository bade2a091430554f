import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import { encodeAddress } from '../../src/core/address.ts'
import {
  CHUNK_BYTES,
  CHUNK_WINDOW,
  FILE_ANSWERS_MAX,
  FILE_BYTES_MAX,
  FILES_AT_ONCE,
  STRANGER_FILES_MAX,
} from '../../src/core/limits/file-limits.ts'
import { codeOf, isSettled, mallory as malloryIdentity, settle } from '../connection/sides.ts'
import { flip, makeBytes } from '../core/identities.ts'
import { until } from './callers.ts'
import { reaches, untilFiles } from './file-sides.ts'
import { chunkOf, hash, sendAll, startWithOffers as start } from './offers.ts'
import { said } from './talk.ts'

/** Files from, and to, a peer that keeps no rule. */

test('§1 a chunk belongs to one transfer', async (t) => {
  const { mallory, offer } = await start(t)
  const first = await offer()
  const firstSaving = codeOf(first.save())
  await mallory.hearUntil('file-accept')
  const second = await offer()
  const secondSaving = codeOf(second.save())
  await mallory.hearUntil('file-accept')
  await first.chunk(0, second.seal(0))
  await sendAll(second)
  assert.deepEqual([await firstSaving, await secondSaving], ['ERR_FILE_CORRUPT', undefined])
})

test('§1 an id stands for one file: offered again as another it is none, before and after it is accepted', async (t) => {
  const { mallory, files, to, offer } = await start(t)
  const first = await offer()
  const offered = await first.seen()
  await offer({ id: first.id, size: 5 })
  assert.equal((await mallory.hearUntil('file-refuse')).code, 'ERR_FILE_LIMIT')
  const { id } = await offered.accept(to)
  await mallory.hearUntil('file-accept')
  await offer({ id: first.id, said: flip(hash) })
  assert.equal((await mallory.hearUntil('file-refuse')).code, 'ERR_FILE_CHANGED')
  assert.equal(await codeOf(files.api.finished(id)), 'ERR_FILE_CHANGED')
  await untilFiles(to, 0)
})

test('§1 more chunks than the window holds are not kept, however right they are', async (t) => {
  const { mallory, offer } = await start(t)
  const offered = await offer({ size: 200 * CHUNK_BYTES })
  const saving = codeOf(offered.save())
  await mallory.hearUntil('file-accept')
  const tokens = Array.from({ length: 3 * CHUNK_WINDOW }, (_, index) => offered.seal(index, chunkOf(0)))
  await Promise.all(tokens.map((token, index) => offered.chunk(index, token)))
  assert.equal(await saving, 'ERR_FILE_CORRUPT')
})

test('§1 chunks, withdrawals and reports of nothing are nothing', async (t) => {
  const { mallory, files, offer } = await start(t)
  const offered = await offer()
  await sendAll(offered)
  const id = makeBytes('nobody knows', 16)
  for (const payload of [
    { k: 'file-abort', id, code: 'ERR_FILE_READ' },
    { k: 'file-refuse', id, code: 'ERR_FILE_REFUSED' },
    { k: 'file-taken', id, n: 5 },
    { k: 'file-done', id },
  ])
    await mallory.say(payload)
  await mallory.say(said('nothing?'))
  assert.equal(await files.talk.next(), 'nothing?')
  // What came before it was accepted does not count.
  const saving = offered.save()
  await mallory.hearUntil('file-accept')
  assert.equal(await isSettled(saving), false)
  await sendAll(offered)
  await saving
})

test('§1 what does not fit on the disk is refused at once, and costs nothing', async (t) => {
  const { mallory, to, offer } = await start(t)
  const offered = await offer({ size: FILE_BYTES_MAX })
  const file = await offered.seen()
  assert.equal(file.size, FILE_BYTES_MAX)
  assert.equal(await codeOf(file.accept(to, { beyondLimits: true })), 'ERR_FILE_FULL')
  assert.equal((await mallory.hearUntil('file-refuse')).code, 'ERR_FILE_FULL')
  assert.deepEqual(await readdir(to), [])
  // Nor does it the second time, and nobody is asked.
  await offer({ id: offered.id, size: FILE_BYTES_MAX })
  assert.equal((await mallory.hearUntil('file-refuse')).code, 'ERR_FILE_FULL')
})

test('§1 a size that no chunk number reaches ends the connection', async (t) => {
  const { bob, offer } = await start(t)
  await offer({ size: FILE_BYTES_MAX + 1 })
  assert.equal(await lostBy(bob), 'ERR_FRAME')
})

test('§1 whatever a file is called, it lands in the folder it was saved to', async (t) => {
  const { mallory, to, offer } = await start(t)
  const names = [
    ...['../../etc/passwd', '..\\..\\boot.ini', '/etc/shadow', 'C:\\x', 'a\u0000b', '\u202egpj.exe'],
    ...['.bashrc', '~', 'CON', '.0123456789abcdef.part', 'x'.repeat(255)],
  ]
  const folder = join(to, 'inbox')
  for (const name of names) {
    const offered = await offer({ name, size: 0, said: Uint8Array.from(createHash('sha256').digest()) })
    const saving = offered.save(folder)
    await mallory.hearUntil('file-accept')
    await offered.chunk(0, offered.seal(0, new Uint8Array(0)))
    const path = await saving
    assert.equal(dirname(path), folder)
    assert.doesNotMatch(path.slice(folder.length + 1), /[\p{Cc}\p{Cf}/\\]|^\./u)
  }
  assert.deepEqual(await readdir(to), ['inbox'])
  await untilFiles(folder, names.length)
})

test('§3 a name of which nothing is left is no file; what else is said goes on', async (t) => {
  const { mallory, files, offer } = await start(t)
  for (const name of ['', '.', '..', 'a/', '\u202e', ' . ', '\u0000', '\u200b', '\u3164\u2800']) {
    const { id } = await offer({ name })
    const { id: refused, code } = await mallory.hearUntil('file-refuse')
    assert.deepEqual([refused, code], [id, 'ERR_FILE_NAME'], JSON.stringify(name))
  }
  await mallory.say(said('we go on'))
  assert.equal(await files.talk.next(), 'we go on')
  const good = await offer()
  assert.equal((await good.seen()).name, 'a.bin')
})

test('§1 a ninth offer is refused; a ninth file of a stranger takes the place of one that did nothing', async (t) => {
  const { mallory, offer } = await start(t)
  for (let index = 0; index < FILES_AT_ONCE; index++) await offer()
  await offer()
  assert.equal((await mallory.hearUntil('file-refuse')).code, 'ERR_FILE_LIMIT')

  const stranger = await start(t, { isContact: false })
  for (let index = 0; index < STRANGER_FILES_MAX; index++) {
    const { seen } = await stranger.offer()
    await (await seen()).accept(stranger.to)
  }
  // On another connection none of them is active, and still they count.
  await stranger.bob.close()
  await stranger.files.stop()
  const again = await stranger.meet()
  const ninth = await stranger.offer({ by: again.mallory })
  await ninth.seen()
  const { store } = stranger.files
  const countFailed = (): number =>
    store.transfers.list(null, 1e9, 100).filter(({ state }) => state === 'failed').length
  await until(() => countFailed() === 1)
  await again.bob.close()
})

test('§1 a file that is whole is kept, whether or not its sender can be told', async (t) => {
  const { pair, mallory, to, offer } = await start(t)
  const offered = await offer()
  const saving = offered.save()
  await mallory.hearUntil('file-accept')
  pair.toNear.rewrite = () => []
  await sendAll(offered)
  assert.equal(await saving, join(to, 'a.bin'))
  pair.cut()
  await untilFiles(to, 1)
})

/** The code of the failure that ended a connection. */
const lostBy = async ({ closed }: Pick<Connection, 'closed'>): Promise<unknown> => {
  const { reason, error } = await closed
  assert.equal(reason, 'lost')
  return codeOf(Promise.reject(error))
}

/** Bob sends a file to Mallory. */
const sendToMallory = async (t: TestContext, chunks: number) => {
  const { to: folder, ...rest } = await start(t)
  const path = join(folder, 'big.bin')
  await writeFile(path, new Uint8Array(chunks * CHUNK_BYTES))
  const progress: number[] = []
  const onProgress = (done: number): void => void progress.push(done)
  const sent = await rest.files.api.send(encodeAddress(malloryIdentity.log.id), path, { onProgress })
  const { id } = await rest.mallory.hearUntil('file')
  const sending = codeOf(rest.files.api.finished(sent.id))
  return { ...rest, sending, progress, number: sent.id, id: id as Uint8Array }
}

test('§1 saying that chunks were taken before they were sent opens no window', async (t) => {
  const { pair, mallory, sending, progress, id } = await sendToMallory(t, 60)
  for (const n of [1, 1_000, 2 ** 32 - 1]) await mallory.say({ k: 'file-taken', id, n })
  const before = pair.toNear.sent.length
  await mallory.say({ k: 'file-accept', id, from: 0 })
  for (let count = 0; count < CHUNK_WINDOW; count++) await mallory.hearUntil('chunk')
  await settle()
  assert.equal(pair.toNear.sent.length - before, CHUNK_WINDOW)
  assert.ok(progress.every((sent) => sent === 0))
  await mallory.say({ k: 'file-taken', id, n: 2 ** 32 - 1 })
  for (let count = 0; count < CHUNK_WINDOW; count++) await mallory.hearUntil('chunk')
  await settle()
  assert.equal(pair.toNear.sent.length - before, 2 * CHUNK_WINDOW)
  assert.equal(progress.at(-1), CHUNK_WINDOW * CHUNK_BYTES)
  await mallory.say({ k: 'file-refuse', id, code: 'ERR_FROM_THE_FUTURE' })
  assert.equal(await sending, 'ERR_FILE_REFUSED')
})

test('§1 it is sent from the chunk that is asked for, and again from another; beyond the last there is none', async (t) => {
  const { mallory, sending, id } = await sendToMallory(t, 6)
  for (const from of [4, 0]) {
    await mallory.say({ k: 'file-accept', id, from })
    for (let index = from; index < 6; index++) assert.equal((await mallory.hearUntil('chunk')).i, index)
  }
  await mallory.say({ k: 'file-accept', id, from: 6 })
  await mallory.say({ k: 'file-accept', id, from: 7 })
  assert.equal((await mallory.hearUntil('file-abort')).code, 'ERR_FILE_CORRUPT')
  assert.equal(await sending, 'ERR_FILE_CORRUPT')
})

test('§1 asking for it over and over has one chunk in memory at a time', async (t) => {
  const { pair, mallory, files, number, id } = await sendToMallory(t, 60)
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  for (let count = 0; count < 50; count++) {
    await mallory.say({ k: 'file-accept', id, from: count % 3 })
    // Until the chunk that she asks for could have been read.
    for (let turn = 0; turn < 10; turn++) await settle()
  }
  await reaches(files, number, 'sending')
  assert.equal(pair.toNear.sent.length - before, 1)
  pair.cut()
})

test('§1 asking for what is not offered is answered, but answers do not pile up', async (t) => {
  const { pair, mallory, files } = await start(t)
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  for (let count = 0; count < 3 * FILE_ANSWERS_MAX; count++) {
    const id = makeBytes(`${count}`, 16)
    await mallory.say(count % 2 === 0 ? { k: 'file-accept', id, from: 0 } : { k: 'file-ask', id })
  }
  await mallory.say(said('done'))
  assert.equal(await files.talk.next(), 'done')
  assert.ok(pair.toNear.sent.length - before <= FILE_ANSWERS_MAX + 2)
  pair.toNear.release()
  assert.equal((await mallory.hearUntil('file-abort')).code, 'ERR_FILE_WITHDRAWN')
})
