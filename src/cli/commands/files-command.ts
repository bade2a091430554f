import { type Command, InvalidArgumentError } from 'commander'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'

type FilesFlags = { readonly limit: number; readonly before?: number; readonly cancel?: number }

export const addFiles = (program: Command, start: Start): void => {
  program
    .command('files')
    .argument('[contact]', 'a name, or hf1…; everybody when it is left out')
    .option('--limit <number>', 'how many, the latest', readNumber, 100)
    .option('--before <id>', 'only those before this one', readNumber)
    .option('--cancel <id>', 'give this one up, on both sides', readNumber)
    .summary('tell what became of files, or give one up')
    .description(
      'Shows the files that were sent and received, and what became of them. With --cancel it gives one up that is under way; the other side hears of it when both are there. Needs no network.',
    )
    .addHelpText('after', '\nExamples:\n  handfast files Bob\n  handfast files --cancel 7')
    .action((contact: string | undefined, { limit, before, cancel }: FilesFlags) =>
      start(async (context) => {
        const { files } = await import('./files.ts')
        return files(context, { contact, limit, before, cancel })
      }, EXIT.interrupted),
    )
}

const readNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}
