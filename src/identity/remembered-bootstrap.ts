import type { NodeAddress } from '../directory/network-port.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { SETTING_LENGTH_MAX } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

/** The bootstrap list that a data folder remembers. */

/** What was given, or else what the folder remembers. @throws NetworkError ERR_BOOTSTRAP_MISSING, _FORMAT */
export const chooseBootstrap = (given: string | readonly string[], store: Store | null): readonly NodeAddress[] =>
  parseBootstrap(given === '' ? (store?.settings.get('bootstrap') ?? '') : given)

/** A list that led into the network is used again when none is given. */
export const rememberBootstrap = (given: string | readonly string[], store: Store | null): void => {
  const list = typeof given === 'string' ? given : given.join(',')
  if (list !== '' && list.length <= SETTING_LENGTH_MAX) store?.settings.set('bootstrap', list)
}
