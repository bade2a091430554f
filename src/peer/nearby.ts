import { orAbort } from '../core/abort.ts'
import { HandfastError } from '../core/errors.ts'
import type { NodeAddress } from '../directory/network-port.ts'
import type { Asking, Beacon } from '../network/beacon.ts'
import type { NetworkPort } from './network-state.ts'

/** The local network below a peer: its beacon, and what the node makes of who is found there. */
export type LanPort = {
  readonly beacon: Pick<Beacon, 'ask' | 'listen' | 'close'>
  /** It may be a way into the network of nodes. */
  readonly enter: (at: NodeAddress) => void
}

/** Asks the local network beside whoever else is asked, and never instead. */
export type Nearby = {
  /** whether there is a beacon */
  readonly isThere: boolean
  /** Asks where the peer of that id is; a node that answers may lead into the network as well. Undefined where there is no beacon. */
  ask(id: Uint8Array): Asking | undefined
  /**
   * Looks an identity up, while it is asked for here. Who knows no node at all waits for that first; and what could not be found is looked
   * up once more when somebody answered meanwhile. @throws as `look`; the signal's reason
   */
  find<T>(id: Uint8Array, signal: AbortSignal, look: () => Promise<T>): Promise<T>
  /** From now on this side answers who asks for it. */
  listen(): Promise<void>
  close(): void
}

const isUnfound = (error: unknown): boolean => error instanceof HandfastError && error.code.startsWith('ERR_LOOKUP_')

export const createNearby = (lan: LanPort | undefined, network: NetworkPort): Nearby => {
  /** askings whose answers lead into the network already */
  const entered = new WeakSet<Asking>()

  const ask: Nearby['ask'] = (id) => {
    const asking = lan?.beacon.ask(id)
    if (lan === undefined || asking === undefined || entered.has(asking)) return asking
    entered.add(asking)
    asking.listen(lan.enter)
    return asking
  }

  return {
    isThere: lan !== undefined,
    ask,
    find: async (id, signal, look) => {
      const asking = ask(id)
      if (asking === undefined) return look()
      let found = 0
      asking.listen(() => {
        found += 1
      })
      if (network.state().nodes === 0) await orAbort(asking.answered, signal)
      const before = found
      try {
        return await look()
      } catch (error) {
        if (!isUnfound(error) || signal.aborted) throw error
        await orAbort(asking.answered, signal).catch(() => {})
        if (found === before) throw error
        return await look()
      }
    },
    listen: async () => lan?.beacon.listen(),
    close: () => lan?.beacon.close(),
  }
}
