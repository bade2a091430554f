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

/** Those of them that are visited, and that the next card names: not those of whom the owner has blocked since. @throws StoreError */
export const usedMailboxes = (store: Pick<Store, 'settings' | 'blocked'>): readonly Uint8Array[] =>
  namedMailboxes(store).filter((id) => !store.blocked.has(id))

/**
 * Names these and no others, from the next publication on.
 * @param own our identity hash
 * @param whos names of contacts, addresses, or links
 * @throws AddressError; ContactError ERR_CONTACT; MailboxError ERR_MAILBOX_COUNT above three; PeerError ERR_PEER_SELF; ERR_PEER_BLOCKED
 *   for one that is not named yet
 */
export const nameMailboxes = (
  store: Pick<Store, 'settings' | 'blocked'>,
  contacts: Pick<Contacts, 'get'>,
  own: Uint8Array,
  whos: readonly string[],
): void => {
  const ids = whos.map((who) => peerIdOf(contacts, who))
  // A mailbox that is there only when its owner is would be none.
  if (ids.some((id) => equal(id, own))) throw new PeerError('ERR_PEER_SELF')
  const before = new Set(namedMailboxes(store).map(encodeAddress))
  if (ids.some((id) => store.blocked.has(id) && !before.has(encodeAddress(id)))) throw new PeerError('ERR_PEER_BLOCKED')
  const names = [...new Set(ids.map(encodeAddress))]
  if (names.length > MAILBOXES_MAX) throw new MailboxError('ERR_MAILBOX_COUNT', { hint: `these are ${names.length}` })
  store.settings.set('mailboxes', names.join(SEPARATOR))
}
