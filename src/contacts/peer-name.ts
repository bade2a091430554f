import { decodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { KeyLogError, PeerError } from '../core/errors.ts'
import type { Store } from '../store/store.ts'
import type { Contacts } from './contact-api.ts'

/** To whom something can be sent that waits until it has arrived. */

/** Id of whom a name or an address stands for. @throws AddressError */
export const idOf = (contacts: Contacts, contact: string): Uint8Array =>
  decodeAddress(contacts.get(contact)?.address ?? contact)

/** @throws PeerError ERR_PEER_SELF, ERR_PEER_RETIRED; KeyLogError ERR_LOG_FORK while two logs contradict each other */
export const checkSendable = (own: Uint8Array, { forks, contacts }: Store, id: Uint8Array): void => {
  if (equal(id, own)) throw new PeerError('ERR_PEER_SELF')
  if (forks.get(id) !== null) throw new KeyLogError('ERR_LOG_FORK')
  if (contacts.get(id)?.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
}
