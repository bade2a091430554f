import { randomInt } from 'node:crypto'
import type { Context } from '../context.ts'

/** Words that are asked for: who can give these has the paper at hand. */
const ASKED = 3
const WORD_MAX = 100

/** Asks for words of the recovery phrase that was just shown, until each is right or the input ends. */
export const checkWritten = async (
  { terminal, signal }: Pick<Context, 'terminal' | 'signal'>,
  phrase: string,
): Promise<void> => {
  const words = phrase.split(' ')
  await terminal.err(['', 'To be sure that they stand on paper, three of these words (Ctrl-D: not now):'])
  for (const place of choosePlaces(words.length)) {
    for (;;) {
      const typed = await terminal.ask(`word ${place + 1}: `, { limit: WORD_MAX, signal })
      signal.throwIfAborted()
      if (typed === null) return
      if (wordIn(typed, place + 1) === words[place]) break
      await terminal.err([`that is not word ${place + 1}: look at the paper again`])
    }
  }
}

/** As it stands on the paper, perhaps, with its number. */
const wordIn = (typed: string, number: number): string =>
  typed
    .trim()
    .toLowerCase()
    .replace(new RegExp(`^0?${number}[^a-z0-9]*`), '')

/** Different places, in rising order. */
const choosePlaces = (size: number): readonly number[] => {
  const places = new Set<number>()
  while (places.size < ASKED) places.add(randomInt(size))
  return [...places].toSorted((a, b) => a - b)
}
