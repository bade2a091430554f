import type { ContactLimits } from '../../contacts/contact-volumes.ts'
import { ContactError, UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { addContact, resolveContact, WHO } from '../options/contact.ts'
import { readSize } from '../options/size.ts'
import { blockEvent, contactEvent } from '../output/contact-event.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'

type Size = ReturnType<typeof readSize>

/** `name` is false for --no-name */
type Flags = {
  readonly name?: string | false
  readonly forget?: boolean
  readonly block?: boolean
  readonly unblock?: boolean
  readonly limits?: boolean
  readonly messagesInAll?: Size
  readonly messagesADay?: Size
  readonly filesInAll?: Size
  readonly filesADay?: Size
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
    .option('--limits', 'also tell how much it has sent, and may')
    .option('--messages-in-all <size>', 'keep so much of its messages, such as 2GiB; default: 1GiB', readSize)
    .option('--messages-a-day <size>', 'take so much of its messages a day; default: 128MiB', readSize)
    .option('--files-in-all <size>', 'take so much in files until they are cleared; default: 32GiB', readSize)
    .option('--files-a-day <size>', 'take so much in files a day; default: 8GiB', readSize)
    .summary('tell whom you know, and name them')
    .description(
      'Shows the contacts of the data folder: everybody you connected to by address or let in, and whom you have blocked. An address that is not among them is looked up and becomes one.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast contacts\n  handfast contacts hf1… --name Bob\n  handfast contacts Mallory --block\n  handfast contacts Bob --messages-a-day 500M',
    )
    .action((contact: string | undefined, flags: Flags) => start((context) => contacts(context, contact, flags)))

const bytesOf = (size: Size | undefined): number | null | undefined => (size === 'default' ? null : size)

/** What is said of limits; null when nothing is. */
const limitsOf = ({ limits, messagesInAll, messagesADay, filesInAll, filesADay }: Flags): ContactLimits | null => {
  const said = {
    ...{ messagesTotal: bytesOf(messagesInAll), messagesDay: bytesOf(messagesADay) },
    ...{ filesTotal: bytesOf(filesInAll), filesDay: bytesOf(filesADay) },
  }
  return limits || Object.values(said).some((one) => one !== undefined) ? said : null
}

/** Only an address that is new needs the network. */
const contacts = async (context: Context, contact: string | undefined, flags: Flags): Promise<number> => {
  const { folder, emit } = context
  const { name, forget, block, unblock } = flags
  const limits = limitsOf(flags)
  if ([forget, block, unblock].filter((flag) => flag).length > 1 || ((block || unblock) && name !== undefined))
    throw new UsageError('ERR_USAGE', { hint: 'one of --name, --forget, --block and --unblock at a time' })
  if (forget && name !== undefined) throw new UsageError('ERR_USAGE', { hint: '--forget takes no name' })
  if ((forget || block || unblock) && limits !== null)
    throw new UsageError('ERR_USAGE', { hint: '--forget, --block and --unblock take no limits' })
  if (contact === undefined && (forget || block || unblock || name !== undefined || limits !== null))
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
  if (limits !== null) await emit({ event: 'volumes', peer: found.address, ...known.limit(found.address, limits) })
  return EXIT.done
}
