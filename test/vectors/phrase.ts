import { generatePhrase } from '../../src/core/recovery-phrase.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { phraseOutput } from './primitive-checks.ts'
import type { Vectors } from './vector-files.ts'

/**
 * vectors/phrase: `phrase` gives the `output`: its BIP-39 `seed`, what entry 0 says (`next`, `slot` by `slotSeed`, `after`), and the root keys of
 * rotations 1, 2, 3 and 63 with what each says; or it is refused with `error`.
 */

const phrase = generatePhrase(seededRandom('vectors/phrase'))
const words = phrase.split(' ')
const word = (index: number): string => words[index] ?? ''
const times = (count: number, one: string, last: string): string => `${`${one} `.repeat(count)}${last}`

const pairs = words.map((one, at) => `${at + 1} ${one}`)
/** What stands in three columns, each of them in one text. */
const byColumns = (all: readonly string[]): readonly string[] =>
  [0, 1, 2].map((column) => all.filter((_, at) => at % 3 === column).join(' '))

const accepted = (description: string, text: string) => ({ description, phrase: text, output: phraseOutput(text) })
const refused = (description: string, text: string) => ({ description, phrase: text, error: 'ERR_PHRASE' })

export const phraseVectors: Vectors = {
  phrase: accepted('24 words', phrase),
  zeros: accepted('the phrase of 32 zero bytes', times(23, 'abandon', 'art')),
  ones: accepted('the phrase of 32 bytes 0xff', times(23, 'zoo', 'vote')),
  typed: accepted('capitals and white space of any kind', `\n  ${phrase.toUpperCase().replaceAll(' ', ' \t\r\n')} `),

  empty: refused('no text', ''),
  '23-words': refused('the last word missing', words.slice(0, 23).join(' ')),
  '25-words': refused('a word too many', `${phrase} abandon`),
  '12-words': refused('12 words with a matching checksum', times(11, 'abandon', 'about')),
  '18-words': refused('18 words with a matching checksum', times(17, 'abandon', 'agent')),
  unlisted: refused('a word that is not of the list', [...words.slice(0, 23), 'handfast'].join(' ')),
  checksum: refused('24 words of the list whose checksum does not match', times(23, 'abandon', 'abandon')),
  swapped: refused('the first two words exchanged', [word(1), word(0), ...words.slice(2)].join(' ')),
  commas: accepted('commas between the words', words.join(',')),
  'four-letters': refused('the first four letters of each word', words.map((one) => one.slice(0, 4)).join(' ')),
  numbered: accepted('a number before each word', pairs.join(' ')),
  lines: accepted(
    'a number, a full stop and a word in each line',
    words.map((one, at) => `${at + 1}. ${one}`).join('\n'),
  ),
  columns: accepted('numbered words, read column by column', byColumns(pairs).join('\n')),
  'columns-apart': accepted(
    'all numbers of a column, and then its words',
    byColumns(pairs.map((_, at) => `${at + 1}`))
      .map((column, at) => `${column}\n${byColumns(words)[at]}`)
      .join('\n'),
  ),
  screen: accepted(
    'numbers in a text that says more, with no-break spaces',
    `The words of hf1qq7 in /tmp/24:\u{a0}${pairs.join('\u{a0}\u{a0}')}\nKeep it.`,
  ),
  'number-missing': refused('no word with the number 7', pairs.filter((_, at) => at !== 6).join(' ')),
  'number-twice': refused('two words of the list with the number 7', `${pairs.join(' ')} 7 ${word(0)}`),
  'columns-unnumbered': refused('words without numbers, read column by column', byColumns(words).join(' ')),
}
