import type { Contacts } from '../contacts/contact-api.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { AddressError, MailboxError, PeerError, StoreError } from '../core/errors.ts'
import { MAILBOXES_MAX } from '../core/limits/protocol-limits.ts'
import type { Store } from '../store/store.ts'

/** The mailboxes that an identity names in its card, as its folder remembers them. */

const SEPARATOR = ','

/** Identity hashes, in the order in which they were named. @throws StoreError ERR_STORE_CORRUPT */
export const namedMailboxes = ({ settings }: Pick<Store, 'settings'>): readonly Uint8Array[] => {
  const value = settings.get('mailboxes') ?? ''
  try {
    return value === '' ? [] : value.split(SEPARATOR).map(decodeAddress)
  } catch (cause) {
    if (cause instanceof AddressError) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'setting mailboxes', cause })
    throw cause
  }
}

/**
 * Names these and no others, from the next publication on.
 * @param own our identity hash
 * @param whos names of contacts, addresses, or links
 * @throws AddressError; ContactError ERR_CONTACT; MailboxError ERR_MAILBOX_COUNT above three; PeerError ERR_PEER_SELF
 */
export const nameMailboxes = (
  { settings }: Pick<Store, 'settings'>,
  contacts: Pick<Contacts, 'get'>,
  own: Uint8Array,
  whos: readonly string[],
): void => {
  const ids = whos.map((who) => peerIdOf(contacts, who))
  // A mailbox that is there only when its owner is would be none.
  if (ids.some((id) => equal(id, own))) throw new PeerError('ERR_PEER_SELF')
  const names = [...new Set(ids.map(encodeAddress))]
  if (names.length > MAILBOXES_MAX) throw new MailboxError('ERR_MAILBOX_COUNT', { hint: `these are ${names.length}` })
  settings.set('mailboxes', names.join(SEPARATOR))
}
