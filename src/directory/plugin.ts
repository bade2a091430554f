import type HyperDHT from 'hyperdht'
import type { IncomingRequest, PluginRequest } from 'hyperdht'
import Plugin from 'hyperdht/lib/plugin.js'
import type { Command } from './messages.ts'
import type { ClosestNode, DirectoryNetwork, NodeAddress, Walk } from './network-port.ts'
import type { Storage } from './storage.ts'

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
export const joinDirectory = (dht: HyperDHT, storage: Storage): DirectoryNetwork => {
  const plugin = new DirectoryPlugin(storage)
  dht.register(NAME, plugin)
  return {
    walk: (target, command, value, options) => walk(plugin, target, command, value, options),
    request: (node, command, value, options) => request(plugin, node, command, value, options),
  }
}

const walk = async (
  plugin: Plugin,
  target: Uint8Array,
  command: Command,
  value: Uint8Array,
  { signal, onAnswer }: Parameters<DirectoryNetwork['walk']>[3],
): Promise<Walk> => {
  const { dht } = plugin
  if (signal.aborted || dht === null || dht.destroyed) return { closest: [], failed: 0, complete: false }
  const query = plugin.query({ command, target, value })
  const stop = (): void => void query.destroy()
  signal.addEventListener('abort', stop, { once: true })
  let empty = 0
  try {
    for await (const { from, value: answer, token } of query) {
      if (answer === null) empty += 1
      else onAnswer(addressOf(from), Uint8Array.from(answer), token === null ? null : Uint8Array.from(token))
    }
  } catch (error) {
    // A walk that is stopped, or whose node is closed, ends here; what it found so far is its result.
    if (!signal.aborted && !dht.destroyed) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
  const closest = query.closestReplies.flatMap(({ from, token }): ClosestNode[] =>
    token === null ? [] : [{ node: addressOf(from), token: Uint8Array.from(token) }],
  )
  return { closest, failed: query.errors + empty, complete: !signal.aborted && !dht.destroyed }
}

const addressOf = ({ host, port }: NodeAddress): NodeAddress => ({ host, port })

const request = async (
  plugin: Plugin,
  node: NodeAddress,
  command: Command,
  value: Uint8Array,
  { signal, target, token }: Parameters<DirectoryNetwork['request']>[3],
): Promise<Uint8Array | null> => {
  if (signal.aborted || plugin.dht === null) return null
  const session = plugin.dht.session()
  const stop = (): void => session.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const reply = await plugin.request({ command, target, value, token: token ?? null }, node, { session })
    return reply.error === 0 && reply.value !== null ? Uint8Array.from(reply.value) : null
  } catch {
    // Silence, an abort and a closed node are all one thing to the directory: no answer.
    return null
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
