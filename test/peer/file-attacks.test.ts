import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES, CHUNK_WINDOW, MESSAGE_WINDOW } from '../../src/core/limits.ts'
import type { IncomingFile } from '../../src/peer/incoming-files.ts'
import { makeBytes } from '../core/identities.ts'
import { chunkOf, hash, sendAll, startWithOffers as start } from './offers.ts'
import { codeOf, isSettled, nextText, settle } from './sides.ts'

/** Files from, and to, a peer that keeps no rule. */

test('§8 a chunk belongs to one transfer', async (t) => {
  const { mallory, to, offer } = await start(t)
  const [first, second] = [await offer(), await offer()]
  const saving = [await first.seen(), await second.seen()].map((file) => codeOf(file.save(to)))
  await mallory.hearUntil('file-accept')
  await mallory.hearUntil('file-accept')
  await first.chunk(0, second.seal(0))
  await sendAll(second)
  await second.end()
  assert.deepEqual(await Promise.all(saving), ['ERR_FILE_CORRUPT', undefined])
})

test('§8 two offers with one id: one is received, the other refused, and neither hangs', async (t) => {
  const { mallory, to, offer } = await start(t)
  const first = await offer()
  const second = await offer({ id: first.id, name: 'b.bin' })
  const files = [await first.seen(), await second.seen()]
  const saving = files.map((file) => codeOf(file.save(to)))
  await mallory.hearUntil('file-accept')
  await sendAll(first)
  await first.end()
  assert.deepEqual((await Promise.all(saving)).toSorted(), ['ERR_FILE_REFUSED', undefined].toSorted())
  assert.equal((await readdir(to)).length, 1)
})

test('§8 more chunks than the window holds are not kept, however right they are', async (t) => {
  const { mallory, to, offer } = await start(t)
  const offered = await offer({ size: 200 * CHUNK_BYTES })
  const saving = codeOf((await offered.seen()).save(to))
  await mallory.hearUntil('file-accept')
  const tokens = Array.from({ length: 3 * CHUNK_WINDOW }, (_, index) => offered.seal(index, chunkOf(0)))
  await Promise.all(tokens.map((token, index) => offered.chunk(index, token)))
  assert.equal(await saving, 'ERR_FILE_CORRUPT')
})

test('§8 chunks, ends and withdrawals of nothing are nothing', async (t) => {
  const { mallory, bob, to, offer } = await start(t)
  const offered = await offer()
  await sendAll(offered)
  await offered.end()
  const id = makeBytes('nobody knows', 16)
  for (const payload of [
    { k: 'file-end', id, hash },
    { k: 'file-abort', id, code: 'ERR_FILE_READ' },
    { k: 'file-refuse', id, code: 'ERR_FILE_REFUSED' },
    { k: 'file-taken', id, n: 5 },
    { k: 'file-done', id },
  ])
    await mallory.say(payload)
  await mallory.say({ k: 'text', d: 'nothing?' })
  const file = await offered.seen()
  assert.equal(await nextText(bob), 'nothing?')
  // What came before it was accepted does not count.
  const saving = codeOf(file.save(to))
  await mallory.hearUntil('file-accept')
  assert.equal(await isSettled(saving), false)
  await offered.end()
  assert.equal(await saving, 'ERR_FILE_CORRUPT')
})

test('§8 a file of 2^53 − 1 bytes costs nothing until it comes', async (t) => {
  const { mallory, to, offer } = await start(t)
  const offered = await offer({ size: Number.MAX_SAFE_INTEGER })
  const file: IncomingFile = await offered.seen()
  assert.equal(file.size, Number.MAX_SAFE_INTEGER)
  const saving = codeOf(file.save(to))
  await mallory.hearUntil('file-accept')
  for (let index = 0; index < 4; index++) await offered.chunk(index)
  await mallory.hearUntil('file-taken')
  await mallory.say({ k: 'file-abort', id: offered.id, code: 'ERR_FILE_READ' })
  assert.equal(await saving, 'ERR_FILE_REFUSED')
  assert.deepEqual(await readdir(to), [])
})

