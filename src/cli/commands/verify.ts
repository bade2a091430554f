import type { Contact } from '../../contacts/contact-api.ts'
import { decodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { HandfastError, UsageError } from '../../core/errors.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { safetyNumber } from '../../core/safety-number.ts'
import { openContacts, openReader } from '../../peer/open.ts'
import { readVault } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { add, describeContact, resolve } from './contacts.ts'

export type VerifyOptions = { readonly contact: string; readonly head: string | undefined; readonly yes: boolean }

const TYPED_MAX = 200

/** `handfast verify`: a person's word that an address belongs to whom it should, and which of two logs is the owner's. */
export const verify = async (context: Context, { contact, head, yes }: VerifyOptions): Promise<number> => {
  const { folder, emit } = context
  const address = await resolve(folder, contact)
  const id = decodeAddress(address)
  const own = await readVault(folder, Math.floor(Date.now() / 1000))
  using known = await openContacts(folder)
  const before = known.get(address) ?? (await add(context, address, { policy: 'thorough' }))
  const found = before.fork === null ? before : await lookAgain(context, known.need, address)
  const heads = found.fork === null ? [] : [found.fork.a, found.fork.b].map(headOf)
  emit({ event: 'compare', address: found.address, safetyNumber: safetyNumber(id, own.log.id), heads })
  const chosen = head ?? (await ask(context, found, yes))
  emit(describeContact(known.verify(address, chosen)))
  return EXIT.done
}

/** The owner may have signed more since the contradiction was seen. Without a network what is known has to do. */
const lookAgain = async (
  { folder, bootstrap, signal, terminal }: Context,
  need: (address: string) => Contact,
  address: string,
): Promise<Contact> => {
  terminal.status('looking up')
  try {
    await using peer = await openReader({ folder, bootstrap, signal })
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
