import type { Trust } from '../connection/remote.ts'
import { HandfastError, KeyLogError } from '../core/errors.ts'
import { type Change, changeSince } from '../core/floor.ts'
import { compareLogs, type KeyLog } from '../core/key-log.ts'
import { seconds, type World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { type ClockReading, createTimes, describeReading } from '../directory/client/heard-times.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { Policy } from '../directory/client/policies.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { TrustStore } from './trust-store.ts'

/** Asks the directory about an identity, and holds what it says against what this peer knows already. */

/** An identity as the directory shows it, and what became of it since this peer saw it last. */
export type Found = Lookup & {
  readonly change: Change
  readonly trust: Trust
  /** what the nodes that were asked say of the time: by a clock that is off, cards look expired, or not begun */
  readonly clock: ClockReading
}

export type FindOptions = {
  readonly signal: AbortSignal
  readonly asked: boolean
  readonly policy?: Policy | undefined
}

export type Resolver = {
  /**
   * @param asked whether we ask for our own sake, or because it called
   * @param policy how hard to look; default `fresh`
   * @throws DirectoryError ERR_LOOKUP_*; KeyLogError ERR_ROLLBACK, ERR_LOG_FORK; StoreError
   */
  find(id: Uint8Array, options: FindOptions): Promise<Found>
  /** What the directory says about the log of one who called: it must not know better. @throws as `find` */
  vet(log: KeyLog, signal: AbortSignal): Promise<Trust>
}

const DAY = 86_400

const describeAge = (age: number): string =>
  age < 2 * DAY ? `${Math.ceil(age / 3600)} h` : `${Math.floor(age / DAY)} days`

const STALE = 'stale'
const HIDDEN = 'somebody may hide what is newer: too many nodes stand around this address'

export const createResolver = (
  directory: Directory,
  trustStore: TrustStore,
  world: World,
  clockWatch: Pick<ClockWatch, 'hear' | 'isDoubted' | 'reading'>,
): Resolver => {
  const { floor, known, anchor, fork: knownFork, hold, accept, contradict, trust } = trustStore

  /** The contradiction against what was found: seen now, or kept from an earlier time. */
  const forkAgainst = ({ log, fork }: Lookup): KeyLog | null => {
    if (fork !== null) return fork
    const kept = knownFork(log)
    return kept === null ? null : compareLogs(kept.a, log) === 'fork' ? kept.a : kept.b
  }

  const judge = ({ log, card, freshness, verdict }: Lookup, fork: KeyLog | null): Trust => {
    const identity = trust(log.id)
    if (fork !== null) return { identity, freshness: 'forked', reason: 'another valid key log contradicts this one' }
    if (log.last.entry.status === 'retired')
      return { identity, freshness: 'retired', reason: 'its owner, or who held its keys, ended it' }
    // A card that is current says nothing of a newer log that somebody hides.
    if (verdict.kind === 'eclipse') return { identity, freshness: STALE, reason: HIDDEN }
    // By a clock that is behind, a card of long ago is current; by one that is ahead, none is.
    if (clockWatch.isDoubted()) {
      const times = describeReading(clockWatch.reading, seconds(world))
      return {
        identity,
        freshness: STALE,
        reason: `a clock that is off cannot tell how old a confirmation is: ${times}`,
      }
    }
    if (freshness === 'current')
      return { identity, freshness, reason: 'its owner has confirmed these keys, and that still holds' }
    if (card === null) return { identity, freshness, reason: 'no confirmation by its owner was found' }
    const age = seconds(world) - card.card.until
    return { identity, freshness, reason: `the last confirmation by its owner ran out ${describeAge(age)} ago` }
  }

  const find: Resolver['find'] = async (id, { signal, asked, policy }) => {
    const times = createTimes(world)
    const { reading } = times
    const options = { now: seconds(world), signal, anchor: anchor(id), known: known(id), policy, times }
    const found = await directory.lookup(id, options).finally(() => clockWatch.hear(reading()))
    const change = changeSince(floor(id), found.log)
    const fork = forkAgainst(found)
    // An expired card says nothing: a newer one that has expired as well must not turn it into a rollback.
    const card = found.freshness === 'current' ? found.card : null
    if (fork === null) accept(found.log, card, asked)
    else {
      if (asked || trust(id) !== 'unknown') contradict(found.log, fork)
      hold(found.log, card)
    }
    return { ...found, fork, change, trust: judge(found, fork), clock: reading() }
  }

  return {
    find,
    vet: async (log, signal) => {
      hold(log, null)
      const identity = trust(log.id)
      const found = await find(log.id, { signal, asked: false }).catch((error: unknown) => {
        // A directory that holds nothing, or less than was seen already, says nothing against this log.
        const silent = error instanceof HandfastError && /^ERR_(LOOKUP_|ROLLBACK)/.test(error.code)
        if (silent) return null
        throw error
      })
      if (knownFork(log) !== null) throw new KeyLogError('ERR_LOG_FORK')
      if (found === null) return { identity, freshness: STALE, reason: 'the network could not confirm its keys' }
      const relation = compareLogs(log, found.log)
      if (found.fork !== null || relation === 'fork') throw new KeyLogError('ERR_LOG_FORK')
      if (relation === 'shorter' || relation === 'superseded') throw new KeyLogError('ERR_ROLLBACK')
      if (relation !== 'same')
        return { identity, freshness: STALE, reason: 'the network does not know its latest keys yet' }
      return found.trust
    },
  }
}
