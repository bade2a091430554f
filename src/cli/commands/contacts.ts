import { UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { addContact, resolveContact, WHO } from '../options/contact.ts'
import { contactEvent } from '../output/contact-event.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'

/** `name` is false for --no-name */
type Flags = { readonly name?: string | false; readonly forget?: boolean }

export const contactsCommand: CommandFile = (program, start) =>
  program
    .command('contacts')
    .argument('[contact]', `${WHO}; all of them when it is left out`)
    .option('--name <name>', 'call it so; every command takes the name for the address')
    .option('--no-name', 'take its name away')
    .option('--forget', 'do not know it any more')
    .summary('tell whom you know, and name them')
    .description(
      'Shows the contacts of the data folder: everybody you connected to by address. An address that is not among them is looked up and becomes one.',
    )
    .addHelpText('after', '\nExamples:\n  handfast contacts\n  handfast contacts hf1… --name Bob')
    .action((contact: string | undefined, flags: Flags) => start((context) => contacts(context, contact, flags)))

/** Only an address that is new needs the network. */
const contacts = async (context: Context, contact: string | undefined, { name, forget }: Flags): Promise<number> => {
  const { folder, emit } = context
  if (forget && name !== undefined) throw new UsageError('ERR_USAGE', { hint: '--forget takes no name' })
  if (contact === undefined && (forget || name !== undefined))
    throw new UsageError('ERR_USAGE', { hint: 'which contact?' })
  const { openContacts } = await import('../../peer/folder.ts')
  using known = await openContacts(folder)
  if (contact === undefined) {
    await emitEach(context, Iterator.from(known.list()).map(contactEvent))
    return EXIT.done
  }
  if (forget) {
    const { address } = known.need(contact)
    known.remove(address)
    await emit({ event: 'forgotten', address })
    return EXIT.done
  }
  const address = await resolveContact(folder, contact)
  const found = known.get(address) ?? (await addContact(context, address, { name: name === false ? undefined : name }))
  await emit(contactEvent(name === undefined ? found : known.rename(found.address, name === false ? null : name)))
  return EXIT.done
}
