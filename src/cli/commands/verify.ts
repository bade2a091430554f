import type { Contact } from '../../contacts/contact-api.ts'
import { decodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { HandfastError, UsageError } from '../../core/errors.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { safetyNumber } from '../../core/safety-number.ts'
import type { CommandFile, Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { addContact, resolveContact, WHO } from '../options/contact.ts'
import { tellingClock } from '../output/clock-event.ts'
import { contactEvent } from '../output/contact-event.ts'
import { EXIT } from '../output/failure.ts'

type Flags = { readonly head?: string; readonly yes?: boolean }

export const verifyCommand: CommandFile = (program, start) =>
  program
    .command('verify')
    .argument('<contact>', WHO)
    .option('--head <hex>', 'the last hash of its key log, as its owner reads it out')
    .option('--yes', 'for scripts: you compared the safety number')
    .summary('say that an address belongs to whom it should')
    .description(
      'Shows the safety number for you to compare by voice, and marks the contact as verified when you say that it agrees. When two key logs of it contradict each other, you say which one is its owner’s, and nothing is blocked any more.',
    )
    .addHelpText('after', '\nExample:\n  handfast verify Bob')
    .action((contact: string, flags: Flags) => start((context) => verify(context, contact, flags)))

const TYPED_MAX = 200

/** Takes a person's word that an address belongs to whom it should, and which of two logs is the owner's. */
const verify = async (context: Context, contact: string, { head, yes = false }: Flags): Promise<number> => {
  const { folder, emit } = context
  const address = await resolveContact(folder, contact)
  const id = decodeAddress(address)
  const own = await readOwnLog(folder)
  const { openContacts } = await import('../../peer/folder.ts')
  using known = await openContacts(folder)
  const before = known.get(address) ?? (await addContact(context, address, { policy: 'thorough' }))
  const found = before.fork === null ? before : await lookAgain(context, known.need, address)
  const heads = found.fork === null ? [] : [found.fork.a, found.fork.b].map(headOf)
  await emit({ event: 'compare', address: found.address, safetyNumber: safetyNumber(id, own.id), heads })
  const chosen = head ?? (await ask(context, found, yes))
  await emit(contactEvent(known.verify(address, chosen)))
  return EXIT.done
}

/** The owner may have signed more since the contradiction was seen. Without a network what is known has to do. */
const lookAgain = async (context: Context, need: (address: string) => Contact, address: string): Promise<Contact> => {
  const { folder, network, beacon, signal, terminal } = context
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  try {
    await using peer = await openReader({ folder, network, beacon, signal })
    await using _clock = tellingClock(context, peer)
    await peer.lookup(address, { signal, policy: 'thorough' })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof HandfastError)) throw error
  } finally {
    terminal.status('')
  }
  return need(address)
}

const headOf = ({ epoch, last }: KeyLog) => ({ epoch, seq: last.entry.seq, head: hex(last.hash) })

/** What a person says: yes to a number, or the digits of one of two logs. */
const ask = async ({ terminal, signal }: Context, { fork }: Contact, yes: boolean): Promise<string | undefined> => {
  if (fork === null && yes) return undefined
  if (!terminal.interactive) {
    const hint = fork === null ? '--yes says that you compared the number' : '--head says which of the two logs it is'
    throw new UsageError('ERR_USAGE', { hint })
  }
  const question = fork === null ? 'does the other side see the same number? (yes/no) ' : 'the owner reads out: '
  const typed = (await terminal.ask(question, { limit: TYPED_MAX, signal }))?.trim()
  signal.throwIfAborted()
  if (fork !== null && typed) return typed
  if (fork === null && typed?.toLowerCase() === 'yes') return undefined
  throw new UsageError('ERR_USAGE', { hint: 'nothing was changed' })
}
