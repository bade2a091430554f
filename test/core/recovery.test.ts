import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { createIdentity, type Identity, publicDevice, renewDevice } from '../../src/core/identity.ts'
import {
  compareLogs,
  createLog,
  type EntryContent,
  type KeyLog,
  type PartialLog,
  prefixOf,
  rotateLog,
  updateLog,
  verifyLog,
} from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { exportPrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { isFinal, ownBase, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import { generatePhrase, phraseKeys } from '../../src/core/recovery-phrase.ts'
import { closedSlots, readSlot, slotsOf } from '../../src/core/slot.ts'
import { places } from '../runs.ts'
import { at, envelopesOf, failsWith, lengthen, makeDevice, NOW, publicOf } from './identities.ts'
import { textsOf } from './secrets.ts'
import { seededRandom } from './test-bytes.ts'

const { identity, phrase } = createIdentity(NOW, seededRandom('Alice'))
const { phrase: mallorysPhrase } = createIdentity(NOW, seededRandom('Mallory'))
const rotate = (base: PartialLog, status: EntryContent['status'] = 'active', now = NOW) =>
  rotateIdentity(base, phrase, now, seededRandom(`rotation ${base.epoch} ${status}`), status)
const append = (log: KeyLog, root: P256PrivateKey, status: EntryContent['status'] = 'active') =>
  updateLog(log, root, { devices: publicOf([makeDevice('mallory')]), status, time: NOW })
const fill = (log: KeyLog, root: P256PrivateKey) => lengthen(append(log, root), root, LOG_ENTRIES_MAX)

const rotated = rotate(identity.log)

test('§3 the base of a recovery is the first entry and a bridge for each rotation', () => {
  for (const log of [identity.log, append(identity.log, identity.root)])
    assert.deepEqual(recoveryBase(log, phrase), identity.log)
  const twice = rotate(append(rotated.log, rotated.root))
  for (const log of [rotated.log, lengthen(rotated.log, rotated.root, 9), twice.log, append(twice.log, twice.root)]) {
    const base = recoveryBase(log, phrase)
    assert.deepEqual([base.epoch, base.entries.length], [log.epoch, log.epoch + 1])
    for (const { entry } of base.entries.slice(1))
      assert.partialDeepStrictEqual(entry, { status: 'bridge', devices: [], time: NOW })
    const recovered = rotate(base)
    assert.deepEqual(verifyLog(identity.log.id, envelopesOf(recovered.log)), recovered.log)
    assert.equal(compareLogs(recovered.log, log), 'supersedes')
  }
})

test('§3 a rotation on the own machine continues the whole log, up to 32 entries', () => {
  for (const size of [1, 2, 32]) {
    const log = lengthen(identity.log, identity.root, size)
    assert.equal(ownBase(log, phrase), log)
    assert.equal(compareLogs(rotate(ownBase(log, phrase)).log, log), 'longer')
  }
  for (const size of [33, LOG_ENTRIES_MAX]) {
    const log = lengthen(rotated.log, rotated.root, size)
    assert.equal(ownBase(log, phrase).entries.length, 2)
    assert.equal(compareLogs(rotate(ownBase(log, phrase)).log, log), 'supersedes')
  }
})

/** What a thief of the root keys up to the present one can leave behind for the owner to build on. */
const again = rotateLog(identity.log, rotated.root, phraseKeys(phrase).epoch(1), {
  devices: publicOf([makeDevice('mallory')]),
  status: 'retired',
  time: NOW,
})
const filledFirst = rotateLog(
  lengthen(identity.log, identity.root, LOG_ENTRIES_MAX - 1),
  rotated.root,
  phraseKeys(phrase).epoch(1),
  { devices: publicOf([makeDevice('mallory')]), time: NOW },
)
const thefts: readonly [string, KeyLog][] = [
  ['filled to the last entry', fill(identity.log, identity.root)],
  ['filled after a rotation', fill(rotated.log, rotated.root)],
  ['filled before the rotation that he signed again', filledFirst],
  ['retired by an update', append(append(rotated.log, rotated.root), rotated.root, 'retired')],
  ['retired by the rotation that he signed again', again],
]
for (const [what, log] of thefts) {
  test(`§3 a log that a thief of root keys has ${what} is recovered`, () => {
    const recovered = rotate(recoveryBase(log, phrase))
    assert.deepEqual(verifyLog(identity.log.id, envelopesOf(recovered.log)), recovered.log)
    assert.equal(compareLogs(recovered.log, log), 'supersedes')
    assert.deepEqual([recovered.log.epoch, recovered.log.last.entry.status], [log.epoch + 1, 'active'])
    assert.deepEqual(recovered.log.last.entry.devices, [publicDevice(recovered)])
  })
}

test('§3 a retirement by rotation is known as such, and nothing continues it', async () => {
  for (const before of [identity.log, rotated.log]) {
    const { log } = rotate(before, 'retired')
    assert.deepEqual([log.last.entry.status, isFinal(log)], ['retired', true])
    assert.throws(() => rotate(log), failsWith('ERR_LOG_RETIRED'))
  }
  assert.ok(isFinal(again))
  for (const log of [identity.log, rotated.log, append(rotated.log, rotated.root, 'retired')])
    assert.equal(isFinal(log), false)
})

test("§3 a rotation has the phrase's next root key and one device with new keys, and goes on from there", async () => {
  const updated = append(identity.log, identity.root)
  const made = rotate(updated, 'active', NOW + 60)
  const { entry } = made.log.last
  const chain = phraseKeys(phrase)
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(made.log)), made.log)
  assert.deepEqual([entry.seq, entry.status, entry.time, made.log.epoch, made.device], [2, 'active', NOW + 60, 1, 0])
  assert.deepEqual(entry.root, chain.root(1).publicKey)
  assert.deepEqual(made.root.publicKey, entry.root)
  const { next, slot, after } = entry
  assert.deepEqual({ next, slot, after }, chain.epoch(1))
  assert.deepEqual(entry.devices, [publicDevice(made)])
  assert.equal(made.transportSeed.symmetricKeySize, 32)
  const secrets = [identity, made].flatMap(({ root, sign, ik, transportSeed }) => [
    ...[root, sign, ik].map(exportPrivateKey),
    transportSeed.export(),
  ])
  assert.equal(new Set(secrets.map(hex)).size, secrets.length)
  const renewed = await renewDevice(made, NOW + 60, seededRandom('renewal'))
  assert.deepEqual([renewed.log.epoch, renewed.log.last.entry.seq], [1, 3])
})

