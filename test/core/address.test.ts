import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { runs } from '../runs.ts'
import { anyText } from './any-text.ts'
import { encodeWords, isBech32m, toWords } from './bech32m-reference.ts'
import { refusalOf } from './refusal.ts'
import { seededRandom } from './test-bytes.ts'

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const RUNS = { seed: 350, numRuns: runs(300) }
const ids = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = seededRandom('address')(32)
const address = encodeAddress(id)

const refused = (text: string): string | null => refusalOf(() => decodeAddress(text))

/** BIP-350, "Test vectors for Bech32m". */
const VALID = [
  'A1LQFN3A',
  'a1lqfn3a',
  'an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6',
  'abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx',
  '11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8',
  'split1checkupstagehandshakeupstreamerranterredcaperredlc445v',
  '?1v759aa',
]
const INVALID = [
  '\x201xj0phk',
  '\x7f1g6xzxy',
  '\x801vctc34',
  'an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4',
  'qyrz8wqd2c9m',
  '1qyrz8wqd2c9m',
  'y1b0jsk6g',
  'lt1igcx5c0',
  'in1muywd',
  'mm1crxm3i',
  'au1s5cgom',
  'M1VUXWEZ',
  '16plkw9',
  '1p2gdwpf',
]

test('BIP-350 test vectors hold for the reference that the next tests compare with', () => {
  for (const text of VALID) assert.ok(isBech32m(text), text)
  for (const text of INVALID) assert.ok(!isBech32m(text), text)
})

test('BIP-350 no test vector, valid or not, is an address', () => {
  for (const text of [...VALID, ...INVALID]) assert.equal(refused(text), 'ERR_ADDRESS_PREFIX', text)
  assert.equal(refused(encodeWords('hf', [])), 'ERR_ADDRESS_LENGTH')
})

test('§2 an address is the reference’s bech32m of the 32 bytes, 61 characters, and decodes to them', () => {
  fc.assert(
    fc.property(ids, (bytes) => {
      const text = encodeAddress(bytes)
      assert.match(text, /^hf1[02-9ac-hj-np-z]{58}$/)
      assert.ok(isBech32m(text))
      assert.equal(text, encodeWords('hf', toWords(bytes)))
      assert.deepEqual(decodeAddress(text), bytes)
      assert.deepEqual(decodeAddress(text.toUpperCase()), bytes)
    }),
    RUNS,
  )
})

test('§2 the address of a known hash', () => {
  assert.equal(encodeAddress(sha256()), encodeWords('hf', toWords(sha256())))
  assert.equal(Object.getPrototypeOf(decodeAddress(address)), Uint8Array.prototype)
})

test('BIP-350 every substitution of one data character is a checksum error', () => {
  for (let at = 3; at < address.length; at++)
    for (const letter of CHARSET) {
      if (letter === address[at]) continue
      assert.equal(
        refused(address.slice(0, at) + letter + address.slice(at + 1)),
        'ERR_ADDRESS_CHECKSUM',
        `${letter} at ${at}`,
      )
    }
})

test('BIP-350 characters outside the alphabet are checksum errors too: b, i, o, 1', () => {
  for (let at = 3; at < address.length; at++)
    for (const letter of 'bio1')
      assert.equal(
        refused(address.slice(0, at) + letter + address.slice(at + 1)),
        'ERR_ADDRESS_CHECKSUM',
        `${letter} at ${at}`,
      )
})

test('every substitution by another printable character is refused', () => {
  fc.assert(
    fc.property(ids, fc.nat(60), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }), (bytes, at, letter) => {
      const text = encodeAddress(bytes)
      fc.pre(letter !== text[at])
      assert.match(refused(text.slice(0, at) + letter + text.slice(at + 1)) ?? 'accepted', /^ERR_ADDRESS_/)
    }),
    { ...RUNS, numRuns: runs(2000) },
  )
})

test('every two neighbours exchanged are a checksum error', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 3, max: 59 }), (bytes, at) => {
      const text = encodeAddress(bytes)
      fc.pre(text[at] !== text[at + 1])
      const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
      assert.equal(refused(swapped), 'ERR_ADDRESS_CHECKSUM')
    }),
    { ...RUNS, numRuns: runs(1000) },
  )
})

