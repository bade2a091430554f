import { decodeAddress, withoutLink } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { ContactError, KeyLogError, PeerError } from '../core/errors.ts'
import { NAME_LENGTH_MAX } from '../core/limits/store-limits.ts'
import type { Store } from '../store/store.ts'

/** The one way to name a peer: by the name of a contact, by its address `hf1…`, or by a link `handfast:hf1…`. */

const ADDRESS = /^hf1/i

/**
 * The 32-byte identity hash of an address or a link, or the name of a contact as it is kept.
 * @throws AddressError when it looks like one of the former and is none
 */
export const readPeerName = (who: string): Uint8Array | string => {
  const address = withoutLink(who)
  return ADDRESS.test(address) || address !== who ? decodeAddress(address) : who.normalize('NFC')
}

/**
 * The 32-byte identity hash of whom `who` names.
 * @throws AddressError when it looks like an address and is none; ContactError ERR_CONTACT when no contact has that name
 */
export const peerIdOf = (
  contacts: { get(name: string): { readonly address: string } | null },
  who: string,
): Uint8Array => {
  const named = readPeerName(who)
  if (typeof named !== 'string') return named
  const contact = contacts.get(named)
  if (contact === null) throw new ContactError('ERR_CONTACT', { hint: named.slice(0, NAME_LENGTH_MAX) })
  return decodeAddress(contact.address)
}

/** @throws PeerError ERR_PEER_SELF, ERR_PEER_BLOCKED, ERR_PEER_RETIRED; KeyLogError ERR_LOG_FORK while two logs contradict each other */
export const checkSendable = (own: Uint8Array, { forks, contacts, blocked }: Store, id: Uint8Array): void => {
  if (equal(id, own)) throw new PeerError('ERR_PEER_SELF')
  if (blocked.has(id)) throw new PeerError('ERR_PEER_BLOCKED')
  if (forks.get(id) !== null) throw new KeyLogError('ERR_LOG_FORK')
  if (contacts.get(id)?.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
}
