import { encodeAddress } from '../core/address.ts'
import { HandfastError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { CARD_REISSUE, CONTACT_REPUBLISH } from '../core/limits.ts'
import { lookup } from '../directory/lookup.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import { type Publication, publish } from '../directory/publish.ts'
import type { Store } from '../store/store.ts'
import type { Acquaintances } from './acquaintances.ts'
import type { Finder } from './finder.ts'
import type { Notify } from './notice.ts'
import { seconds, type World } from './ports.ts'

/**
 * What a listening peer does every 6 hours: it says anew where it is, looks whether its own log was contradicted, looks after those
 * it is connected to, and puts the logs of its contacts back into the directory, which forgets them after a week.
 */
export type Upkeep = {
  /** Begins, with everything but the first publication, which has been made. */
  start(): void
  stop(): void
}

export type UpkeepParts = {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  readonly store: Store
  readonly acquaintances: Acquaintances
  readonly finder: Finder
  readonly world: World
  readonly notify: Notify
  readonly announce: () => Promise<Publication>
  /** The signal for one step. */
  readonly deadline: () => AbortSignal
}

export const createUpkeep = (parts: UpkeepParts): Upkeep => {
  const { identity, directory, store, acquaintances, finder, world, notify, announce, deadline } = parts
  const { contacts, forks } = store
  const { log } = identity
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running = false

  const announceAnew = async (): Promise<void> => {
    try {
      await announce()
    } catch (error) {
      if (stopped) return
      const superseded = error instanceof HandfastError && error.code === 'ERR_PEER_SUPERSEDED'
      notify(superseded ? { type: 'superseded', error } : { type: 'not-published', error })
    }
  }

  /** A contradiction to one's own log is a theft: the owner is the one who can end it. */
  const inspectOwn = async (): Promise<void> => {
    const options = { now: seconds(world), signal: deadline(), policy: 'thorough' } as const
    const { log: found, fork } = await lookup(directory, log.id, options)
    if (fork !== null) acquaintances.contradict(found, fork)
  }

  const inspectConnected = async (): Promise<void> => {
    for (const id of acquaintances.connected()) {
      if (stopped) return
      const found = await finder.find(id, { signal: deadline(), asked: false }).catch(() => null)
      if (found !== null && found.change !== 'none')
        notify({ type: 'changed', address: encodeAddress(id), change: found.change })
    }
  }

  const republishContacts = async (): Promise<void> => {
    for (const { id, log: theirs, published } of contacts.all()) {
      if (stopped) return
      const now = seconds(world)
      if (published + CONTACT_REPUBLISH > now || forks.get(id) !== null) continue
      const done = await publish(directory, { log: theirs }, deadline()).catch(() => null)
      if (done !== null) contacts.published(id, now)
    }
  }

  /** One step after the other, and none stops the next. What lasts until the next round is due is not overtaken by it. */
  const inspect = async (): Promise<void> => {
    if (running) return
    running = true
    for (const step of [inspectOwn, inspectConnected, republishContacts]) if (!stopped) await step().catch(() => {})
    running = false
  }

  return {
    start: () => {
      void inspect()
      timer = setInterval(() => void announceAnew().then(inspect), CARD_REISSUE * 1000)
    },
    stop: () => {
      stopped = true
      clearInterval(timer)
    },
  }
}
