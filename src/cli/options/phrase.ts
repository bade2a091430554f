import type { Command } from 'commander'
import { UsageError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { wholeText } from '../terminal/lines.ts'
import { readText } from '../terminal/read-text.ts'

/** How the recovery phrase comes in: typed unseen, piped in, or from a file; never as an argument, which others can read. */

/** Bytes: more than a whole screen on which the words stand, and than any mistake worth reading. */
const PHRASE_MAX = 16 * 1024

/** With the list of words, which nothing else of a command needs. */
const ask = async (context: Context): Promise<string> =>
  (await import('./ask-phrase.ts')).askPhrase(context, PHRASE_MAX)

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
