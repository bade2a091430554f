import type { Contact, Contacts } from '../contacts/contact-api.ts'
import { checkName } from '../contacts/contact-api.ts'
import { peerIdOf } from '../contacts/peer-name.ts'
import type { TrustStore } from '../contacts/trust-store.ts'
import { encodeAddress } from '../core/address.ts'
import { ContactError, PeerError } from '../core/errors.ts'
import { seconds, type World } from '../core/world.ts'
import type { Signals } from '../messages/signals.ts'
import type { Store } from '../store/store.ts'
import type { Request } from './request.ts'
import type { Steps } from './steps.ts'
import type { WaitingRoom } from './waiting-room.ts'

/**
 * Strangers that wait to be let in: at most 1,200, of whom the oldest give way that are not connected and left nothing. What they say waits on this
 * disk, within the bounds of strangers, and is no event before they are let in; `messages` and `files` have it as anybody's.
 */
export type Requests = {
  /** All of them, in the order in which they came; nobody who is blocked. */
  list(): readonly Request[]
  /**
   * Lets somebody in, who is a contact from then on; what waits of it comes as events. Who is not connected is looked up for that.
   * @param who an address, or a link @param options `name`: what you call it
   * @throws ContactError ERR_REQUEST when it does not wait, ERR_CONTACT_NAME; PeerError ERR_PEER_BLOCKED; AddressError; KeyLogError ERR_ROLLBACK, ERR_LOG_FORK; those of
   *   `Peer.lookup`
   */
  accept(who: string, options?: AcceptOptions): Promise<Contact>
  /**
   * Refuses somebody: what waits of it is deleted, its connection ends, and until this peer closes it can neither ask again nor leave
   * anything. @returns how many messages were deleted @throws ContactError ERR_REQUEST when it does not wait; PeerError
   *   ERR_PEER_BLOCKED; AddressError; StoreError
   */
  refuse(who: string): Promise<number>
  /**
   * Whether what somebody says and offers comes as events: of contacts, and of whom this peer has written to.
   * @throws AddressError; ContactError ERR_CONTACT
   */
  isLetIn(who: string): boolean
}

/** What is said of somebody who is let in, and until when a lookup for it may take. */
export type AcceptOptions = { readonly name?: string | undefined; readonly signal?: AbortSignal | undefined }

export type RequestsParts = {
  readonly app: string
  readonly waitingRoom: WaitingRoom
  readonly store: Store
  readonly world: World
  readonly contacts: Contacts
  readonly trustStore: Pick<TrustStore, 'accept'>
  readonly steps: Pick<Steps, 'find' | 'checkGoing'>
  readonly signals: Pick<Signals, 'say'>
}

export const createRequests = (parts: RequestsParts): Requests => {
  const { app, waitingRoom, store, world, contacts, trustStore, steps, signals } = parts

  /** @throws AddressError, ContactError ERR_CONTACT, ERR_REQUEST, PeerError ERR_PEER_BLOCKED */
  const need = (who: string): Uint8Array => {
    const id = peerIdOf(contacts, who)
    if (store.blocked.has(id)) throw new PeerError('ERR_PEER_BLOCKED', { hint: encodeAddress(id) })
    if (!waitingRoom.isWaiting(id)) throw new ContactError('ERR_REQUEST', { hint: encodeAddress(id) })
    return id
  }

  return {
    list: waitingRoom.list,
    isLetIn: (who) => waitingRoom.isLetIn(peerIdOf(contacts, who)),
    accept: async (who, { name, signal } = {}) => {
      steps.checkGoing(signal)
      const id = need(who)
      if (name !== undefined) checkName(name)
      const log = waitingRoom.logOf(id) ?? (await steps.find(id, signal)).log
      const address = encodeAddress(id)
      // It may have been refused while it was looked up.
      need(address)
      trustStore.accept(log, null, true)
      store.transaction(() => {
        store.contacts.keep(log, seconds(world))
        if (name !== undefined) contacts.rename(address, name)
      })
      waitingRoom.letIn(id)
      return contacts.need(address)
    },
    refuse: async (who) => {
      steps.checkGoing(undefined)
      const id = need(who)
      waitingRoom.refuse(id)
      const dropped = await store.group.run(() => store.messages.dropArrived(id, app))
      // There is room again for what others say.
      for (const one of waitingRoom.connected()) signals.say('taken', one)
      await waitingRoom.part(id)
      return dropped
    },
  }
}
