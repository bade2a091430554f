import type { Contact } from '../../contacts/contact-api.ts'
import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { StoreError } from '../../core/errors.ts'
import type { Policy } from '../../directory/client/policies.ts'
import type { Context } from '../context.ts'

/** The argument that names somebody: by address, or by the name of a contact. */

/** The address that a name stands for; what is nobody's name is returned as it is. @throws AddressError, when that is no address */
export const resolveContact = async (folder: string, nameOrAddress: string): Promise<string> => {
  const named = await addressOf(folder, nameOrAddress)
  return named ?? encodeAddress(decodeAddress(nameOrAddress))
}

const addressOf = async (folder: string, name: string): Promise<string | null> => {
  if (/^hf1/i.test(name)) return null
  const { openContacts } = await import('../../peer/open.ts')
  try {
    using known = await openContacts(folder)
    return known.get(name)?.address ?? null
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  }
}

/** Looks an address up and makes it a contact. @throws as `Peer.addContact` */
export const addContact = async (
  { folder, bootstrap, signal, terminal }: Context,
  address: string,
  options: { readonly name?: string | undefined; readonly policy?: Policy } = {},
): Promise<Contact> => {
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const contact = await peer.addContact(address, { signal, ...options })
  terminal.status('')
  return contact
}
