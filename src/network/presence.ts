import type HyperDHT from 'hyperdht'
import { createGrowingPause } from '../core/growing-pause.ts'
import { isLoopback } from '../directory/ip-networks.ts'
import { createGuests } from './guests.ts'
import {
  ANNOUNCE_PACE,
  beatOn,
  enter,
  guessOwn,
  isOwn,
  type Membership,
  type PresenceParts,
  portOf,
  receive,
  stateOf,
  TIMES,
  TIMES_LOOPBACK,
  warn,
} from './membership.ts'
import type { NetworkState } from './network-state.ts'
import { createSeeking } from './seeking.ts'

/** How a node is in its network, as whoever uses it sees that. `membership.ts` is what goes on behind it. */
export type Presence = {
  state(): NetworkState
  /** Calls back when that changes: whether others answer, and how they see this node. @returns ends that */
  watch(listener: (state: NetworkState) => void): () => void
  /**
   * Calls back when others may have lost what this node told them: nodes came back without it, this machine slept, or it is at another
   * address. Nodes that lie can bring it about, at a pace. @returns ends that
   */
  onShaken(listener: () => void): () => void
  close(): void
}

/** To be called in the tick that made the node, before its sockets open. */
export const createPresence = (parts: PresenceParts): Presence => {
  const { dht, entrances, host, port, alone, first } = parts
  const ending = new AbortController()
  const loopback = isLoopback(host)
  const times = loopback ? TIMES_LOOPBACK : TIMES
  const run: Membership = {
    ...{ ...parts, loopback, times, signal: ending.signal, watchers: new Set(), shaking: new Set() },
    ...{ guests: createGuests(), announcing: createGrowingPause(ANNOUNCE_PACE), seeking: null },
    own: guessOwn(parts, port),
    ...{
      seenHost: null,
      aloneSince: -1,
      shaken: Number.NEGATIVE_INFINITY,
      silent: 0,
      joined: !alone || first,
      since: Date.now(),
      told: null,
      responses: 0,
      last: Date.now(),
    },
  }
  run.seeking = createSeeking({
    ...{ dht, entrances, isOwn: (node) => isOwn(run, node), pause: times.ask, pauseMax: times.askMax },
    onFound: (live) => void enter(run, live).catch(warn),
    onError: warn,
  })
  receive(run)
  const close = (): void => {
    ending.abort()
    run.seeking?.end()
  }
  const begin = (): void => {
    if (ending.signal.aborted) return
    run.own = { host: run.own.host, port: portOf(run) }
    run.told = stateOf(run)
    if (run.alone) run.seeking?.begin()
    void beatOn(run)
  }
  dht.once('close', close)
  // Whoever made the node hears what kept it from starting.
  dht.fullyBootstrapped().then(begin, () => {})

  return {
    state: () => stateOf(run),
    watch: (listener) => {
      run.watchers.add(listener)
      return () => void run.watchers.delete(listener)
    },
    onShaken: (listener) => {
      run.shaking.add(listener)
      return () => void run.shaking.delete(listener)
    },
    close,
  }
}

/** The same of a node that is there for one thing: what HyperDHT notices by itself. */
export const glance = (dht: HyperDHT): Presence => {
  let since = Date.now()
  const state = (): NetworkState => ({
    ...{ state: dht.online ? 'joined' : 'waiting', since, nodes: dht.nodes.length },
    ...{ port: dht.io.serverSocket?.address()?.port ?? 0, nat: 'unknown', entrance: null },
    address: dht.host === null ? null : { host: dht.host, port: dht.port },
  })
  return {
    state,
    watch: (listener) => {
      let { online } = dht
      const look = (): void => {
        if (dht.online === online) return
        online = dht.online
        since = Date.now()
        listener(state())
      }
      dht.on('network-update', look)
      return () => void dht.off('network-update', look)
    },
    onShaken: () => () => {},
    close: () => {},
  }
}