test('§8 whatever a file is called, it lands in the folder it was saved to', async (t) => {
  const { mallory, to, offer } = await start(t)
  const names = [
    '../../etc/passwd',
    '..\\..\\boot.ini',
    '/etc/shadow',
    'C:\\x',
    'a\u0000b',
    '\u202egpj.exe',
    '.bashrc',
    '~',
    'CON',
    'x'.repeat(255),
  ]
  const folder = join(to, 'inbox')
  for (const name of names) {
    const offered = await offer({ name, size: 0 })
    const file = await offered.seen()
    const saving = file.save(folder)
    await mallory.hearUntil('file-accept')
    await offered.chunk(0, offered.seal(0, new Uint8Array(0)))
    await offered.end(Uint8Array.from(createHash('sha256').digest()))
    const path = await saving
    assert.equal(dirname(path), folder)
    assert.equal(path, join(folder, file.name))
    assert.doesNotMatch(file.name, /[\p{Cc}\p{Cf}/\\]|^\./u)
  }
  assert.deepEqual(await readdir(to), ['inbox'])
  assert.equal((await readdir(folder)).length, names.length)
})

test('§8 a name of which nothing is left ends the connection of whoever sent it', async (t) => {
  for (const name of ['', '.', '..', 'a/', '\u202e', ' . ']) {
    const { bob, offer } = await start(t)
    await offer({ name })
    assert.equal(await codeOf(bob.receive()), 'ERR_FILE_NAME')
  }
})

test('§8 a peer that accepts us, makes no room and vanishes leaves nothing behind and nothing unhandled', async (t) => {
  const { pair, to, offer } = await start(t)
  const offered = await offer()
  const file = await offered.seen()
  pair.toNear.hold()
  const saving = codeOf(file.save(to))
  while ((await readdir(to)).length === 0) await settle()
  await settle()
  pair.cut()
  assert.equal(await saving, 'ERR_CONNECTION_LOST')
  await settle()
  assert.deepEqual(await readdir(to), [])
})

test('§8 a file that is whole is kept, whether or not its sender can be told', async (t) => {
  const { pair, mallory, to, offer } = await start(t)
  const offered = await offer()
  const saving = (await offered.seen()).save(to)
  await mallory.hearUntil('file-accept')
  await sendAll(offered)
  await mallory.hearUntil('file-taken')
  pair.toNear.hold()
  await offered.end()
  assert.equal(await saving, join(to, 'a.bin'))
  pair.cut()
  assert.deepEqual(await readdir(to), ['a.bin'])
})

/** Bob sends a file to Mallory. */
const sendToMallory = async (t: TestContext, chunks: number) => {
  const { to: folder, ...rest } = await start(t)
  const path = join(folder, 'big.bin')
  await writeFile(path, new Uint8Array(chunks * CHUNK_BYTES))
  const progress: number[] = []
  const sending = codeOf(rest.bob.sendFile(path, { onProgress: (sent) => progress.push(sent) }))
  const { id } = await rest.mallory.hearUntil('file')
  return { ...rest, sending, progress, id: id as Uint8Array }
}

test('§8 saying that chunks were taken before they were sent opens no window', async (t) => {
  const { pair, mallory, bob, sending, progress, id } = await sendToMallory(t, 60)
  for (const n of [1, 1_000, 2 ** 32 - 1]) await mallory.say({ k: 'file-taken', id, n })
  const before = pair.toNear.sent.length
  await mallory.say({ k: 'file-accept', id })
  for (let count = 0; count < CHUNK_WINDOW; count++) await mallory.hearUntil('chunk')
  await settle()
  assert.equal(pair.toNear.sent.length - before, CHUNK_WINDOW)
  assert.ok(progress.every((sent) => sent === 0))
  await mallory.say({ k: 'file-refuse', id, code: 'ERR_FROM_THE_FUTURE' })
  assert.equal(await sending, 'ERR_FILE_REFUSED')
  await bob.close()
})

test('§8 saying that the file is here before it was sent ends nothing early', async (t) => {
  const { mallory, sending, id } = await sendToMallory(t, 2)
  await mallory.say({ k: 'file-done', id })
  await mallory.say({ k: 'file-accept', id })
  await mallory.say({ k: 'file-accept', id })
  const end = await mallory.hearUntil('file-end')
  assert.deepEqual(
    end.hash,
    Uint8Array.from(
      createHash('sha256')
        .update(new Uint8Array(2 * CHUNK_BYTES))
        .digest(),
    ),
  )
  assert.equal(await sending, undefined)
})

test('§8 accepting what was never offered is answered, but answers do not pile up', async (t) => {
  const { pair, mallory, bob } = await start(t)
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  for (let count = 0; count < 3 * MESSAGE_WINDOW; count++)
    await mallory.say({ k: 'file-accept', id: makeBytes(`${count}`, 16) })
  await mallory.say({ k: 'text', d: 'done' })
  assert.equal(await nextText(bob), 'done')
  assert.ok(pair.toNear.sent.length - before <= MESSAGE_WINDOW + 2)
  pair.toNear.release()
  await mallory.hearUntil('file-abort')
})
