import type { Contact } from '../../contacts/contact-api.ts'
import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { StoreError, UsageError } from '../../core/errors.ts'
import type { Policy } from '../../directory/client/policies.ts'
import { openContacts, openReader } from '../../peer/open.ts'
import type { Context } from '../context.ts'
import type { CliEvent } from '../output/events.ts'
import { EXIT } from '../output/failure.ts'

export type ContactsOptions = {
  /** a name or an address; all contacts when it is left out */
  readonly contact: string | undefined
  /** null takes the name away */
  readonly name: string | null | undefined
  readonly forget: boolean
}

export const describeContact = ({ address, name, trust, log, verified, added, fork }: Contact): CliEvent<'contact'> => {
  const { epoch, last } = log
  const head = { epoch, seq: last.entry.seq, head: hex(last.hash) }
  return { event: 'contact', address, name, trust, ...head, forked: fork !== null, verified, added }
}

/** `handfast contacts`: whom the data folder knows. Only an address that is new needs the network. */
export const contacts = async (context: Context, { contact, name, forget }: ContactsOptions): Promise<number> => {
  const { folder, emit } = context
  if (forget && name !== undefined) throw new UsageError('ERR_USAGE', { hint: '--forget takes no name' })
  if (contact === undefined && (forget || name !== undefined))
    throw new UsageError('ERR_USAGE', { hint: 'which contact?' })
  using known = await openContacts(folder)
  if (contact === undefined) {
    for (const one of known.list()) emit(describeContact(one))
    return EXIT.done
  }
  if (forget) {
    const { address } = known.need(contact)
    known.remove(address)
    emit({ event: 'forgotten', address })
    return EXIT.done
  }
  const found = known.get(contact) ?? (await add(context, contact, { name: name ?? undefined }))
  emit(describeContact(name === undefined ? found : known.rename(found.address, name)))
  return EXIT.done
}

/** Makes an address a contact. */
export const add = async (
  { folder, bootstrap, signal, terminal }: Context,
  address: string,
  options: { readonly name?: string | undefined; readonly policy?: Policy } = {},
): Promise<Contact> => {
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const contact = await peer.addContact(address, { signal, ...options })
  terminal.status('')
  return contact
}

/** The address that a name stands for; what is nobody's name is returned as it is. @throws AddressError, when that is no address */
export const resolve = async (folder: string, nameOrAddress: string): Promise<string> => {
  const named = await addressOf(folder, nameOrAddress)
  return named ?? encodeAddress(decodeAddress(nameOrAddress))
}

const addressOf = async (folder: string, name: string): Promise<string | null> => {
  if (/^hf1/i.test(name)) return null
  try {
    using known = await openContacts(folder)
    return known.get(name)?.address ?? null
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  }
}
