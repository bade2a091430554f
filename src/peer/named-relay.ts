import { hex } from '../core/bytes.ts'
import { NetworkError, StoreError } from '../core/errors.ts'
import { RELAY_KEY_BYTES } from '../core/limits/relay-limits.ts'
import type { Store } from '../store/store.ts'

/** The relay that an identity can be reached through, as its folder remembers it: its owner names it, and nobody else does. */

const DIGITS = new RegExp(`^[0-9a-f]{${2 * RELAY_KEY_BYTES}}$`, 'i')

/** What is given to name none. */
export const NO_RELAY = 'none'

/** @returns the transport key, 32 B; null for none. @throws NetworkError ERR_RELAY_KEY */
export const parseRelay = (text: string): Uint8Array | null => {
  if (text === NO_RELAY) return null
  if (!DIGITS.test(text)) throw new NetworkError('ERR_RELAY_KEY', { hint: text.slice(0, 80) })
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** None or one. @throws StoreError ERR_STORE_CORRUPT */
export const namedRelays = ({ settings }: Pick<Store, 'settings'>): readonly Uint8Array[] => {
  const value = settings.get('relay') ?? ''
  try {
    const relay = value === '' ? null : parseRelay(value)
    return relay === null ? [] : [relay]
  } catch (cause) {
    throw new StoreError('ERR_STORE_CORRUPT', { hint: 'setting relay', cause })
  }
}

/** Names this one, or none, from the next publication on. @throws NetworkError ERR_RELAY_KEY */
export const nameRelay = ({ settings }: Pick<Store, 'settings'>, text: string): void => {
  const relay = parseRelay(text)
  settings.set('relay', relay === null ? '' : hex(relay))
}
