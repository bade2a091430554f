import type { Command } from 'commander'
import { UsageError } from '../../core/errors.ts'
import { PHRASE_WORDS, type PhraseText, readPhraseText } from '../../core/phrase-text.ts'
import type { Context } from '../context.ts'
import { wholeText } from '../terminal/lines.ts'
import { readText } from '../terminal/read-text.ts'

/** How the recovery phrase comes in: typed unseen, piped in, or from a file; never as an argument, which others can read. */

/** Bytes: more than a whole screen on which the words stand, and than any mistake worth reading. */
const PHRASE_MAX = 16 * 1024

export type PhraseFlags = { readonly phraseFile?: string; readonly evenDoubtful?: boolean }

/** What the help of each command with this option says of it. */
export const PHRASE_HELP =
  'The recovery phrase is typed without being shown, or piped in, or read from --phrase-file; it is never an argument. It may be in one line or several, and have the numbers that it was shown with: these then decide the order.'

export const phraseOption = (command: Command): Command =>
  command
    .option('--phrase-file <file>', 'read the recovery phrase from a file; - for what is piped in')
    .option('--even-doubtful', 'also when the network may hide something newer, which would then contradict this')

/** @throws UsageError ERR_USAGE when nothing came, ERR_INPUT; FileError ERR_FILE_READ; the signal's reason */
export const readPhrase = async (context: Context, { phraseFile }: PhraseFlags): Promise<string> => {
  const phrase = phraseFile === undefined ? await ask(context) : await fromFile(context, phraseFile)
  context.signal.throwIfAborted()
  if (phrase.trim() === '')
    throw new UsageError('ERR_USAGE', {
      hint: 'no recovery phrase was given: type it, pipe it in, or use --phrase-file',
    })
  return phrase
}

const fromFile = async (context: Context, path: string): Promise<string> =>
  wholeText(await readText(context, path, PHRASE_MAX), PHRASE_MAX)

const QUESTION = `recovery phrase (${PHRASE_WORDS} words; they do not show): `
const AGAIN = 'type all of it again (an empty line: stop): '

/** What is asked for after so much of it; null when it is enough. */
const more = (text: string): string | null => {
  const { count } = readPhraseText(text)
  return count < PHRASE_WORDS ? `${count} of ${PHRASE_WORDS} words; go on (an empty line: that is all): ` : null
}

/** At a terminal, where whoever types sees what is said, it can be typed again. */
const ask = async ({ terminal, signal }: Context): Promise<string> => {
  const asking = { hidden: true, limit: PHRASE_MAX, more, signal }
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
