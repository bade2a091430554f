import type { Device } from '../core/key-log-entry.ts'
import { hasDevice } from '../core/revoked.ts'
import type { Store } from '../store/store.ts'

/**
 * Whether the owner of a device has taken it back, as far as this folder knows: another process may have learnt it, and a connection to it
 * not have ended yet. Nothing is sent there, nor believed to have come.
 */
export const isVoidDevice = (
  { contacts }: Pick<Store, 'contacts'>,
  { peer, device }: { readonly peer: Uint8Array; readonly device: Device },
): boolean => {
  const log = contacts.get(peer)?.log
  return log !== undefined && !hasDevice(log, device)
}
