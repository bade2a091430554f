import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHUNK_BYTES, CHUNK_WINDOW, FILE_BYTES_MAX, FILES_AT_ONCE } from '../../src/core/limits/file-limits.ts'
import { codeOf, isSettled, settle } from '../connection/sides.ts'
import {
  addresses,
  chunksIn,
  chunksOf,
  fileHandle,
  nextOffer,
  reaches,
  sha256,
  startMet as start,
  untilFiles,
} from './file-sides.ts'

/** Files that arrive on one connection. */

test('§1 files of every size arrive byte for byte, private, under their name, and nothing else is left', async (t) => {
  const { sides, to, write } = await start(t)
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * 1024 * 1024]) {
    const { path, content } = await write(`${size}.bin`, size)
    const steps: { readonly sent: number[]; readonly received: number[] } = { sent: [], received: [] }
    const onProgress = (done: number): void => void steps.sent.push(done)
    const sent = await sides.alice.api.send(addresses.bob, path, { onProgress })
    const offer = await nextOffer(sides.bob)
    assert.deepEqual([offer.name, offer.size, offer.sha256], [`${size}.bin`, size, sha256(content)])
    const endWatch = sides.bob.watch(({ done }) => steps.received.push(done))
    const { id } = await offer.accept(to)
    const saved = await sides.bob.api.finished(id)
    const delivered = await sides.alice.api.finished(sent.id)
    await settle()
    endWatch()
    assert.partialDeepStrictEqual(delivered, { state: 'delivered', done: size, path, peer: addresses.bob })
    assert.partialDeepStrictEqual(saved, { state: 'saved', done: size, path: join(to, `${size}.bin`), direction: 'in' })
    assert.equal(sha256(await readFile(saved.path)), sha256(content))
    assert.equal((await stat(saved.path)).mode & 0o777, 0o600)
    for (const all of [steps.sent, steps.received]) {
      assert.equal(all.at(-1), size)
      assert.deepEqual(
        all,
        all.toSorted((a, b) => a - b),
      )
    }
  }
  await untilFiles(to, 7)
})

test('§1 several files share the way, both ways and with messages: none waits for another', async (t) => {
  const { sides, pair, to, write } = await start(t)
  const files = await Promise.all([0, 1, 2].map((index) => write(`${index}.bin`, 40 * CHUNK_BYTES + index)))
  const exchange = async (sender: 'alice' | 'bob', receiver: 'alice' | 'bob'): Promise<void> => {
    const sent = await Promise.all(files.map(({ path }) => sides[sender].api.send(addresses[receiver], path)))
    const offers = await Promise.all(files.map(() => nextOffer(sides[receiver])))
    const accepted = await Promise.all(offers.map((offer) => offer.accept(join(to, receiver))))
    const saved = await Promise.all(accepted.map(({ id }) => sides[receiver].api.finished(id)))
    await Promise.all(sent.map(({ id }) => sides[sender].api.finished(id)))
    for (const { path, name } of saved)
      assert.equal(sha256(await readFile(path)), sha256(files[Number(name[0])]?.content ?? new Uint8Array(0)))
  }
  const exchanged = Promise.all([exchange('alice', 'bob'), exchange('bob', 'alice')])
  await sides.alice.talk.say('meanwhile')
  assert.equal(await sides.bob.talk.next(), 'meanwhile')
  await exchanged
  const order = chunksIn(pair.toFar.sent).map(({ id }) => Buffer.from(id).toString('hex'))
  const ids = [...new Set(order)]
  assert.deepEqual([order.length, ids.length], [3 * 41 - 1, 3])
  assert.equal(new Set(order.slice(0, order.length / 3)).size, 3, 'all three are under way from the beginning')
  const last = ids.map((id) => order.lastIndexOf(id))
  assert.ok(Math.min(...last) > order.length * 0.6, `one waited for another: ${last}`)
})

test('§1 nothing is sent before a file is accepted, and a refused one is not sent at all', async (t) => {
  const { pair, sides, to, write } = await start(t)
  const { path } = await write('a.bin', 100)
  const sent = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  const frames = pair.toFar.sent.length
  const finished = sides.alice.api.finished(sent.id)
  finished.catch(() => {})
  assert.equal(await isSettled(finished), false)
  assert.equal(sides.alice.api.list()[0]?.state, 'offered')
  assert.equal(pair.toFar.sent.length, frames)
  await offer.refuse()
  assert.equal(await codeOf(finished), 'ERR_FILE_REFUSED')
  assert.deepEqual([sides.alice.api.list()[0]?.state, sides.bob.api.list()[0]?.state], ['failed', 'refused'])
  for (const again of [() => offer.accept(to), () => offer.refuse()])
    assert.equal(await codeOf(again()), 'ERR_FILE_REFUSED')
  assert.deepEqual(await readdir(to), [])
})

test('§1 a file may be offered under another name; a name that is no name is refused here', async (t) => {
  const { sides, to, write } = await start(t)
  const { path } = await write('a.bin', 10)
  const sent = await sides.alice.api.send(addresses.bob, path, { name: '../../etc/report.txt' })
  assert.equal(sent.name, 'report.txt')
  const { id } = await (await nextOffer(sides.bob)).accept(to)
  assert.equal((await sides.bob.api.finished(id)).path, join(to, 'report.txt'))
  assert.equal(await codeOf(sides.alice.api.send(addresses.bob, path, { name: '..' })), 'ERR_FILE_NAME')
})

