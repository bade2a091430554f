import { type NetworkChoice, parseNetwork, writeNetwork } from '../network/network-choice.ts'
import { SETTING_LENGTH_MAX } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

/** The network that the owner of a data folder chose. */

/**
 * What was given, for this time, or else what the folder remembers. Nothing stands in for a choice that nobody made.
 * @throws NetworkError ERR_NETWORK_MISSING, _FORMAT
 */
export const chooseNetwork = (
  given: string | readonly string[],
  store: Pick<Store, 'settings'> | null,
): NetworkChoice => parseNetwork(given.length === 0 ? (store?.settings.get('network') ?? '') : given)

/** From now on it is used when none is given. */
export const rememberNetwork = (choice: NetworkChoice, store: Pick<Store, 'settings'>): void => {
  const written = writeNetwork(choice)
  // A list that is longer than any has to be given each time.
  if (written.length <= SETTING_LENGTH_MAX) store.settings.set('network', written)
}
