import { wordlist } from '@scure/bip39/wordlists/english.js'

/**
 * The text of a recovery phrase as people type, copy and paste it: in one line or several, with or without the numbers that the words were
 * shown with, in capitals, with any white space and punctuation between. Where there are numbers, they decide the order, whatever the text
 * was copied from: rows, columns, or the whole screen.
 */

export const PHRASE_WORDS = 24

/** What such a text says. */
export type PhraseText = (
  | { /** 24 words of the list, in their order */ readonly words: readonly string[]; readonly fault: null }
  | { readonly words: null /** What is wrong; it tells numbers and never a word. */; readonly fault: string }
) & {
  /** Words that are not on the list, with those that they look like: for the eyes of whoever typed them, and nobody else's. */
  readonly unlisted: readonly Unlisted[]
  /** how many words it says so far, to be shown while more are typed */
  readonly count: number
  /** whether they have numbers */
  readonly numbered: boolean
}

/** `place`: the number of the word, from 1 on. */
export type Unlisted = { readonly place: number; readonly near: readonly string[] }

const LIST: ReadonlySet<string> = new Set(wordlist)

/** Longer than any word of the list by more than a slip of a finger. */
const WORD_MAX = 20
const NEAR_MAX = 3

type Token = { readonly number: number } | { readonly word: string }

const isPlace = (number: number): boolean => number >= 1 && number <= PHRASE_WORDS

/** `7`, `07`, `word` and `7word`; whatever else has digits in it is neither, and most likely an address. */
const tokensOf = (text: string): readonly Token[] => {
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
  return plain.split(/[^\p{L}\p{N}]+/u).flatMap((part): readonly Token[] => {
    const [, digits = '', letters = ''] = /^(\d{0,2})(\p{L}*)$/u.exec(part) ?? []
    if (digits === '') return letters === '' ? [] : [{ word: letters }]
    if (!isPlace(Number(digits))) return []
    return letters === '' ? [{ number: Number(digits) }] : [{ number: Number(digits) }, { word: letters }]
  })
}

/** Candidates for each place: the words after a number, or after several in a row, belong to as many of them; of too many the last. */
const byNumbers = (tokens: readonly Token[]): ReadonlyMap<number, ReadonlySet<string>> => {
  const found = new Map<number, Set<string>>()
  let numbers: number[] = []
  let words: string[] = []
  const pair = (): void => {
    for (const [index, number] of numbers.slice(-words.length || numbers.length).entries()) {
      const word = words[index]
      if (word !== undefined) found.set(number, (found.get(number) ?? new Set()).add(word))
    }
    numbers = []
    words = []
  }
  for (const token of tokens) {
    if ('word' in token) words.push(token.word)
    else {
      if (words.length > 0) pair()
      numbers.push(token.number)
    }
  }
  pair()
  return found
}

const listNumbers = (numbers: readonly number[]): string => numbers.join(', ')

/** Of what stands beside one number, e.g. in a path of the same screen, a word of the list is meant. */
const choose = (candidates: ReadonlySet<string>): readonly string[] => {
  const listed = [...candidates].filter((word) => LIST.has(word))
  return listed.length > 0 ? listed : [...candidates].slice(0, 1)
}

const readNumbered = (found: ReadonlyMap<number, ReadonlySet<string>>): PhraseText => {
  const places = Array.from({ length: PHRASE_WORDS }, (_, index) => choose(found.get(index + 1) ?? new Set()))
  const missing = places.flatMap((words, index) => (words.length === 0 ? [index + 1] : []))
  const several = places.flatMap((words, index) => (words.length > 1 ? [index + 1] : []))
  const unlisted = unlistedOf(places.map(([word]) => word))
  const faults = [
    ...(missing.length === 0 ? [] : [`no word has the number ${listNumbers(missing)}`]),
    ...(several.length === 0 ? [] : [`different words have the number ${listNumbers(several)}`]),
    ...describeUnlisted(unlisted),
  ]
  const count = PHRASE_WORDS - missing.length
  if (faults.length > 0) return { words: null, fault: faults.join('; '), unlisted, count, numbered: true }
  return { words: places.flat(), fault: null, unlisted, count, numbered: true }
}

const readPlain = (tokens: readonly Token[]): PhraseText => {
  const words = tokens.flatMap((token) => ('word' in token ? [token.word] : []))
  const count = words.length
  const unlisted = unlistedOf(words.slice(0, PHRASE_WORDS))
  const faults = [
    ...(count === PHRASE_WORDS ? [] : [`it has ${count === 1 ? '1 word' : `${count} words`}, not ${PHRASE_WORDS}`]),
    ...describeUnlisted(unlisted),
  ]
  if (faults.length > 0) return { words: null, fault: faults.join('; '), unlisted, count, numbered: false }
  return { words, fault: null, unlisted, count, numbered: false }
}

/** Reads such a text, which nobody has to have written carefully. */
export const readPhraseText = (text: string): PhraseText => {
  const tokens = tokensOf(text)
  const found = byNumbers(tokens)
  // One number alone is no numbering: "24 words: …".
  return found.size > 1 ? readNumbered(found) : readPlain(tokens)
}

const unlistedOf = (words: readonly (string | undefined)[]): readonly Unlisted[] =>
  words.flatMap((word, index) =>
    word === undefined || LIST.has(word) ? [] : [{ place: index + 1, near: nearest(word) }],
  )

const describeUnlisted = (unlisted: readonly Unlisted[]): readonly string[] => {
  if (unlisted.length === 0) return []
  const numbers = listNumbers(unlisted.map(({ place }) => place))
  return [unlisted.length === 1 ? `word ${numbers} is not on the list` : `words ${numbers} are not on the list`]
}

/** A word of the list is told from all others by its first four letters. */
const TELLING_LETTERS = 4

/** Words of the list that were most likely meant: with the same beginning, or at most two slips away. */
const nearest = (word: string): readonly string[] => {
  if (word.length > WORD_MAX) return []
  const start = word.slice(0, TELLING_LETTERS)
  const slips = wordlist.map((listed) => ({
    listed,
    slips: word.length >= TELLING_LETTERS && listed.startsWith(start) ? 0 : slipsBetween(word, listed),
  }))
  const fewest = slips
    .filter((one) => one.slips <= Math.min(2, word.length - 1))
    .sort((one, other) => one.slips - other.slips)
  return fewest.slice(0, NEAR_MAX).map(({ listed }) => listed)
}

/** Letters that are missing, added, another, or exchanged with the next (optimal string alignment). */
const slipsBetween = (one: string, other: string): number => {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= one.length; row++) {
    rows.push([row])
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const least = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (same ? 0 : 1))
      rows[row]?.push(swapped && row > 1 && column > 1 ? Math.min(least, at(row - 2, column - 2) + 1) : least)
    }
  }
  return at(one.length, other.length)
}
