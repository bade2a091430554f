import { FileError, UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { readCount } from '../options/count.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'
import { cancelledEvent, fileEvent } from '../output/file-event.ts'

type Flags = { readonly limit: number; readonly before?: number; readonly cancel?: number; readonly clear?: boolean }

export const filesCommand: CommandFile = (program, start) =>
  program
    .command('files')
    .argument('[contact]', `${WHO}; everybody when it is left out`)
    .option('--limit <number>', 'how many, the latest', readCount, 100)
    .option('--before <id>', 'only those before this one', readCount)
    .option('--cancel <id>', 'give this one up, on both sides', readCount)
    .option('--clear', 'what a contact sent is dealt with: it counts no more against what it may send')
    .summary('tell what became of files, or give one up')
    .description(
      'Shows the files that were sent and received, and what became of them. With --cancel it gives one up that is under way; the other side hears of it when both are there. Needs no network.',
    )
    .addHelpText('after', '\nExamples:\n  handfast files Bob\n  handfast files --cancel 7')
    .action((contact: string | undefined, flags: Flags) => start((context) => files(context, contact, flags)))

const files = async (context: Context, contact: string | undefined, flags: Flags): Promise<number> => {
  const { folder, passphrases, emit } = context
  const { limit, before, cancel, clear } = flags
  if (limit < 1) throw new UsageError('ERR_USAGE', { hint: '--limit begins at 1' })
  if (cancel !== undefined && contact !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--cancel takes no contact: its number says which one' })
  if (clear && (contact === undefined || cancel !== undefined))
    throw new UsageError('ERR_USAGE', { hint: '--clear takes a contact, and nothing else' })
  const who = contact === undefined ? undefined : await resolveContact(folder, contact)
  const { openFiles } = await import('../../peer/stored-files.ts')
  await using own = await openFiles(folder, passphrases.current)
  if (clear && who !== undefined) {
    own.clear(who)
    await emit({ event: 'cleared', peer: who })
    return EXIT.done
  }
  if (cancel === undefined) {
    await emitEach(context, own.list({ who, limit, before }).map(fileEvent))
    return EXIT.done
  }
  const [transfer] = own.list({ before: cancel + 1, limit: 1 })
  if (transfer?.id !== cancel) throw new FileError('ERR_FILE_UNKNOWN')
  await own.cancel(cancel)
  await emit(cancelledEvent(transfer))
  return EXIT.done
}
