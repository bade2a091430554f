import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { openFiles } from '../../src/peer/stored-files.ts'
import { lockFolder } from '../../src/store/lock.ts'
import { openStore } from '../../src/store/store.ts'
import { createVault, openVault } from '../../src/store/vault.ts'
import { alice, bob, codeOf, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { createTown } from '../messages/town.ts'
import { watchFiles } from './file-sides.ts'

/** Files of a data folder while nobody is connected: they are listed, and given up. */

/** More than are under way at one time. */
const COUNT = 100

let runs = 0

/** Alice and Bob, each with a data folder; a peer can be opened on either, again and again. */
const start = async (t: TestContext) => {
  const town = createTown()
  const dir = await makeTemporary(t)
  const folderOf = (name: string): string => join(dir, name)
  await createVault(folderOf('alice'), alice, null)
  await createVault(folderOf('bob'), bob, null)
  const open = async (name: string) => {
    const { identity, storeKey } = await openVault(folderOf(name), null)
    const store = openStore(folderOf(name), storeKey)
    // After a restart a peer has new randomness, and a later clock.
    const world = makeWorld(`stored-files/${runs++}`, NOW + runs)
    const peer = town.open(identity, { store, world })
    t.after(() => peer.close())
    return peer
  }
  const path = join(dir, 'a.bin')
  await writeFile(path, makeBytes('content', COUNT * CHUNK_BYTES))
  const filesOf = (name: string) => openFiles(folderOf(name), null)
  return { town, dir, path, open, filesOf, folderOf, to: encodeAddress(bob.log.id) }
}

test('a file that waits is listed without a network, and given up: its recipient never sees it', async (t) => {
  const { open, filesOf, to, path } = await start(t)
  const first = await open('alice')
  const { id, sha256 } = await first.files.send(to, path)
  await first.close()
  await using files = await filesOf('alice')
  assert.partialDeepStrictEqual(files.list(), [{ id, peer: to, direction: 'out', state: 'queued', done: 0, sha256 }])
  await files.cancel(id)
  assert.partialDeepStrictEqual(files.list(), [{ id, state: 'failed', reason: 'ERR_FILE_WITHDRAWN' }])
  assert.equal(await codeOf(files.cancel(id)), 'ERR_FILE_UNKNOWN')
  assert.equal(await codeOf(files.cancel(id + 1)), 'ERR_FILE_UNKNOWN')

  const [a, b] = [await open('alice'), await open('bob')]
  await Promise.all([a.listen(), b.listen()])
  await a.messages.send(to, 'nothing else')
  assert.equal((await b.messages.receive())?.text, 'nothing else')
  assert.deepEqual(b.files.list(), [])
})

test('one that is half here is given up: its part is removed, and its sender hears of it', async (t) => {
  const { open, filesOf, to, path, dir, town } = await start(t)
  const [a, b] = [await open('alice'), await open('bob')]
  await Promise.all([a.listen(), b.listen()])
  const half = Promise.withResolvers<void>()
  void watchFiles(b, ({ done }) => {
    if (done < 5 * CHUNK_BYTES) return
    for (const { toFar, toNear } of town.transports.pairs) for (const wire of [toFar, toNear]) wire.hold()
    half.resolve()
  })
  const { id } = await a.files.send(to, path)
  const received = join(dir, 'received')
  const accepted = await (await b.files.receive())?.accept(received)
  await half.promise
  await Promise.all([a.close(), b.close()])
  assert.equal((await readdir(received)).length, 1)
  {
    await using files = await filesOf('bob')
    const [row] = files.list()
    assert.equal(row?.state, 'waiting')
    assert.ok((row?.done ?? 0) >= 5 * CHUNK_BYTES && (row?.done ?? 0) < COUNT * CHUNK_BYTES)
    await files.cancel(accepted?.id ?? 0)
    assert.equal(files.list()[0]?.state, 'refused')
  }
  assert.deepEqual(await readdir(received), [])

  const [again, there] = [await open('alice'), await open('bob')]
  await Promise.all([again.listen(), there.listen()])
  assert.equal(await codeOf(again.files.finished(id)), 'ERR_FILE_REFUSED')
  await settle()
  assert.deepEqual(await readdir(received), [])
})

test('while another program has the folder its files are listed, and none is given up', async (t) => {
  const { open, filesOf, folderOf, to, path } = await start(t)
  const a = await open('alice')
  using _lock = await lockFolder(folderOf('alice'))
  const { id } = await a.files.send(to, path)
  await using files = await filesOf('alice')
  assert.equal(files.list().length, 1)
  assert.equal(await codeOf(files.cancel(id)), 'ERR_STORE_IN_USE')
  assert.partialDeepStrictEqual(files.list({ who: to }), [{ id, state: 'queued' }])
})

test('a folder that is sealed, or holds nobody, lists nothing', async (t) => {
  const folder = await makeTemporary(t)
  assert.equal(await codeOf(openFiles(folder, null)), 'ERR_STORE_MISSING')
  await createVault(folder, alice, 'open')
  assert.equal(await codeOf(openFiles(folder, null)), 'ERR_STORE_LOCKED')
})
