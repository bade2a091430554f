import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { secretKey } from '../../src/core/kdf.ts'
import { exportKem, generateKem } from '../../src/core/kem.ts'
import { PREKEYS_MAX, SPENT_MAX } from '../../src/core/limits/store-limits.ts'
import { exportPrivateKey, generatePrivateKey } from '../../src/core/p256.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { makeTemporary } from './folders.ts'

const hash = (name: string | number): Uint8Array => makeBytes(`card/${name}`, 32)
const ek = (name: string | number): Uint8Array => makeBytes(`ek/${name}`, 33)
const random = seededRandom('prekeys')
const own = makeBytes('own', 33)
const prekeys = {
  envelope: makeBytes('envelope', 500),
  seq: 3,
  spk: generatePrivateKey(random),
  kem: generateKem(random),
}

const open = (t: TestContext, folder: string | null, key = 'key'): Store => {
  const store = openStore(folder, secretKey(makeBytes(key, 32)))
  t.after(() => store.close())
  return store
}

test('prekeys come back as they were, and nothing of them is in the clear on the disk', async (t) => {
  const folder = await makeTemporary(t)
  const first = open(t, folder)
  first.prekeys.keep(hash(1), prekeys, 100, own)
  first.close()
  const secrets = [exportPrivateKey(prekeys.spk), exportKem(prekeys.kem)].map((secret) => Buffer.from(secret))
  for (const name of await readdir(folder))
    for (const secret of secrets) assert.ok(!(await readFile(join(folder, name))).includes(secret), name)
  const kept = open(t, folder).prekeys.get(hash(1))
  assert.ok(kept)
  assert.deepEqual([kept.envelope, kept.seq], [prekeys.envelope, prekeys.seq])
  assert.deepEqual(
    [exportPrivateKey(kept.spk), exportKem(kept.kem)],
    secrets.map((secret) => Uint8Array.from(secret)),
  )
  assert.equal(open(t, folder).prekeys.get(hash(2)), null)
})

test('under another key, or in the place of others, they are damaged', async (t) => {
  const folder = await makeTemporary(t)
  const store = open(t, folder)
  store.prekeys.keep(hash(1), prekeys, 100, own)
  assert.throws(() => open(t, folder, 'another').prekeys.get(hash(1)), { code: 'ERR_STORE_CORRUPT' })
  const raw = new DatabaseSync(join(folder, 'handfast.db'))
  t.after(() => raw.close())
  raw.prepare('UPDATE prekeys SET card = ?').run(hash(2))
  assert.throws(() => store.prekeys.get(hash(2)), { code: 'ERR_STORE_CORRUPT' })
})

test('who used them is remembered for as long as they are kept, and no longer', (t) => {
  const store = open(t, null)
  for (const card of [1, 2]) store.prekeys.keep(hash(card), prekeys, card * 100, own)
  store.prekeys.spend(hash(1), ek('a'))
  assert.throws(() => store.prekeys.spend(hash(1), ek('a')))
  store.prekeys.spend(hash(2), ek('a'))
  assert.deepEqual(
    ['a', 'b'].map((name) => store.prekeys.isSpent(hash(1), ek(name))),
    [true, false],
  )
  store.prekeys.forget(101)
  assert.equal(store.prekeys.get(hash(1)), null)
  assert.deepEqual(
    [1, 2].map((card) => store.prekeys.isSpent(hash(card), ek('a'))),
    [false, true],
  )
  assert.throws(() => store.prekeys.spend(hash(1), ek('b')))
})

test('both are bounded: the oldest prekeys go, and a card is used up', (t) => {
  const store = open(t, null)
  store.transaction(() => {
    for (let index = 0; index < PREKEYS_MAX + 2; index++) store.prekeys.keep(hash(index), prekeys, index, own)
    for (let index = 0; index < SPENT_MAX; index++) {
      assert.equal(store.prekeys.isUsedUp(hash(50)), false)
      store.prekeys.spend(hash(50), ek(index))
      if (index === 1) break
    }
  })
  assert.deepEqual(
    [0, 1, 2].map((index) => store.prekeys.get(hash(index)) === null),
    [true, true, false],
  )
  store.transaction(() => {
    for (let index = 2; index < SPENT_MAX; index++) store.prekeys.spend(hash(50), ek(index))
  })
  assert.equal(store.prekeys.isUsedUp(hash(50)), true)
})

test('which prekeys go when there are too many does not depend on a clock: the newest stay when it was set back', (t) => {
  const store = open(t, null)
  store.transaction(() => {
    for (let index = 0; index <= PREKEYS_MAX; index++) store.prekeys.keep(hash(index), prekeys, 1_000_000 - index, own)
  })
  assert.deepEqual([store.prekeys.get(hash(0)) === null, store.prekeys.get(hash(PREKEYS_MAX)) === null], [true, false])
})
