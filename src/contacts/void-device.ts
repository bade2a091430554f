import { equal } from '../core/bytes.ts'
import type { Device } from '../core/key-log-entry.ts'
import type { Store } from '../store/store.ts'

/**
 * Whether the owner of a device has taken it back, as far as this folder knows: another process may have learnt it, and a connection to it
 * not have ended yet. Nothing is sent there, nor believed to have come.
 */
export const isVoidDevice = (
  { contacts }: Pick<Store, 'contacts'>,
  { peer, device }: { readonly peer: Uint8Array; readonly device: Device },
): boolean => {
  const entry = contacts.get(peer)?.log.last.entry
  return entry !== undefined && !entry.devices.some(({ dh }) => equal(dh, device.dh))
}
