import { UsageError } from '../../core/errors.ts'
import type { Message } from '../../messages/message.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { readCount } from '../options/count.ts'
import { readDate } from '../options/date.ts'
import type { CliEvent } from '../output/cli-events.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'

type Flags = { readonly limit: number; readonly before?: number; readonly deleteBefore?: number }

export const messagesCommand: CommandFile = (program, start) =>
  program
    .command('messages')
    .argument('<contact>', WHO)
    .option('--limit <number>', 'how many, the latest', readCount, 100)
    .option('--before <id>', 'only those before this one', readCount)
    .option('--delete-before <date>', 'delete what is older instead, but for what waits', readDate)
    .summary('tell what was said with a contact')
    .description(
      'Shows the messages to and from a contact, and what became of those that were sent. With --delete-before it deletes those that were sent and received before a day (UTC), or a time, on this side alone. Needs no network.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast messages Bob --limit 20\n  handfast messages Bob --delete-before 2026-01-31',
    )
    .action((contact: string, flags: Flags) => start((context) => messages(context, contact, flags)))

const messages = async (context: Context, contact: string, { limit, before, deleteBefore }: Flags): Promise<number> => {
  const { folder, passphrases, emit } = context
  if (limit < 1) throw new UsageError('ERR_USAGE', { hint: '--limit begins at 1' })
  const address = await resolveContact(folder, contact)
  const { openHistory } = await import('../../peer/folder.ts')
  using history = await openHistory(folder, passphrases.current)
  if (deleteBefore !== undefined) {
    await emit({ event: 'deleted', peer: address, messages: history.forget(address, deleteBefore) })
    return EXIT.done
  }
  const past = history.read(address, before === undefined ? { limit } : { limit, before })
  await emitEach(context, Iterator.from(past).map(pastEvent))
  return EXIT.done
}

const pastEvent = (message: Message): CliEvent<'past-message'> => {
  const { id, hash, peer, direction, sentAt, state, reason, exposed } = message
  const { text = null, data, unknown: kind = null } = message
  const said = { text, base64: data === undefined ? null : toBase64(data), kind }
  const fate = { at: Math.floor(sentAt / 1000), state, code: reason, exposed }
  return { event: 'past-message', id, hash, peer, direction, ...fate, ...said }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
