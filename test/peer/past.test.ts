import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { PREKEY_AGE } from '../../src/core/limits/store-limits.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { alice, bob, codeOf, makeTemporary } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { storeAt } from '../files/file-sides.ts'
import { boxes, createResident, start } from '../messages/residents.ts'
import { createWiretap, type Loot, lying, opened, sealedNow } from './wiretap.ts'

/** Nothing that lies on a disk decrypts what went over the wire before, not even with the key that opens the disk. */

const begin = async (t: TestContext) => {
  const town = await start(t)
  const [folderA, folderB, files] = await Promise.all([makeTemporary(t), makeTemporary(t), makeTemporary(t)])
  const stores = [storeAt(folderA), storeAt(folderB)] as const
  t.after(() => stores.map((store) => store.close()))
  const [a, b] = [createResident(town, alice, boxes, stores[0]), createResident(town, bob, boxes, stores[1])]
  const loot: Readonly<Record<'a' | 'b', Loot>> = {
    a: { identity: alice, store: stores[0], folder: folderA, peers: [bob.log.id] },
    b: { identity: bob, store: stores[1], folder: folderB, peers: [alice.log.id] },
  }
  const tap = createWiretap(town)
  const ever = { a: new Set<string>(), b: new Set<string>() }
  /** Mallory looks at the mailboxes; and what is sealed now is known of later. */
  const look = (): void => {
    tap.look(alice, bob)
    for (const who of ['a', 'b'] as const) for (const one of sealedNow(loot[who].folder)) ever[who].add(one)
  }
  /** How much of what was sealed once, and is not any more, still lies in the folder. */
  const remains = (who: 'a' | 'b'): number => {
    const now = sealedNow(loot[who].folder)
    return lying(
      loot[who].folder,
      [...ever[who]].filter((one) => !now.has(one)),
    )
  }
  const write = async (name: string): Promise<string> => {
    const path = join(files, name)
    await writeFile(path, makeBytes(name, 3 * CHUNK_BYTES))
    return path
  }
  return { town, a, b, loot, tap, look, remains, ever, write, files }
}

/** Both are there, and say and send what they like. */
const together = (
  a: ReturnType<typeof createResident>,
  b: ReturnType<typeof createResident>,
  work: (alice: Peer, bob: Peer) => Promise<void>,
): Promise<void> =>
  a.visit((one) =>
    b.visit(async (other) => {
      await Promise.all([one.listen(), other.listen()])
      await work(one, other)
    }),
  )

test('messages by mailbox: neither side keeps what opens a message that came, and after a month not even a hello', async (t) => {
  const { town, a, b, loot, tap, look, remains, ever } = await begin(t)
  await b.visit(async () => {})
  await a.write(b.address, 'one', 'two')
  look()
  // This is what the search has to find: before they are fetched, the prekeys open them, and what comes in the session.
  assert.ok(opened(tap.recorded(), loot.b, town.world.now).includes('hello by prekeys'))
  assert.deepEqual(await b.fetch(), ['one', 'two'])
  look()
  for (let round = 0; round < 3; round++) {
    await a.fetch()
    look()
    await a.write(b.address, `a${round}`)
    look()
    assert.ok(opened(tap.recorded(), loot.b, town.world.now).includes('message by session'))
    assert.deepEqual(await b.fetch(), [`a${round}`])
    await b.write(a.address, `b${round}`)
    look()
    assert.deepEqual(await a.fetch(), [`b${round}`])
    await b.fetch()
    look()
    for (const who of ['a', 'b'] as const) {
      const left = opened(tap.recorded(), loot[who], town.world.now)
      assert.deepEqual(new Set(left.filter((what) => what !== 'hello by prekeys')), new Set(), `${who} ${round}`)
      assert.equal(remains(who), 0, `${who} ${round}`)
    }
  }
  assert.ok(tap.recorded().parcels.length >= 8 && ever.b.size > 8)
  town.pass(PREKEY_AGE + 1)
  await a.visit(async () => {})
  await b.visit(async () => {})
  for (const who of ['a', 'b'] as const) {
    assert.deepEqual(opened(tap.recorded(), loot[who], town.world.now), [])
    assert.equal(remains(who), 0)
  }
})

test('connections and files: when a file has arrived, was refused or taken back, nothing opens its chunks', async (t) => {
  const { town, a, b, loot, tap, look, remains, write, files } = await begin(t)
  await together(a, b, async (one, other) => {
    await one.messages.send(b.address, 'live')
    assert.equal((await other.messages.receive())?.text, 'live')
    const sent = await one.files.send(b.address, await write('arrives.bin'))
    look()
    assert.ok(loot.a.store.transfers.get(sent.id)?.secret)
    const offer = await other.files.receive()
    await offer?.accept(join(files, 'in'))
    await one.files.finished(sent.id)
    look()
    const refused = await one.files.send(b.address, await write('refused.bin'))
    look()
    await (await other.files.receive())?.refuse()
    assert.equal(await codeOf(one.files.finished(refused.id)), 'ERR_FILE_REFUSED')
    const back = await one.files.send(b.address, await write('back.bin'))
    look()
    await one.files.cancel(back.id)
  })
  const recorded = tap.recorded()
  assert.equal(recorded.chunks.length, 3)
  assert.ok(recorded.messages.length > 8 && recorded.hellos.length > 0)
  for (const who of ['a', 'b'] as const) {
    assert.deepEqual(opened(recorded, loot[who], town.world.now), [])
    assert.deepEqual(
      loot[who].store.transfers.list(null, 1e9, 10).map(({ secret }) => secret),
      who === 'a' ? [null, null, null] : [null, null],
    )
    assert.equal(remains(who), 0)
  }
})