test('any four characters changed are a checksum error', () => {
  const changes = fc.uniqueArray(fc.tuple(fc.integer({ min: 3, max: 60 }), fc.integer({ min: 1, max: 31 })), {
    minLength: 2,
    maxLength: 4,
    selector: ([at]) => at,
  })
  fc.assert(
    fc.property(ids, changes, (bytes, changed) => {
      const letters = Array.from(encodeAddress(bytes))
      for (const [at, by] of changed) letters[at] = CHARSET[(CHARSET.indexOf(letters[at] ?? '') + by) % 32] ?? ''
      assert.equal(refused(letters.join('')), 'ERR_ADDRESS_CHECKSUM')
    }),
    { ...RUNS, numRuns: runs(1000) },
  )
})

test('a missing or doubled character, wherever it stands, is refused', () => {
  for (let at = 0; at < address.length; at++) {
    const expected = at < 3 ? /^ERR_ADDRESS_(PREFIX|LENGTH)$/ : /^ERR_ADDRESS_LENGTH$/
    assert.match(refused(address.slice(0, at) + address.slice(at + 1)) ?? '', expected, `without ${at}`)
    assert.match(refused(address.slice(0, at + 1) + address.slice(at)) ?? '', expected, `twice ${at}`)
  }
})

test('BIP-173 mixed case is refused', () => {
  assert.equal(refused(`HF1${address.slice(3)}`), 'ERR_ADDRESS_PREFIX')
  const at = address.search(/[a-z](?=[^1]*$)/)
  assert.equal(refused(address.slice(0, at) + address.slice(at).toUpperCase()), 'ERR_ADDRESS_FORMAT')
})

test('one address has two spellings and no more: look-alikes outside ASCII are refused', () => {
  const withK =
    fc
      .sample(ids, { seed: 7, numRuns: runs(50) })
      .map(encodeAddress)
      .find((text) => text.includes('k')) ?? ''
  assert.equal(refused(withK), null)
  for (const text of [withK.toUpperCase(), withK]) {
    assert.equal(refused(text.replace(/k/i, '\u212a')), text === withK ? 'ERR_ADDRESS_FORMAT' : 'ERR_ADDRESS_PREFIX')
    assert.notEqual(refused(text.replace(/h/i, '\uff48')), null)
  }
})

test('white space, quotes and link schemes around an address are refused', () => {
  for (const text of [` ${address}`, `${address}\n`, `"${address}"`, `handfast:${address}`, ''])
    assert.match(refused(text) ?? 'accepted', /^ERR_ADDRESS_(PREFIX|LENGTH)$/, text)
  assert.equal(refused(`${address.slice(0, 30)} ${address.slice(31)}`), 'ERR_ADDRESS_FORMAT')
})

test('BIP-350 a correct checksum over other things is refused all the same', () => {
  const words = toWords(id)
  assert.equal(refused(encodeWords('hf', words, 1)), 'ERR_ADDRESS_CHECKSUM', 'BIP-173 bech32')
  assert.equal(refused(encodeWords('bc', words)), 'ERR_ADDRESS_PREFIX', 'another prefix')
  assert.equal(
    refused(encodeWords('hf1q', toWords(id.slice(1)))),
    'ERR_ADDRESS_CHECKSUM',
    'a longer prefix, 61 characters',
  )
  assert.equal(refused(encodeWords('hf', toWords(id.slice(1)))), 'ERR_ADDRESS_LENGTH', '31 bytes')
  assert.equal(refused(encodeWords('hf', toWords(new Uint8Array(33)))), 'ERR_ADDRESS_LENGTH', '33 bytes')
  const last = (words.at(-1) ?? 0) | 1
  assert.equal(
    refused(encodeWords('hf', [...words.slice(0, -1), last])),
    'ERR_ADDRESS_CHECKSUM',
    'padding bits not zero',
  )
})

test('random text is refused with an AddressError', () => {
  const texts = fc.oneof(
    anyText(),
    fc.string().map((text) => `hf1${text}`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      assert.match(refused(text) ?? 'accepted', /^ERR_ADDRESS_/)
    }),
    { ...RUNS, numRuns: runs(2000) },
  )
})
