import type HyperDHT from 'hyperdht'
import type { IncomingRequest, PluginRequest } from 'hyperdht'
import Plugin from 'hyperdht/lib/plugin.js'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { Storage } from '../directory/node/storage.ts'
import type { Requesting } from './dht-nodes.ts'
import { createRequests } from './directory-requests.ts'

/** The one HyperDHT plugin: hands requests to the storage, and carries ours to other nodes. */

const NAME = 'handfast'
const VERSION = 1

class DirectoryPlugin extends Plugin {
  readonly #storage: Storage

  constructor(storage: Storage) {
    super(NAME, VERSION)
    this.#storage = storage
  }

  /** Called only while this node is persistent. A token, when there is one, has been verified by dht-rpc. */
  override onrequest({ command, value }: PluginRequest, request: IncomingRequest): void {
    const proven = request.token !== null
    const now = Math.floor(Date.now() / 1000)
    const answer = value === null ? null : this.#answer(command, value, { now, proven, from: request.from.host })
    if (answer !== null) request.reply(answer)
  }

  /** A datagram from anyone must not end the process, whatever it finds wrong with us. */
  #answer(...request: Parameters<Storage['handle']>): Uint8Array | null {
    try {
      return this.#storage.handle(...request)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
      return null
    }
  }

  override onpersistent(): void {}

  override destroy(): void {}
}

/** Lets `dht` serve the directory from `storage` once it is persistent, and asks other nodes through it. */
export const joinDirectory = (dht: HyperDHT, storage: Storage, requesting: Requesting = {}): DirectoryNetwork => {
  const plugin = new DirectoryPlugin(storage)
  dht.register(NAME, plugin)
  return createRequests(plugin, requesting)
}
