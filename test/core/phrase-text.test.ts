import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { readPhraseText } from '../../src/core/phrase-text.ts'
import { generatePhrase, normalizePhrase } from '../../src/core/recovery-phrase.ts'
import { runs } from '../runs.ts'
import { seededRandom } from './test-bytes.ts'

const PHRASE = generatePhrase(seededRandom('phrase text'))
const words = PHRASE.split(' ')
const numbered = words.map((word, at) => `${at + 1} ${word}`)
const columns = (count: number, all: readonly string[] = numbered): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, column) => all.filter((_word, at) => at % count === column))

/** All that a person could make of the words that were shown. */
const READABLE: Readonly<Record<string, string>> = {
  'in one line': PHRASE,
  'a word a line': words.join('\n'),
  'with CR LF': words.join('\r\n'),
  'with no-break spaces': words.join('\u{a0}'),
  'with a zero-width space and a byte order mark': `\u{feff}${words.join('\u{200b} ')}`,
  'in capitals': PHRASE.toUpperCase(),
  'in full-width letters': PHRASE.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
  'with commas': words.join(', '),
  'with tabs': numbered.join('\t'),
  'numbered in one line': numbered.join(' '),
  'a number and a word a line': numbered.join('\n'),
  'with full stops': words.map((word, at) => `${at + 1}. ${word}`).join('\n'),
  'with brackets and zeros': words.map((word, at) => `${String(at + 1).padStart(2, '0')}) ${word}`).join('\n'),
  'with # and a colon': words.map((word, at) => `#${at + 1}: ${word}`).join('; '),
  'with numbers that stick to the words': words.map((word, at) => `${at + 1}${word}`).join(' '),
  'with each number on the line before its word': numbered.join('\n').replaceAll(' ', '\n    '),
  'column by column': columns(3).flat().join('\n'),
  'with the numbers of each column before its words': columns(3)
    .map((column) =>
      [...column.map((pair) => pair.split(' ')[0]), ...column.map((pair) => pair.split(' ')[1])].join(' '),
    )
    .join('\n'),
  'from the last to the first': numbered.toReversed().join('\n'),
  twice: `${numbered.join(' ')} ${numbered.join(' ')}`,
}

for (const [name, text] of Object.entries(READABLE))
  test(`a phrase is read ${name}`, () => assert.equal(normalizePhrase(text), PHRASE))

test('numbered words are read in any order, with any punctuation', () => {
  const between = fc.constantFrom(' ', '\n', ', ', '\t', ' | ', '\u{a0}')
  const order = fc.shuffledSubarray(numbered, { minLength: 24, maxLength: 24 })
  fc.assert(
    fc.property(order, between, (pairs, space) => {
      assert.equal(normalizePhrase(pairs.join(space)), PHRASE)
    }),
    { numRuns: runs(500) },
  )
})

const faultOf = (text: string) => readPhraseText(text).fault
const changed = (at: number, word: string) => words.with(at, word)
const number = (all: readonly string[]) => all.map((word, at) => `${at + 1} ${word}`)

test('what is wrong is told by numbers', () => {
  assert.equal(faultOf(words.slice(1).join(' ')), 'it has 23 words, not 24')
  assert.equal(faultOf(''), 'it has 0 words, not 24')
  assert.equal(faultOf(changed(2, 'xylophonist').join(' ')), 'word 3 is not on the list')
  assert.equal(faultOf(number(changed(2, 'xylophonist').with(9, 'qqq')).join(' ')), 'words 3, 10 are not on the list')
  assert.equal(faultOf(numbered.filter((_, at) => at !== 6 && at !== 11).join(' ')), 'no word has the number 7, 12')
  const other = words[0] === 'abandon' ? 'zoo' : 'abandon'
  assert.equal(faultOf(`${numbered.join(' ')} 7 ${other}`), 'different words have the number 7')
  assert.deepEqual(
    [readPhraseText('1 zoo 2 zoo').count, readPhraseText('zoo zoo').count, readPhraseText(PHRASE).numbered],
    [2, 2, false],
  )
})

test('a word of the same screen beside a number of it is told from the one that is meant by the list', () => {
  const screen = `address  hf1qq7zz\nfolder   /tmp/7\nkeys     sealed under …\n\n${numbered.join('  ')}\n\nWrite them on paper`
  assert.equal(normalizePhrase(screen), PHRASE)
})

test('the nearest words of the list are those that a slip leads away from', () => {
  const near = (word: string) => readPhraseText(changed(4, word).join(' ')).unlisted
  assert.deepEqual(near('abandn'), [{ place: 5, near: ['abandon'] }])
  assert.deepEqual(near('abandonned')[0]?.near, ['abandon'])
  assert.equal(near('zooo')[0]?.near[0], 'zoo')
  assert.ok(near('waht')[0]?.near.includes('what'))
  assert.deepEqual(near('qqqqqqqq'), [{ place: 5, near: [] }])
  assert.deepEqual(near('x'.repeat(500)), [{ place: 5, near: [] }])
  for (const word of ['ordinery', 'abstrct', 'vaccum'])
    for (const one of near(word)[0]?.near ?? assert.fail()) assert.ok(wordlist.includes(one))
})

test('no fault tells a word', () => {
  const texts = [
    changed(2, 'xylophonist').join(' '),
    number(changed(2, 'xylophonist')).slice(1).join(' '),
    `${numbered.join(' ')} 7 zoo 8 zebra`,
    words.toReversed().join(' '),
    columns(3, words).flat().join(' '),
  ]
  for (const text of texts)
    assert.throws(
      () => normalizePhrase(text),
      ({ code, message }: { code?: string; message: string }) => {
        assert.equal(code, 'ERR_PHRASE')
        const said = new Set(message.match(/[a-z]+/g))
        const known = ['word', 'list', 'one', 'another', 'have', 'two', 'all', 'same']
        for (const word of [...words, 'xylophonist', 'zoo', 'zebra']) assert.ok(known.includes(word) || !said.has(word))
        return true
      },
    )
})
