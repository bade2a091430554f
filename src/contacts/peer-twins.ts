import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { deviceId } from '../core/key-log-entry.ts'
import type { ContactEvent } from './contact-events.ts'

/**
 * Notices that a device of a contact has two data folders that take turns: a store that went back, or moved, has another incarnation from
 * then on, and never one that it had before.
 */
export type PeerTwins = {
  /** Tells that its cards take turns. */
  tell(id: Uint8Array): void
  /** Notes which store of a device answered in person. @param inc its incarnation, 16 bytes */
  met(log: KeyLog, device: Device, inc: Uint8Array): void
}

export const createPeerTwins = (
  isContact: (id: Uint8Array) => boolean,
  emit: (event: ContactEvent) => void,
): PeerTwins => {
  /** Of each device that was met, the store that answered last, and the one before. */
  const stores = new Map<string, { readonly last: string; readonly before: string | null }>()
  const told = new Set<string>()

  /** Once in the life of this peer: it is for the other side to end it. */
  const tell = (id: Uint8Array): void => {
    if (!isContact(id) || told.has(hex(id))) return
    told.add(hex(id))
    emit({ type: 'peer-twin', address: encodeAddress(id) })
  }

  return {
    tell,
    met: ({ id }, device, inc) => {
      // Strangers are as many as they like.
      if (!isContact(id)) return
      const [key, now] = [`${hex(id)}${hex(deviceId(device))}`, hex(inc)]
      const { last, before } = stores.get(key) ?? { last: now, before: null }
      if (now !== last && now === before) tell(id)
      stores.set(key, { last: now, before: now === last ? before : last })
    },
  }
}
