import { PHRASE_WORDS, type PhraseText, readPhraseText } from '../../core/phrase-text.ts'
import type { Context } from '../context.ts'

const QUESTION = `recovery phrase (${PHRASE_WORDS} words; they do not show): `
const AGAIN = 'type all of it again (an empty line: stop): '

/** What is asked for after so much of it; null when it is enough. */
const more = (text: string): string | null => {
  const { count } = readPhraseText(text)
  return count < PHRASE_WORDS ? `${count} of ${PHRASE_WORDS} words; go on (an empty line: that is all): ` : null
}

/** Asks for the recovery phrase, at most `limit` bytes. At a terminal, where whoever types sees what is said, it can be typed again. */
export const askPhrase = async ({ terminal, signal }: Context, limit: number): Promise<string> => {
  const asking = { hidden: true, limit, more, signal }
  let typed = (await terminal.ask(QUESTION, asking)) ?? ''
  while (terminal.interactive && typed.trim() !== '') {
    const read = readPhraseText(typed)
    if (read.fault === null) break
    await terminal.err(describe(read))
    typed = (await terminal.ask(AGAIN, asking)) ?? ''
  }
  return typed
}

const describe = ({ fault, unlisted }: PhraseText): readonly string[] => [
  `${fault}`,
  ...unlisted.flatMap(({ place, near }) => (near.length === 0 ? [] : [`word ${place}: perhaps ${near.join(', ')}`])),
]