test('§1 a file that is there is left alone: the new one takes the next free name', async (t) => {
  const { sides, to, write, transfer } = await start(t)
  const { path } = await write('a.tar.gz', 10)
  await writeFile(join(to, 'a.tar.gz'), 'mine')
  for (const expected of ['a.tar (1).gz', 'a.tar (2).gz']) {
    const { accepted } = await transfer(path)
    assert.equal((await sides.bob.api.finished(accepted.id)).path, join(to, expected))
  }
  assert.equal(await readFile(join(to, 'a.tar.gz'), 'utf8'), 'mine')
})

test('what cannot be sent is refused before it is written down', async (t) => {
  const { sides, from } = await start(t)
  const send = (path: string, who = addresses.bob) => codeOf(sides.alice.api.send(who, path))
  execFileSync('mkfifo', [join(from, 'pipe')])
  for (const path of [join(from, 'missing'), from, '/dev/null', join(from, 'pipe')])
    assert.equal(await send(path), 'ERR_FILE_READ', path)
  // Nothing of it is on any disk.
  const huge = `/dev/shm/handfast-${process.pid}`
  t.after(() => rm(huge, { force: true }))
  await writeFile(huge, '')
  await truncate(huge, FILE_BYTES_MAX + 1)
  assert.equal(await send(huge), 'ERR_FILE_SIZE')
  assert.equal(await send(import.meta.filename, addresses.alice), 'ERR_PEER_SELF')
  assert.equal(await send(import.meta.filename, 'nobody'), 'ERR_CONTACT')
  assert.deepEqual(sides.alice.api.list(), [])
  assert.equal(await codeOf(sides.alice.api.finished(1)), 'ERR_FILE_UNKNOWN')
  assert.equal(await codeOf(sides.alice.api.cancel(1)), 'ERR_FILE_UNKNOWN')
})

test('§1 while nothing is certainly on disk nothing is reported, and no more than the window comes', async (t) => {
  const { pair, sides, write, transfer } = await start(t)
  const { path } = await write('a.bin', 100 * CHUNK_BYTES)
  const prototype = await fileHandle()
  const { datasync } = prototype
  const disk = Promise.withResolvers<void>()
  t.mock.method(prototype, 'datasync', async function (this: typeof prototype) {
    await disk.promise
    return datasync.call(this)
  })
  const { sent, accepted } = await transfer(path)
  await reaches(sides.alice, sent.id, 'sending')
  while (chunksOf(pair) < CHUNK_WINDOW) await settle()
  for (let turn = 0; turn < 50; turn++) await settle()
  assert.equal(chunksOf(pair), CHUNK_WINDOW)
  assert.equal(sides.alice.api.list()[0]?.done, 0)
  assert.equal(sides.bob.store.transfers.get(accepted.id)?.chunks, 0)
  disk.resolve()
  await sides.alice.api.finished(sent.id)
  assert.equal(chunksOf(pair), 100)
})

test('§1 what was reported as taken is on disk, and the row says so', async (t) => {
  const { sides, to, write, transfer } = await start(t)
  const { path, content } = await write('a.bin', 60 * CHUNK_BYTES)
  let checked = 0
  const end = sides.alice.watch(({ direction, done, state }) => {
    const [row] = sides.bob.store.transfers.receiving()
    if (direction !== 'out' || state !== 'sending' || done === 0 || row === undefined) return
    checked += 1
    assert.ok(row.chunks * CHUNK_BYTES >= done, `${done} were reported, ${row.chunks} chunks are kept`)
  })
  const { sent } = await transfer(path)
  await sides.alice.api.finished(sent.id)
  end()
  assert.ok(checked > 3)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
})

test('§1 however many are sent, eight are offered, and all arrive', async (t) => {
  const { sides, to, write } = await start(t)
  const count = 3 * FILES_AT_ONCE
  const files = await Promise.all(Array.from({ length: count }, (_, index) => write(`${index}.bin`, 1000 + index)))
  const sent = await Promise.all(files.map(({ path }) => sides.alice.api.send(addresses.bob, path)))
  const offers = await Promise.all(Array.from({ length: FILES_AT_ONCE }, () => nextOffer(sides.bob)))
  const ninth = nextOffer(sides.bob)
  assert.equal(await isSettled(ninth), false)
  assert.equal(sides.alice.api.list().filter(({ state }) => state === 'offered').length, FILES_AT_ONCE)
  for (const offer of offers) await offer.accept(to)
  await (await ninth).accept(to)
  for (let index = FILES_AT_ONCE + 1; index < count; index++) await (await nextOffer(sides.bob)).accept(to)
  await Promise.all(sent.map(({ id }) => sides.alice.api.finished(id)))
  await untilFiles(to, count)
})

test('whoever waits is told when the peer closes', async (t) => {
  const { sides, write } = await start(t)
  const { path } = await write('a.bin', 10)
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const [finished, received] = [codeOf(sides.alice.api.finished(id)), sides.alice.api.receive()]
  const abort = new AbortController()
  const aborted = codeOf(sides.alice.api.finished(id, { signal: abort.signal }))
  const reason = new Error('enough')
  abort.abort(reason)
  assert.equal(await aborted, reason)
  await sides.alice.end()
  assert.deepEqual([await finished, await received], ['ERR_PEER_CLOSED', null])
})
