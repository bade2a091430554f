import type { Identity } from '../core/identity.ts'
import { parseNetwork } from '../network/network-choice.ts'
import { openOwnStore } from '../store/store.ts'
import { type ClockCheck, holdNetworkClock } from './network-clock.ts'
import { rememberNetwork } from './remembered-network.ts'

/** The network that an identity is made with. */

type Given = string | readonly string[]

/** Holds the clock against it before anything is signed. @throws those of `holdNetworkClock` */
export const holdClockOf = (network: Given, own: Omit<ClockCheck, 'network'>): Promise<void> =>
  holdNetworkClock({ network: parseNetwork(network), ...own })

/** The folder remembers it. @throws StoreError */
export const keepNetwork = (folder: string, { log }: Pick<Identity, 'log'>, network: Given): void => {
  const store = openOwnStore(folder, log)
  try {
    rememberNetwork(parseNetwork(network), store)
  } finally {
    store.close()
  }
}
