import { MailboxError, UsageError } from '../../core/errors.ts'
import { openMailboxNames } from '../../peer/open.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { resolve } from './contacts.ts'

export type MailboxesOptions = {
  /** a name or an address; without one nothing is changed */
  readonly mailbox: string | undefined
  readonly remove: boolean
}

/** `handfast mailboxes`: tells which mailboxes the identity of the folder names, after adding or removing one. */
export const mailboxes = async ({ folder, emit }: Context, { mailbox, remove }: MailboxesOptions): Promise<number> => {
  if (mailbox === undefined && remove) throw new UsageError('ERR_USAGE', { hint: 'which mailbox?' })
  const address = mailbox === undefined ? null : await resolve(folder, mailbox)
  using own = await openMailboxNames(folder)
  if (address !== null) {
    const others = own.named().filter((one) => one !== address)
    if (remove && others.length === own.named().length) throw new MailboxError('ERR_MAILBOX_UNNAMED')
    own.name(remove ? others : [...others, address])
  }
  for (const one of own.named()) emit({ event: 'mailbox', address: one })
  return EXIT.done
}
