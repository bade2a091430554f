import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createIdentity } from '../../src/core/identity.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { CHUNK_BYTES, FILE_AGE_MAX } from '../../src/core/limits/file-limits.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { alice, bob, codeOf, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createTown } from '../messages/town.ts'
import { sha256, storeAt, untilFiles, watchFiles } from './file-sides.ts'

/** Files between whole peers: sent whenever both are there. */

let runs = 0

const start = async (t: TestContext) => {
  const town = createTown()
  const [from, to, a, b] = await Promise.all(Array.from({ length: 4 }, () => makeTemporary(t)))
  const folders = new Map([
    [alice, a],
    [bob, b],
  ])
  const open = (identity: typeof alice, now?: number) => {
    // After a restart a peer has new randomness.
    const world = makeWorld(`peer-files/${runs++}`, now ?? NOW + runs)
    const peer = town.open(identity, { store: storeAt(folders.get(identity) ?? null), world })
    t.after(() => peer.close())
    return peer
  }
  const write = async (size: number) => {
    const [path, content] = [join(from ?? '', 'a.bin'), makeBytes('content', size)]
    await writeFile(path, content)
    return { path, content }
  }
  return { town, open, write, to: to ?? '' }
}

/** Takes everything that is offered. */
const acceptAll = async (peer: Peer, folder: string): Promise<void> => {
  for await (const offer of peer.files) await offer.accept(folder)
}

test('a file to somebody who is away is queued, and arrives when both are there, also after a restart', async (t) => {
  const { open, write, to } = await start(t)
  const { path, content } = await write(5 * CHUNK_BYTES)
  const first = open(alice)
  const { address } = open(bob)
  const { id } = await first.files.send(address, path)
  await settle()
  assert.equal(first.files.list()[0]?.state, 'queued')
  await first.close()

  const b = open(bob)
  await b.listen()
  void acceptAll(b, to)
  const a = open(alice)
  await a.listen()
  assert.equal((await a.files.finished(id)).state, 'delivered')
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
})

test('a file whose connections break again and again arrives once, and nobody has to do anything', async (t) => {
  const { town, open, write, to } = await start(t)
  const { path, content } = await write(200 * CHUNK_BYTES)
  const [a, b] = [open(alice), open(bob)]
  await Promise.all([a.listen(), b.listen()])
  void acceptAll(b, to)
  let cut = 0
  void watchFiles(b, ({ done }) => {
    if (done < (cut + 1) * 50 * CHUNK_BYTES) return
    cut += 1
    for (const pair of town.transports.pairs) pair.cut()
  })
  const { id } = await a.files.send(b.address, path)
  await a.files.finished(id)
  assert.ok(cut >= 3)
  await untilFiles(to, 1)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
  assert.equal(b.files.list().length, 1)
})

test('files and messages share a connection that one of them had made', async (t) => {
  const { town, open, write, to } = await start(t)
  const { path } = await write(3 * CHUNK_BYTES)
  const [a, b] = [open(alice), open(bob)]
  await Promise.all([a.listen(), b.listen()])
  void acceptAll(b, to)
  const { id } = await a.files.send(b.address, path)
  await a.messages.send(b.address, 'see the file')
  assert.equal((await b.messages.receive())?.text, 'see the file')
  await a.files.finished(id)
  assert.equal(town.transports.pairs.length, 1)
})

test('files to an identity that has ended fail, and say why', async (t) => {
  const { town, open, write } = await start(t)
  const { path } = await write(10)
  const a = open(alice)
  await a.listen()
  const { identity: carol } = createIdentity(NOW, seededRandom('files/carol'))
  const { devices } = carol.log.last.entry
  const { address } = town.open(carol)
  const { id } = await a.files.send(address, path)
  await settle()
  await town.publish(updateLog(carol.log, carol.root, { devices, time: NOW, status: 'retired' }))
  await a.lookup(address)
  assert.equal(await codeOf(a.files.finished(id)), 'ERR_PEER_RETIRED')
})

test('what could not be delivered for 30 days has failed', async (t) => {
  const { open, write } = await start(t)
  const { path } = await write(10)
  const { address } = open(bob)
  const first = open(alice)
  const { id } = await first.files.send(address, path)
  await first.close()
  // A time counts once the clock agrees with it later.
  await open(alice, NOW + FILE_AGE_MAX + 1000).close()
  const later = open(alice, NOW + FILE_AGE_MAX + 5000)
  // Whatever else is to be delivered has the old ones looked at.
  await later.files.send(address, path)
  assert.equal(await codeOf(later.files.finished(id)), 'ERR_FILE_EXPIRED')
})

test('a peer without a folder sends and receives as others do', async (t) => {
  const { town, write, to } = await start(t)
  const { path, content } = await write(3 * CHUNK_BYTES)
  const [a, b] = [town.open(alice), town.open(bob)]
  t.after(() => Promise.all([a.close(), b.close()]))
  await b.listen()
  void acceptAll(b, to)
  await a.connect(b.address)
  const { id } = await a.files.send(b.address, path)
  await a.files.finished(id)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
})
