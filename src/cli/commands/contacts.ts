import { ContactError, UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { addContact, resolveContact, WHO } from '../options/contact.ts'
import { blockEvent, contactEvent } from '../output/contact-event.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'

/** `name` is false for --no-name */
type Flags = {
  readonly name?: string | false
  readonly forget?: boolean
  readonly block?: boolean
  readonly unblock?: boolean
}

export const contactsCommand: CommandFile = (program, start) =>
  program
    .command('contacts')
    .argument('[contact]', `${WHO}; all of them when it is left out`)
    .option('--name <name>', 'call it so; every command takes the name for the address')
    .option('--no-name', 'take its name away')
    .option('--forget', 'do not know it any more')
    .option('--block', 'do not deal with it any more: what connects ends, nothing is sent or taken')
    .option('--unblock', 'deal with it again')
    .summary('tell whom you know, and name them')
    .description(
      'Shows the contacts of the data folder: everybody you connected to by address or let in, and whom you have blocked. An address that is not among them is looked up and becomes one.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast contacts\n  handfast contacts hf1… --name Bob\n  handfast contacts Mallory --block',
    )
    .action((contact: string | undefined, flags: Flags) => start((context) => contacts(context, contact, flags)))

/** Only an address that is new needs the network. */
const contacts = async (context: Context, contact: string | undefined, flags: Flags): Promise<number> => {
  const { folder, emit } = context
  const { name, forget, block, unblock } = flags
  if ([forget, block, unblock].filter((flag) => flag).length > 1 || ((block || unblock) && name !== undefined))
    throw new UsageError('ERR_USAGE', { hint: 'one of --name, --forget, --block and --unblock at a time' })
  if (forget && name !== undefined) throw new UsageError('ERR_USAGE', { hint: '--forget takes no name' })
  if (contact === undefined && (forget || block || unblock || name !== undefined))
    throw new UsageError('ERR_USAGE', { hint: 'which contact?' })
  const { openContacts } = await import('../../peer/folder.ts')
  using known = await openContacts(folder)
  if (contact === undefined) {
    const strangers = known.blocked().filter(({ address }) => known.get(address) === null)
    await emitEach(context, Iterator.from(known.list()).map(contactEvent))
    await emitEach(
      context,
      Iterator.from(strangers).map((one) => blockEvent('blocked', one)),
    )
    return EXIT.done
  }
  if (forget) {
    const { address } = known.need(contact)
    known.remove(address)
    await emit({ event: 'forgotten', address })
    return EXIT.done
  }
  if (block) {
    await emit(blockEvent('blocked', known.block(contact)))
    return EXIT.done
  }
  if (unblock) {
    const was = known.unblock(contact)
    if (was === null) throw new ContactError('ERR_CONTACT_BLOCKED')
    await emit(blockEvent('unblocked', was))
    return EXIT.done
  }
  const address = await resolveContact(folder, contact)
  const found = known.get(address) ?? (await addContact(context, address, { name: name === false ? undefined : name }))
  await emit(contactEvent(name === undefined ? found : known.rename(found.address, name === false ? null : name)))
  return EXIT.done
}
