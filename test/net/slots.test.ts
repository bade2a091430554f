import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { type TestContext, test } from 'node:test'
import HyperDHT, { type KeyPair } from 'hyperdht'
import { exportEd25519 } from '../../src/core/ed25519.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { kemHalves } from '../../src/core/kem.ts'
import { rotateLog } from '../../src/core/key-log.ts'
import { type MutableValue, SEQ_MAX, signMutable, verifyMutable } from '../../src/core/mutable-value.ts'
import { readSlot, signSlotCard, signSlotMoved } from '../../src/core/slot.ts'
import {
  at,
  commitmentAfter,
  grown,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
  publishCard,
  slotKeyOf,
} from '../core/identities.ts'
import { startNetwork } from '../network/loopback-network.ts'
import { type StockClient, stockClient } from './stock-client.ts'

/** What HyperDHT itself makes of our values, by its own functions, and on real sockets between clients that know nothing of Handfast. */

type Persistent = {
  signMutable(seq: number, value: Uint8Array, keyPair: KeyPair): Uint8Array
  verifyMutable(signature: Uint8Array, seq: number, value: Uint8Array, publicKey: Uint8Array): boolean
}
const theirs: Persistent = createRequire(import.meta.url)('hyperdht/lib/persistent.js')

const alice = grown(makeIdentity('alice'))
const key = slotKeyOf(at(alice.roots, 0))
const keyPair = HyperDHT.keyPair(exportEd25519(key))
const prekeys = makePrekeys('alice')
const signed = publishCard(alice, prekeys)

/** Puts a value with the signature that it has, as whoever read it does. */
const put = (client: StockClient, { seq, value, signature }: MutableValue, from = keyPair) =>
  client.mutablePut({ ...from, sign: () => Buffer.from(signature) } as KeyPair, value, { seq })

const start = async (t: TestContext): Promise<readonly [StockClient, StockClient]> => {
  const { bootstrap } = await startNetwork(t, 4)
  return [await stockClient(t, bootstrap), await stockClient(t, bootstrap)]
}

test('HyperDHT signs the same bytes, and each verifies what the other signed', () => {
  assert.deepEqual(Uint8Array.from(keyPair.publicKey), key.publicKey)
  for (const seq of [0, 0xfc, 0xfd, 0xffff, 0x10000, 0xffffffff, 0x100000000, NOW * 1000, SEQ_MAX])
    for (const size of [0, 1, 252, 253, 986]) {
      const value = makeBytes(`${size}`, size)
      const ours = signMutable(key, seq, value)
      assert.deepEqual(Uint8Array.from(theirs.signMutable(seq, value, keyPair)), ours.signature)
      assert.ok(theirs.verifyMutable(ours.signature, seq, value, key.publicKey))
      assert.ok(verifyMutable(ours))
      assert.equal(theirs.verifyMutable(ours.signature, seq === 0 ? 1 : seq - 1, value, key.publicKey), false)
    }
})

test('a log, a card and its KEM key lie with nodes that check a hash or a signature alone', async (t) => {
  const [owner, reader] = await start(t)
  const halves = kemHalves(prekeys.kem.publicKey)
  for (const value of [...alice.log.entries.map(({ envelope }) => envelope), ...halves]) await owner.immutablePut(value)
  const entry0 = await reader.immutableGet(alice.log.id)
  assert.deepEqual(Uint8Array.from(entry0?.value ?? []), at(alice.log.entries, 0).envelope)
  const last = await reader.immutableGet(signed.card.head)
  assert.deepEqual(Uint8Array.from(last?.value ?? []), alice.log.last.envelope)
  for (const [index, name] of signed.card.kem.entries())
    assert.deepEqual(Uint8Array.from((await reader.immutableGet(name))?.value ?? []), halves[index])

  const open = signSlotCard(key, signed)
  await put(owner, open)
  const found = await reader.mutableGet(key.publicKey)
  assert.deepEqual([found?.seq, Uint8Array.from(found?.value ?? [])], [open.seq, open.value])
  const slot = readSlot(placeOfSlot(key.publicKey), { ...open, value: Uint8Array.from(found?.value ?? []) })
  assert.equal(slot.kind, 'card')
})

test('§3 nothing takes the place of a value that closes a slot, by whoever has its key', async (t) => {
  const [owner, thief] = await start(t)
  const content = { devices: publicOf(alice.devices), time: NOW }
  const rotated = rotateLog(alice.log, at(alice.roots, 1), commitmentAfter(alice, 1), content)
  await put(owner, signSlotCard(key, signed))
  const closed = signSlotMoved(key, rotated.last.hash)
  await put(owner, closed)
  const spoil = makeBytes('spoil', 40)
  // Beyond the highest number HyperDHT reads none.
  for (const seq of [NOW * 1000 + 5, SEQ_MAX - 1, SEQ_MAX, 2 ** 53, 2 ** 60]) {
    await thief.mutablePut(keyPair, spoil, { seq }).catch(() => {})
    const found = await owner.mutableGet(key.publicKey)
    assert.deepEqual([found?.seq, Uint8Array.from(found?.value ?? [])], [closed.seq, closed.value], `${seq}`)
  }
})
