import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { FileError, UsageError } from '../../core/errors.ts'
import type { Context } from '../context.ts'

/** How the recovery phrase comes in: typed unseen, piped in, or from a file; never as an argument, which others can read. */

/** Longer than 24 words, and than any mistake worth reading. */
const PHRASE_MAX = 2_000

export type PhraseFlags = { readonly phraseFile?: string; readonly evenDoubtful?: boolean }

/** What the help of each command with this option says of it. */
export const PHRASE_HELP =
  'The recovery phrase is typed without being shown, or piped in, or read from --phrase-file; it is never an argument.'

export const phraseOption = (command: Command): Command =>
  command
    .option('--phrase-file <file>', 'read the recovery phrase from a file')
    .option('--even-doubtful', 'also when the network may hide something newer, which would then contradict this')

/** @throws UsageError ERR_USAGE when nothing came; FileError ERR_FILE_READ */
export const readPhrase = async ({ terminal, signal }: Context, { phraseFile }: PhraseFlags): Promise<string> => {
  const phrase = phraseFile === undefined ? await ask(terminal, signal) : await fromFile(phraseFile)
  signal.throwIfAborted()
  if (phrase.trim() === '')
    throw new UsageError('ERR_USAGE', {
      hint: 'no recovery phrase was given: type it, pipe it in, or use --phrase-file',
    })
  return phrase
}

const ask = async (terminal: Context['terminal'], signal: AbortSignal): Promise<string> =>
  (await terminal.ask('recovery phrase (24 words; they do not show): ', { hidden: true, limit: PHRASE_MAX, signal })) ??
  ''

const fromFile = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, 'utf8')).slice(0, PHRASE_MAX)
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', { hint: path, cause })
  }
}
