import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { createIdentity, publicDevice, renewDevice } from '../../src/core/identity.ts'
import { compareLogs, type EntryContent, type KeyLog, prefixOf, updateLog, verifyLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits.ts'
import { exportPrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { ownBase, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import { generatePhrase, rootChain } from '../../src/core/recovery-phrase.ts'
import { at, envelopesOf, failsWith, lengthen, makeDevice, NOW, publicOf } from './identities.ts'
import { textsOf } from './secrets.ts'
import { seededRandom } from './test-bytes.ts'

const { identity, phrase } = createIdentity(NOW, seededRandom('Alice'))
const { phrase: mallorysPhrase } = createIdentity(NOW, seededRandom('Mallory'))
const rotate = (base: KeyLog, status: EntryContent['status'] = 'active', now = NOW) =>
  rotateIdentity(base, phrase, now, seededRandom(`rotation ${base.epoch} ${status}`), status)
const append = (log: KeyLog, root: P256PrivateKey, status: EntryContent['status'] = 'active') =>
  updateLog(log, root, { devices: publicOf([makeDevice('mallory')]), status, time: NOW })
const fill = (log: KeyLog, root: P256PrivateKey) => lengthen(append(log, root), root, LOG_ENTRIES_MAX)

const rotated = rotate(identity.log)

test('§3 the base of a recovery ends with the last rotation, or with the first entry', () => {
  assert.deepEqual(recoveryBase(identity.log), identity.log)
  assert.deepEqual(recoveryBase(append(identity.log, identity.root)), identity.log)
  assert.deepEqual(recoveryBase(rotated.log), rotated.log)
  assert.deepEqual(recoveryBase(lengthen(rotated.log, rotated.root, 9)), rotated.log)
  const twice = rotate(append(rotated.log, rotated.root))
  assert.deepEqual(recoveryBase(append(twice.log, twice.root)), twice.log)
  assert.deepEqual([twice.log.epoch, twice.log.entries.length], [2, 4])
})

test('§3 a rotation on the own machine continues the whole log, up to 32 entries', () => {
  for (const size of [1, 2, 32]) {
    const log = lengthen(identity.log, identity.root, size)
    assert.equal(ownBase(log), log)
    assert.equal(compareLogs(rotate(ownBase(log)).log, log), 'longer')
  }
  for (const size of [33, LOG_ENTRIES_MAX]) {
    const log = lengthen(rotated.log, rotated.root, size)
    assert.deepEqual(ownBase(log), rotated.log)
    assert.equal(compareLogs(rotate(ownBase(log)).log, log), 'supersedes')
  }
  assert.deepEqual(ownBase(append(rotated.log, rotated.root, 'retired')), rotated.log)
})

for (const [epoch, { log, root }] of [identity, rotated].entries()) {
  test(`§3 a log that the thief of root key ${epoch} filled to the last entry is recovered`, () => {
    const filled = fill(log, root)
    assert.equal(filled.entries.length, LOG_ENTRIES_MAX)
    for (const base of [recoveryBase(filled), ownBase(filled)]) {
      const recovered = rotate(base)
      assert.equal(compareLogs(recovered.log, filled), 'supersedes')
      assert.equal(recovered.log.entries.length, log.entries.length + 1)
    }
  })

  test(`§3 a retirement by the thief of root key ${epoch} is left behind`, () => {
    for (const retired of [append(log, root, 'retired'), append(append(log, root), root, 'retired')])
      for (const base of [recoveryBase(retired), ownBase(retired)]) {
        assert.deepEqual(base, log)
        const recovered = rotate(base)
        assert.equal(compareLogs(recovered.log, retired), 'supersedes')
        assert.equal(recovered.log.last.entry.status, 'active')
      }
  })
}

test("§3 the owner's own retirement is final", () => {
  for (const before of [identity.log, rotated.log]) {
    const { log } = rotate(before, 'retired')
    assert.equal(log.last.entry.status, 'retired')
    for (const base of [recoveryBase, ownBase]) assert.throws(() => base(log), failsWith('ERR_LOG_RETIRED'))
    assert.throws(() => rotate(log), failsWith('ERR_LOG_RETIRED'))
  }
})

test("§3 a rotation has the phrase's next root key and one device with new keys, and goes on from there", () => {
  const updated = append(identity.log, identity.root)
  const made = rotate(updated, 'active', NOW + 60)
  const { entry } = made.log.last
  const chain = rootChain(phrase)
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(made.log), NOW), made.log)
  assert.deepEqual([entry.seq, entry.status, entry.time, made.log.epoch, made.device], [2, 'active', NOW + 60, 1, 0])
  assert.deepEqual(entry.root, chain.root(1).publicKey)
  assert.deepEqual(made.root.publicKey, entry.root)
  assert.deepEqual(entry.next, chain.next(1))
  assert.deepEqual(entry.devices, [publicDevice(made)])
  assert.equal(made.transportSeed.symmetricKeySize, 32)
  const secrets = [identity, made].flatMap(({ root, sign, ik, transportSeed }) => [
    ...[root, sign, ik].map(exportPrivateKey),
    transportSeed.export(),
  ])
  assert.equal(new Set(secrets.map(hex)).size, secrets.length)
  const renewed = renewDevice(made, NOW + 60, seededRandom('renewal'))
  assert.deepEqual([renewed.log.epoch, renewed.log.last.entry.seq], [1, 3])
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
  let current = identity
  for (let rotation = 1; rotation < LOG_ENTRIES_MAX; rotation++) {
    current = rotate(ownBase(current.log))
    assert.deepEqual([current.log.epoch, current.log.entries.length], [rotation, rotation + 1])
  }
  assert.deepEqual(current.log.last.entry.next, new Uint8Array(32))
  assert.deepEqual(verifyLog(identity.log.id, envelopesOf(current.log), NOW), current.log)
  assert.throws(() => rotate(ownBase(current.log)), failsWith('ERR_PHRASE_OTHER'))
  assert.deepEqual(rotate(prefixOf(current.log, 62)).log.last.entry.root, at(current.log.entries, 63).entry.root)
})
