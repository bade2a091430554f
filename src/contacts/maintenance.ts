import { encodeAddress } from '../core/address.ts'
import { DirectoryError, HandfastError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { compareLogs } from '../core/key-log.ts'
import { CONTACT_REPUBLISH } from '../core/limits/connection-limits.ts'
import { CARD_REISSUE } from '../core/limits/protocol-limits.ts'
import { RECORD_REPAIR } from '../core/limits/record-limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { createTimes } from '../directory/client/heard-times.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { Publication, Records } from '../directory/client/publish.ts'
import type { Store } from '../store/store.ts'
import { afterJump } from './after-jump.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { ContactEvent } from './contact-events.ts'
import { createFreshEye } from './fresh-eye.ts'
import type { JumpWatch } from './jump-watch.ts'
import type { Resolver } from './resolver.ts'
import type { TrustStore } from './trust-store.ts'

/**
 * What a listening peer does every 6 hours, and in part every hour: it says anew where it is, looks whether its own log was contradicted,
 * looks after those it is connected to, and puts the logs of its contacts back into the directory, which forgets them after a week. The same
 * when the computer slept, or its clock was set. After its own records it looks as soon as others may have lost them.
 */
export type Maintenance = {
  /** Begins, with everything but the first publication, which has been made. */
  start(): void
  stop(): void
}

export type MaintenanceParts = {
  readonly identity: Identity
  readonly directory: Directory
  readonly store: Store
  readonly trustStore: TrustStore
  readonly resolver: Resolver
  readonly clockWatch: Pick<ClockWatch, 'hear'>
  readonly jumps: Pick<JumpWatch, 'onJump'>
  /** Calls back when others may have lost what they were told. @returns ends that */
  readonly onShaken: (listener: () => void) => () => void
  readonly world: World
  readonly emit: (event: ContactEvent) => void
  readonly publishOwn: () => Promise<Publication>
  /** Holds what the directory has of us against our own store. */
  readonly weighOwn: (found: Lookup) => Promise<boolean>
  /** what was announced last */
  readonly published: () => Records
  /** The signal for one step. */
  readonly deadline: () => AbortSignal
}

/** Work that is done again and again, each time a little early, by chance: who began together does not go on together. */
const createRounds = ({ random }: World) => {
  const timers = new Set<NodeJS.Timeout>()
  const every = (seconds: number, work: () => void): void => {
    const [byte = 0] = random(1)
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        every(seconds, work)
        work()
      },
      seconds * 1000 * (1 - byte / 2550),
    )
    timers.add(timer)
  }
  return {
    every,
    stop: (): void => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** By a clock that was ahead, something was published in the future: that says nothing. */
const isRecent = (published: number, now: number): boolean => published <= now && now < published + CONTACT_REPUBLISH

/** Contacts keep each other's logs in the directory. */
const republishContacts = async (
  { directory, store: { contacts, forks }, world, deadline }: MaintenanceParts,
  isStopped: () => boolean,
): Promise<void> => {
  for (const contact of contacts.all()) {
    const { id, published } = contact
    if (isStopped()) return
    const now = seconds(world)
    if (isRecent(published, now) || forks.get(id) !== null) continue
    // One that is damaged on disk keeps no other from it.
    const done = await Promise.try(() => directory.keep(contact.log, { now, signal: deadline() })).then(
      () => true,
      () => false,
    )
    if (done) contacts.published(id, now)
  }
}

/** Nobody showed anything: all of them may have lost it, as after a power cut. @returns whether enough took it */
const publishAgain = ({ directory, published, deadline }: MaintenanceParts): Promise<boolean> =>
  directory.publish(published(), { signal: deadline() }).then(
    ({ weak }) => !weak,
    () => false,
  )

export const createMaintenance = (parts: MaintenanceParts): Maintenance => {
  const { identity, directory, trustStore, resolver, world, emit, clockWatch } = parts
  const { publishOwn, published, weighOwn, deadline } = parts
  const rounds = createRounds(world)
  let stopped = false
  let running = false
  /** whether the latest announcement was accepted by anybody, and whether others did not find it */
  let accepted = true
  let unconfirmed = false

  const announceAnew = async (): Promise<void> => {
    try {
      await publishOwn()
      accepted = true
    } catch (error) {
      accepted = false
      if (stopped) return
      const superseded = error instanceof HandfastError && error.code === 'ERR_PEER_SUPERSEDED'
      emit(superseded ? { type: 'superseded', error } : { type: 'not-published', error })
    }
  }

  /**
   * Looks at one's own records as others see them, and puts them where they are missing. A contradiction to one's own log is a theft: the
   * owner is the one who can end it.
   * @returns whether others find them
   */
  const inspectOwn = async (): Promise<boolean> => {
    const times = createTimes(world)
    const options = { now: seconds(world), signal: deadline(), times }
    const seen = await directory.check(published(), options).catch((error: unknown) => {
      if (error instanceof DirectoryError) return error
      throw error
    })
    clockWatch.hear(times.reading())
    if (stopped) return true
    if (seen instanceof DirectoryError) {
      doubt(seen.message)
      return publishAgain(parts)
    }
    // Another one of us may have gone on while we were not looking.
    const began = await weighOwn(seen.found)
    if (stopped) return true
    if (began) await announceAnew()
    if (seen.found.fork !== null) trustStore.contradict(seen.found.log, seen.found.fork)
    // That the log went on elsewhere is what the next announcement tells.
    else if (!['longer', 'supersedes'].includes(compareLogs(seen.found.log, identity.log)))
      doubt(seen.confirmed ? null : seen.found.verdict.reason)
    return seen.confirmed
  }

  /** Tells of it once, until it is over. */
  const doubt = (reason: string | null): void => {
    if (reason !== null && accepted && !unconfirmed) emit({ type: 'unconfirmed', reason })
    unconfirmed = reason !== null && accepted
  }

  const inspectConnected = async (): Promise<void> => {
    for (const id of trustStore.connected()) {
      if (stopped) return
      const found = await resolver.find(id, { signal: deadline(), asked: false }).catch(() => null)
      if (found !== null && found.change !== 'none')
        emit({ type: 'changed', address: encodeAddress(id), change: found.change })
    }
  }

  /** One step after the other, and none stops the next. What lasts until the next round is due is not overtaken by it. */
  const inspect = async (): Promise<void> => {
    if (running) return
    running = true
    for (const step of [inspectOwn, inspectConnected, () => republishContacts(parts, () => stopped)])
      if (!stopped) await Promise.try<unknown, []>(step).catch(() => {})
    running = false
  }

  /** Between two announcements nodes come and go, with what they stored. */
  const repair = (): void => {
    if (!running) void inspectOwn().catch(() => {})
  }

  const renew = (): void => void announceAnew().then(inspect)
  const freshEye = createFreshEye(() => (running ? Promise.resolve(false) : inspectOwn()))
  let ends: readonly (() => void)[] = []

  return {
    start: () => {
      void inspect()
      rounds.every(CARD_REISSUE, renew)
      rounds.every(RECORD_REPAIR, repair)
      ends = [afterJump(parts.jumps, renew), parts.onShaken(freshEye.shaken), freshEye.stop]
    },
    stop: () => {
      stopped = true
      for (const end of ends) end()
      rounds.stop()
    },
  }
}