/** The closed slots of an identity, as whoever finds them reads them. */
const closedOf = ({ log, closings }: Pick<Identity, 'log' | 'closings'>) =>
  closedSlots(log, closings).map((value) => readSlot(placeOfSlot(value.key), value))

test('slots §1 each epoch has the phrase’s next slot, and the device the key of the present one alone', async () => {
  const keysOf = phraseKeys(phrase)
  assert.deepEqual(identity.slotKey?.publicKey, keysOf.slot(0).publicKey)
  assert.deepEqual(identity.log.last.entry.after, placeOfSlot(keysOf.slot(1).publicKey))
  const twice = rotate(append(rotated.log, rotated.root))
  const recovered = rotate(recoveryBase(twice.log, phrase))
  for (const [epoch, made] of [identity, rotated, twice, recovered].entries()) {
    const { slot } = made.log.last.entry
    assert.deepEqual([slot, made.slotKey?.publicKey], [keysOf.slot(epoch).publicKey, slot])
  }
  // A bridge has the slot of the rotation that it stands for.
  assert.deepEqual(slotsOf(recovered.log).slice(0, 3), slotsOf(twice.log))
  const renewed = await renewDevice(rotated, NOW + 60, seededRandom('renewal'))
  assert.deepEqual([renewed.slotKey, renewed.closings], [rotated.slotKey, rotated.closings])
  assert.deepEqual(closedOf(renewed), closedOf(rotated))
})

