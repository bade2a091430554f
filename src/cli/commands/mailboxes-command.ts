import type { Command } from 'commander'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export const addMailboxes = (program: Command, start: Start): void => {
  program
    .command('mailboxes')
    .argument('[mailbox]', 'hf1…, or the name of a contact; all of yours when it is left out')
    .option('--remove', 'do not name it any more')
    .summary('tell where others leave what they send while you are away')
    .description(
      'Shows the mailboxes that your card names, or adds one: up to three. listen and chat publish it. Needs no network.',
    )
    .addHelpText('after', '\nExamples:\n  handfast mailboxes hf1…\n  handfast mailboxes hf1… --remove')
    .action((mailbox: string | undefined, { remove }: { remove?: boolean }) =>
      start(async (context) => {
        const { mailboxes } = await import('./mailboxes.ts')
        return mailboxes(context, { mailbox, remove: remove === true })
      }, EXIT.interrupted),
    )
}
