import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { hex } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { FILES_REMEMBERED, STRANGERS_FILES_REMEMBERED } from '../../src/core/limits/file-limits.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { NewTransfer } from '../../src/store/transfer-store.ts'
import { makeBytes } from '../core/identities.ts'
import { codeOf, identityOf, makeTemporary } from './folders.ts'

/** Rows of transfers: sealed, in their place, and not more of them than are needed. */

const openAt = (folder: string | null, key = 'store key'): Store => openStore(folder, secretKey(makeBytes(key, 32)))

const [peer, other] = [makeBytes('peer', 32), makeBytes('other', 32)]
const SECRET = makeBytes('the secret', 32)

let ids = 0
const outgoing = (changed: Partial<NewTransfer> = {}): NewTransfer => ({
  ...{ peer, out: true, id: makeBytes(`id/${ids++}`, 16), at: 1, queued: 2, size: 100, changed: 7, part: null },
  ...{ state: 'queued', reason: null, name: 'plans.txt', path: '/home/alice/plans.txt', hash: makeBytes('hash', 32) },
  secret: secretKey(Uint8Array.from(SECRET)),
  ...changed,
})
const incoming = (changed: Partial<NewTransfer> = {}): NewTransfer =>
  outgoing({ out: false, changed: 0, state: 'receiving', secret: null, part: '.0123456789abcdef.part', ...changed })

const codeOfReading = (read: () => unknown): Promise<unknown> => codeOf((async () => read())())

test('a transfer is read back as it was written, also later', async (t) => {
  const folder = await makeTemporary(t)
  const store = openAt(folder)
  const [sent, received] = [outgoing(), incoming()]
  const rows = store.transaction(() => [store.transfers.add(sent), store.transfers.add(received)])
  store.close()
  const again = openAt(folder)
  t.after(() => again.close())
  for (const [index, { secret, ...written }] of [sent, received].entries()) {
    const { secret: read, ...row } = again.transfers.get(rows[index]?.number ?? 0) ?? assert.fail()
    assert.deepEqual(row, { ...written, number: rows[index]?.number, chunks: 0, again: false, exposed: false })
    assert.deepEqual(read?.export(), secret?.export())
  }
  assert.deepEqual(again.transfers.waiting(), [peer])
  assert.deepEqual([again.transfers.isWaiting(peer), again.transfers.isWaiting(other)], [true, false])
})

test('neither secret, name, path nor hash lies in the folder or shows itself', async (t) => {
  const folder = await makeTemporary(t)
  const store = openAt(folder)
  t.after(() => store.close())
  const row = store.transfers.add(outgoing())
  const shown = inspect(row, { depth: 9 })
  for (const text of [hex(SECRET), SECRET.join(', ')]) assert.ok(!shown.includes(text))
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name))
    for (const secret of [SECRET, Buffer.from('plans'), Buffer.from('/home/alice'), makeBytes('hash', 32)])
      assert.ok(!bytes.includes(secret), name)
  }
})

test('a row that was moved, changed or sealed under another key is no transfer', async (t) => {
  for (const change of [
    'UPDATE transfers SET peer = randomblob(32)',
    'UPDATE transfers SET out = 0',
    'UPDATE transfers SET id = randomblob(16)',
    'UPDATE transfers SET sealed = zeroblob(200)',
    "UPDATE transfers SET part = '../../evil.part'",
    'UPDATE transfers SET size = -1',
    null,
  ]) {
    const folder = await makeTemporary(t)
    const store = openAt(folder)
    const { number } = store.transfers.add(outgoing())
    store.close()
    const raw = new DatabaseSync(join(folder, 'handfast.db'))
    if (change !== null) raw.exec(change)
    raw.close()
    const again = openAt(folder, change === null ? 'another key' : undefined)
    assert.equal(await codeOfReading(() => again.transfers.get(number)), 'ERR_STORE_CORRUPT', change ?? 'the key')
    again.close()
  }
})

test('one that is over stays over', () => {
  const { transfers } = openAt(null)
  const { number } = transfers.add(incoming())
  transfers.keep(number, 3, 5)
  assert.partialDeepStrictEqual(transfers.get(number), { chunks: 3, queued: 5 })
  transfers.restart(number)
  assert.partialDeepStrictEqual(transfers.get(number), { chunks: 0, again: true })
  assert.partialDeepStrictEqual(transfers.finish(number, 'saved', null, '/there/a.txt'), { path: '/there/a.txt' })
  assert.equal(transfers.finish(number, 'failed', 'ERR_FILE_WITHDRAWN'), null)
  assert.partialDeepStrictEqual(transfers.get(number), { state: 'saved', reason: null, path: '/there/a.txt' })
})

test('what is over is remembered for a while: of each peer, and of strangers together', () => {
  const store = openAt(null)
  const { transfers } = store
  const { log } = identityOf('friend')
  store.contacts.keep(log, 1)
  const friend = log.id
  const refused = (from: Uint8Array) => transfers.add(incoming({ peer: from, state: 'refused', part: null }))
  const first = refused(friend)
  for (let index = 1; index < FILES_REMEMBERED; index++) refused(friend)
  assert.notEqual(transfers.get(first.number), null)
  refused(friend)
  assert.equal(transfers.get(first.number), null)

  const open = transfers.add(incoming({ peer: makeBytes('stranger/open', 32) }))
  const oldest = refused(makeBytes('stranger/first', 32))
  for (let index = 1; index < STRANGERS_FILES_REMEMBERED; index++) refused(makeBytes(`stranger/${index}`, 32))
  assert.notEqual(transfers.get(oldest.number), null)
  refused(makeBytes('stranger/last', 32))
  assert.equal(transfers.get(oldest.number), null)
  assert.notEqual(transfers.get(open.number), null, 'what is under way is none of these')
  assert.equal(transfers.list(friend, 1e9, 1e9).length, FILES_REMEMBERED, 'nor is what contacts sent')
  assert.deepEqual([transfers.countStrangers(), transfers.countReceiving(open.peer)], [1, 1])
})
