import type { PeerEvent } from '../../peer/peer-events.ts'

/** The address of whom something happened with; null for what is about this peer alone. */
export const partnerOf = (event: PeerEvent): string | null => {
  switch (event.type) {
    case 'connected':
    case 'disconnected':
    case 'way':
      return event.remote.address
    case 'request':
      return event.request.address
    case 'message':
    case 'delivery':
      return event.message.peer
    case 'offer':
      return event.offer.peer
    case 'file':
      return event.transfer.peer
    case 'held':
    case 'limited':
    case 'in-mailboxes':
    case 'peer-went-back':
    case 'exposed':
    case 'changed':
    case 'dialling':
    case 'forked':
      return event.address
    default:
      return null
  }
}
