import type { NodeAddress } from '../directory/network-port.ts'
import { parseNodes } from '../network/node-list.ts'
import { SETTING_LENGTH_MAX } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

/** The network that a data folder remembers. */

/** What was given, or else what the folder remembers. @throws NetworkError ERR_NETWORK_MISSING, _FORMAT */
export const chooseNetwork = (given: string | readonly string[], store: Store | null): readonly NodeAddress[] =>
  parseNodes(given === '' ? (store?.settings.get('network') ?? '') : given)

/** A list that led into the network is used again when none is given. */
export const rememberNetwork = (given: string | readonly string[], store: Store | null): void => {
  const list = typeof given === 'string' ? given : given.join(',')
  if (list !== '' && list.length <= SETTING_LENGTH_MAX) store?.settings.set('network', list)
}
