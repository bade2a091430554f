import { MailboxError, UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { EXIT } from '../output/failure.ts'

type Flags = { readonly remove?: boolean }

export const mailboxesCommand: CommandFile = (program, start) =>
  program
    .command('mailboxes')
    .argument('[mailbox]', `${WHO}; all of yours when it is left out`)
    .option('--remove', 'do not name it any more')
    .summary('tell where others leave what they send while you are away')
    .description(
      'Shows your mailboxes, or adds one: up to three. listen, chat and send tell the network of them. Needs no network.',
    )
    .addHelpText('after', '\nExamples:\n  handfast mailboxes hf1…\n  handfast mailboxes hf1… --remove')
    .action((mailbox: string | undefined, flags: Flags) => start((context) => mailboxes(context, mailbox, flags)))

const mailboxes = async (
  { folder, emit }: Context,
  mailbox: string | undefined,
  { remove = false }: Flags,
): Promise<number> => {
  if (mailbox === undefined && remove) throw new UsageError('ERR_USAGE', { hint: 'which mailbox?' })
  const address = mailbox === undefined ? null : await resolveContact(folder, mailbox)
  const { openMailboxNames } = await import('../../peer/folder.ts')
  using own = await openMailboxNames(folder)
  if (address !== null) {
    const others = own.named().filter((one) => one !== address)
    if (remove && others.length === own.named().length) throw new MailboxError('ERR_MAILBOX_UNNAMED')
    own.name(remove ? others : [...others, address])
  }
  for (const one of own.named()) await emit({ event: 'mailbox', address: one })
  return EXIT.done
}
