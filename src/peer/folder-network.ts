import { chooseNetwork, rememberNetwork } from '../identity/remembered-network.ts'
import { parseNetwork, writeNetwork } from '../network/network-choice.ts'
import { openOwnStore } from '../store/store.ts'
import { readVault } from '../store/vault.ts'

/** The network that a data folder remembers, without a passphrase. */
export type FolderNetwork = Disposable & {
  /** As it was chosen: 'public', 'lan', or 'host:port' with commas. @throws NetworkError ERR_NETWORK_MISSING when nobody chose one */
  chosen(): string
  /** For good. @throws NetworkError ERR_NETWORK_MISSING, ERR_NETWORK_FORMAT; StoreError */
  choose(network: string | readonly string[]): void
}

/** Whether it names a network. @throws NetworkError ERR_NETWORK_MISSING, ERR_NETWORK_FORMAT */
export const checkNetwork = (network: string): void => void parseNetwork(network)

/** @throws StoreError ERR_STORE_MISSING, and as `openPeer` */
export const openNetworkChoice = async (folder: string): Promise<FolderNetwork> => {
  const { log } = await readVault(folder)
  const store = openOwnStore(folder, log)
  return {
    chosen: () => writeNetwork(chooseNetwork('', store)),
    choose: (network) => rememberNetwork(parseNetwork(network), store),
    [Symbol.dispose]: () => store.close(),
  }
}
