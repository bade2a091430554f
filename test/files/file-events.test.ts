import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import type { FileEvent } from '../../src/files/file-events.ts'
import { codeOf, settle } from '../connection/sides.ts'
import { addresses, offersIn, sha256, startFiles, startMet, untilFiles } from './file-sides.ts'
import { sendAll, startWithOffers } from './offers.ts'

/** What is told of files without having been asked, and what waits to be sent. */

const statesIn = (events: readonly FileEvent[], id: number): readonly string[] => {
  const states = events.flatMap((event) =>
    event.type === 'file' && event.transfer.id === id ? [event.transfer.state] : [],
  )
  return states.filter((state, index) => state !== states[index - 1])
}

test('every step of a file is told on both sides, and who waits for it is asked for', async (t) => {
  const { sides, write, transfer } = await startMet(t)
  const { path, content } = await write('a.bin', 40 * CHUNK_BYTES)
  const { sent, accepted } = await transfer(path)
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  await settle()
  assert.deepEqual(sides.alice.queued.map(encodeAddress), [addresses.bob])
  assert.deepEqual(statesIn(sides.alice.events, sent.id), ['queued', 'offered', 'sending', 'delivered'])
  assert.deepEqual(statesIn(sides.bob.events, accepted.id), ['waiting', 'receiving', 'saved'])
  assert.deepEqual(
    offersIn(sides.bob.events).map(({ peer, name, size, sha256: hash }) => [peer, name, size, hash]),
    [[addresses.alice, 'a.bin', content.length, sha256(content)]],
  )
  assert.equal(offersIn(sides.alice.events).length, 0)
})

test('a file that is given up is not begun anew by an offer that comes before that is on disk', async (t) => {
  const { mallory, files, to, offer } = await startWithOffers(t)
  const offered = await offer()
  const { id } = await (await offered.seen()).accept(to)
  await mallory.hearUntil('file-accept')
  await offered.chunk(0)
  // Nothing is written while the disk is held.
  const { group } = files.store
  const { run } = group
  const disk = Promise.withResolvers<void>()
  t.mock.method(group, 'run', async (work: () => unknown) => {
    await disk.promise
    return run(work)
  })
  const cancelled = files.api.cancel(id)
  await settle()
  await offer({ id: offered.id })
  await sendAll(offered)
  await settle()
  disk.resolve()
  await cancelled
  const said = await mallory.hear()
  assert.deepEqual([said?.k, said?.code], ['file-refuse', 'ERR_FILE_REFUSED'], 'it was not asked for again')
  await settle()
  assert.equal(files.api.list()[0]?.state, 'refused')
  await untilFiles(to, 0)
})

test('what a listener throws is not the failure of the file', async (t) => {
  const { sides, to, write, transfer } = await startMet(t)
  const { path, content } = await write('a.bin', 20 * CHUNK_BYTES)
  const thrown: unknown[] = []
  t.mock.method(globalThis, 'queueMicrotask', (work: () => void) => {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => void thrown.push(error))
  })
  sides.bob.watch(() => {
    throw new Error('of the listener')
  })
  const { sent, accepted } = await transfer(path)
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  assert.ok(thrown.length > 3)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
})

test('what waits is given up when it has waited for too long, or when nobody will ever take it', async (t) => {
  const { sides, write } = await startFiles(t)
  const { alice } = sides
  const { path } = await write('a.bin', 10)
  await alice.api.send(addresses.bob, path)
  const { at } = await alice.api.send(addresses.bob, path)
  const bob = decodeAddress(addresses.bob)
  assert.deepEqual(alice.queued, [bob, bob])
  assert.deepEqual([alice.backlog.waiting(), alice.backlog.isWaiting(bob)], [[bob], true])
  const month = 30 * 24 * 3600 * 1000
  await alice.backlog.expire(bob, at + month)
  assert.deepEqual(
    alice.api.list().map(({ state }) => state),
    ['queued', 'queued'],
  )
  await alice.backlog.expire(bob, at + month + 1)
  assert.deepEqual(
    alice.api.list().map(({ state, reason }) => [state, reason]),
    [1, 2].map(() => ['failed', 'ERR_FILE_EXPIRED']),
  )
  const { id } = await alice.api.send(addresses.bob, path)
  await alice.backlog.giveUp(bob, 'ERR_PEER_RETIRED')
  assert.equal(await codeOf(alice.api.finished(id)), 'ERR_PEER_RETIRED')
  assert.deepEqual([alice.backlog.waiting(), alice.backlog.isWaiting(bob)], [[], false])
})
