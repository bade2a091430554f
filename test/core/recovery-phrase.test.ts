import assert from 'node:assert/strict'
import { createHash, hkdfSync, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { mnemonicToSeedSync } from '@scure/bip39'
import { hex } from '../../src/core/bytes.ts'
import { epochKeys } from '../../src/core/epoch-keys.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { ROTATIONS_MAX } from '../../src/core/key-log.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { generatePhrase, normalizePhrase, phraseKeys } from '../../src/core/recovery-phrase.ts'
import { fromHex, seededRandom } from './test-bytes.ts'

const times = (count: number, words: string, last: string) => `${`${words} `.repeat(count)}${last}`

/** BIP-39 test vectors of 24 words (trezor/python-mnemonic, vectors.json). */
const VECTORS: readonly (readonly [string, string])[] = [
  ['00'.repeat(32), times(23, 'abandon', 'art')],
  [
    '7f'.repeat(32),
    times(2, 'legal winner thank year wave sausage worth useful', 'legal winner thank year wave sausage worth title'),
  ],
  [
    '80'.repeat(32),
    times(
      2,
      'letter advice cage absurd amount doctor acoustic avoid',
      'letter advice cage absurd amount doctor acoustic bless',
    ),
  ],
  ['ff'.repeat(32), times(23, 'zoo', 'vote')],
  [
    '00ac97c48106f0aeb8ba061e0250a559b3251dc35854e694780ba51d53a50120',
    'absent gorilla van acoustic humor firm title dolphin bulk barely citizen recall crane moment aspect appear track phrase actual enforce steel spoon afraid benefit',
  ],
  [
    '3edc83b60740d77af3afa2fcb82c2f1bc541ee4e2518ddef4996d32453f54a3c',
    'disagree tomato unique attend aspect runway solid violin witness scrap armed daring favorite warm decade perfect target kid grant play early wide cigar night',
  ],
  [
    '89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4',
    'meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue water purchase clarify book magic ribbon daughter menu eye ritual orchard',
  ],
  [
    '911fec0fbd88029f6fa99164896c18d898c9232af18bdcca3e42d53b86493104',
    'much youth advance kitchen lens exile salt cram goose enter alert raise milk muscle profit cousin system faint mouse price reveal cause series long',
  ],
]

for (const [entropy, phrase] of VECTORS)
  test(`BIP-39 ${entropy.slice(0, 16)}…`, () => {
    assert.equal(
      generatePhrase(() => fromHex(entropy)),
      phrase,
    )
    assert.doesNotThrow(() => phraseKeys(phrase).root(1))
  })

const PHRASE = generatePhrase(seededRandom('recovery phrase'))

test('BIP-39 the seed is PBKDF2 over the words, without a passphrase', () => {
  const [, abandon = ''] = VECTORS[0] ?? []
  assert.equal(
    pbkdf2Sync(abandon, 'mnemonic', 2048, 64, 'sha512').toString('hex'),
    '408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf705489c6fc77dbd4e3dc1dd8cc6bc9f043db8ada1e243c4a0eafb290d399480840',
  )
})

test('§2 a rotation’s key is HKDF over that seed and the rotation’s number', () => {
  const seed = mnemonicToSeedSync(PHRASE)
  for (const rotation of [1, 2, 10]) {
    const ikm = Buffer.concat([seed, Buffer.from(`/${rotation}/0`)])
    const scalar = Buffer.from(hkdfSync('sha256', ikm, '', 'handfast/v1/recovery', 32)).toString('hex')
    assert.equal(hex(exportPrivateKey(phraseKeys(PHRASE).root(rotation))), scalar)
  }
})

test('§2 the same phrase and number give the same key, another of either another key', () => {
  const other = generatePhrase(seededRandom('another phrase'))
  const keys = [
    phraseKeys(PHRASE).root(1),
    phraseKeys(PHRASE).root(2),
    phraseKeys(PHRASE).root(12),
    phraseKeys(other).root(1),
  ]
  assert.equal(new Set(keys.map(({ publicKey }) => hex(publicKey))).size, keys.length)
  assert.deepEqual(phraseKeys(PHRASE).root(1).publicKey, keys[0]?.publicKey)
})

test('§3 a rotation commits to every key after it; the last, number 63, to none', () => {
  const chain = phraseKeys(PHRASE)
  const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')
  assert.equal(ROTATIONS_MAX, 63)
  const zeros = new Uint8Array(32)
  assert.deepEqual(chain.epoch(63), { slot: chain.slot(63).publicKey, next: zeros, after: zeros })
  for (const rotation of [0, 1, 61, 62]) {
    const { next, after, slot } = chain.epoch(rotation)
    const following = chain.epoch(rotation + 1)
    assert.equal(hex(next), sha256(chain.root(rotation + 1).publicKey, following.after, following.next))
    assert.deepEqual([slot, after], [chain.slot(rotation).publicKey, blake2b256(chain.slot(rotation + 1).publicKey)])
  }
  const last = [62, 63].map((number) => ({ root: chain.root(number).publicKey, slot: chain.slot(number).publicKey }))
  assert.deepEqual(chain.epoch(61), epochKeys(chain.slot(61).publicKey, last))
})

test('what people type is read generously', () => {
  const typed = `\n  ${PHRASE.toUpperCase().replaceAll(' ', ' \t\n')} `
  assert.equal(normalizePhrase(typed), PHRASE)
  assert.equal(normalizePhrase(PHRASE), PHRASE)
  assert.deepEqual(phraseKeys(typed).root(1).publicKey, phraseKeys(PHRASE).root(1).publicKey)
})

const words = PHRASE.split(' ')

test('BIP-39 anything but 24 listed words with a matching checksum is refused', () => {
  const notPhrases: readonly string[] = [
    '',
    ' ',
    words.slice(0, 23).join(' '),
    `${PHRASE} abandon`,
    times(11, 'abandon', 'about'), // 12 words, valid BIP-39
    times(17, 'abandon', 'agent'), // 18 words, valid BIP-39
    times(23, 'abandon', 'abandon'),
    [...words.slice(0, 23), 'handfast'].join(' '),
    [words[1], words[0], ...words.slice(2)].join(' '),
    words.join(''),
  ]
  for (const text of notPhrases)
    assert.throws(() => phraseKeys(text).root(1), { name: 'KeyError', code: 'ERR_PHRASE' }, text)
})

test('a refused phrase does not show up in the error', () => {
  const secret = 'xylophonist'
  try {
    phraseKeys([secret, ...words.slice(1)].join(' ')).root(1)
    assert.fail('not refused')
  } catch (error) {
    const shown = inspect(error, { depth: 9, showHidden: true })
    for (const word of [secret, words[1] ?? '', words[23] ?? ''])
      assert.doesNotMatch(shown, new RegExp(`\\b${word}\\b`))
  }
})

test('a phrase comes from 32 random bytes', () => {
  const sizes: number[] = []
  generatePhrase((size) => {
    sizes.push(size)
    return new Uint8Array(size)
  })
  assert.deepEqual(sizes, [32])
})
