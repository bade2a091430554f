import { BEACON_CONTACTS_MAX_MS, BEACON_CONTACTS_MS, BEACON_CONTACTS_ROUND } from '../core/limits/beacon-limits.ts'
import type { World } from '../core/world.ts'
import type { Signals } from '../messages/signals.ts'
import type { Store } from '../store/store.ts'
import type { Nearby } from './nearby.ts'
import type { NetworkPort } from './network-state.ts'

/**
 * Looks for contacts on the local network while no node answers: eight of them in a round, in turn, with a pause after it that grows to 5
 * minutes. It begins anew when the network goes. Somebody found is a way into the network, and is dialled if something waits for it.
 */
export type ContactSearch = {
  start(): void
  stop(): void
}

export type ContactSearchParts = {
  readonly nearby: Pick<Nearby, 'ask' | 'isThere'>
  readonly network: NetworkPort
  readonly store: Pick<Store, 'contacts' | 'blocked'>
  readonly world: Pick<World, 'random'>
  /** told of who was found */
  readonly signals: Pick<Signals, 'say'>
}

export const createContactSearch = ({ nearby, network, store, world, signals }: ContactSearchParts): ContactSearch => {
  let timer: NodeJS.Timeout | undefined
  let endWatch = (): void => {}
  let rounds = 0
  let next = 0
  let isOver = false

  const isAlone = (): boolean => {
    const { state, nodes } = network.state()
    return state === 'waiting' || nodes === 0
  }

  const askSome = (): void => {
    const all = store.contacts.all().flatMap(({ id }) => (store.blocked.has(id) ? [] : [id]))
    const some = Array.from(
      { length: Math.min(BEACON_CONTACTS_ROUND, all.length) },
      (_, i) => all[(next + i) % all.length],
    )
    next = all.length === 0 ? 0 : (next + some.length) % all.length
    for (const id of some) {
      if (id === undefined) continue
      void nearby.ask(id)?.answered.then((isFound) => {
        if (isFound && !isOver) signals.say('near', id)
      })
    }
  }

  /** Half of it is fixed and half is chance, so that many peers whose network went do not ask all at once. */
  const pause = (): number => {
    const [byte = 0] = world.random(1)
    const longest = Math.min(BEACON_CONTACTS_MAX_MS, BEACON_CONTACTS_MS * 2 ** Math.min(rounds, 20))
    return longest / 2 + (longest / 2) * (byte / 255)
  }

  const round = (): void => {
    clearTimeout(timer)
    if (isOver) return
    if (isAlone()) {
      // A disk that cannot be read now is asked again in the next round.
      try {
        askSome()
      } catch {}
      timer = setTimeout(round, pause()).unref()
      rounds += 1
    } else {
      rounds = 0
      timer = setTimeout(round, BEACON_CONTACTS_MS).unref()
    }
  }

  return {
    start: () => {
      if (!nearby.isThere) return
      endWatch = network.watch(() => {
        rounds = 0
        round()
      })
      round()
    },
    stop: () => {
      isOver = true
      clearTimeout(timer)
      endWatch()
    },
  }
}