test('slots §3 a rotation closes the slot of every former epoch, a retirement its own as well', () => {
  const twice = rotate(append(rotated.log, rotated.root))
  const recovered = rotate(recoveryBase(twice.log, phrase))
  const retired = rotate(rotated.log, 'retired')
  assert.deepEqual(closedOf(identity), [])
  for (const [made, count] of [
    [rotated, 1],
    [twice, 2],
    [recovered, 3],
    [retired, 3],
  ] as const) {
    const slots = slotsOf(made.log).slice(0, count)
    const head = made.log.last.hash
    assert.deepEqual(
      closedOf(made),
      slots.map((slot) => ({ slot, kind: 'moved', head })),
    )
  }
  // There is no card that could be put there.
  assert.equal(retired.slotKey, null)
})

test('slots §1 a phrase whose root keys fit and whose slots do not rotates nothing', () => {
  const keysOf = phraseKeys(phrase)
  for (const after of [keysOf.epoch(1).after, new Uint8Array(32)]) {
    const log = createLog(identity.root, { ...keysOf.epoch(0), after }, identity.log.last.entry)
    assert.throws(() => rotate(log), failsWith('ERR_PHRASE_OTHER'))
  }
})

test('§3 a rotation is not older than what it continues, whatever this clock says', () => {
  assert.equal(rotate(identity.log, 'active', NOW - 1000).log.last.entry.time, NOW)
  assert.equal(rotate(identity.log, 'active', NOW + 1).log.last.entry.time, NOW + 1)
})

test('§3 a wrong phrase rotates nothing and is told from a mistyped one', () => {
  const attempt = (words: string, base = identity.log) => rotateIdentity(base, words, NOW, seededRandom('attempt'))
  for (const base of [identity.log, rotated.log, rotate(rotated.log).log])
    for (const words of [mallorysPhrase, generatePhrase(seededRandom('another'))])
      assert.throws(() => attempt(words, base), { name: 'KeyError', code: 'ERR_PHRASE_OTHER' })
  for (const words of ['', phrase.replace(/ \S+$/, ''), phrase.replace(/^\S+/, 'handfast')])
    assert.throws(() => attempt(words), failsWith('ERR_PHRASE'))
  assert.equal(attempt(`  ${phrase.toUpperCase()}\n`).log.epoch, 1)
})

test('no failure of a rotation tells a word of the phrase', () => {
  const words = mallorysPhrase.split(' ')
  for (const typed of [mallorysPhrase, `${mallorysPhrase} ${words[0]}`])
    assert.throws(
      () => rotateIdentity(identity.log, typed, NOW, seededRandom('attempt')),
      (error) => !words.some((word) => word.length > 5 && new RegExp(`\\b${word}\\b`).test(textsOf(error))),
    )
})

test('§2 a phrase rotates 63 times in a row, and then no more', () => {
  let current = identity.log
  const chain = phraseKeys(phrase)
  const byPhrase = new Set(places(LOG_ENTRIES_MAX))
  for (let rotation = 1; rotation < LOG_ENTRIES_MAX; rotation++) {
    // Of its own rotations nothing has to be made anew, so the base changes nothing.
    current = byPhrase.has(rotation)
      ? rotate(ownBase(current, phrase)).log
      : rotateLog(current, chain.root(rotation), chain.epoch(rotation), current.last.entry)
    assert.deepEqual([current.epoch, current.entries.length], [rotation, rotation + 1])
  }
  assert.deepEqual(current.last.entry.next, new Uint8Array(32))
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(current)), current)
  assert.throws(() => rotate(current), failsWith('ERR_LOG_TOO_LONG'))
  assert.throws(() => rotate(ownBase(current, phrase)), failsWith('ERR_LOG_TOO_LONG'))
  assert.deepEqual(rotate(prefixOf(current, 62)).log.last.entry.root, at(current.entries, 63).entry.root)
})
