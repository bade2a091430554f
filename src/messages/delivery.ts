import type { OpenConnection } from '../connection/connection.ts'
import { linger } from '../connection/linger.ts'
import { hex } from '../core/bytes.ts'
import { type ErrorCode, HandfastError } from '../core/errors.ts'
import { REDIAL_MAX_MS, REDIAL_MS } from '../core/limits/connection-limits.ts'
import { MAILBOX_AFTER_MS } from '../core/limits/message-limits.ts'
import { pastOf, type World } from '../core/world.ts'
import { isDiskFull } from '../store/disk-full.ts'
import type { Store } from '../store/store.ts'
import type { Backlog, Unreachable } from './backlog.ts'
import { isRemoteFull } from './held.ts'
import type { Lines } from './lines.ts'
import type { MailboxSender } from './mailbox-sender.ts'
import type { Signal, Signals } from './signals.ts'

/**
 * Decides whom to dial, and when. For every peer that something waits for it keeps one connection, or tries to get one, again and again
 * with growing pauses; whoever cannot be reached is written to by way of its mailboxes.
 *
 *     idle    --queued, or wanted at the start--> dialing
 *     dialing --connected--> idle (the lines send)     --failed--> pausing, and to its mailboxes     --3 s--> to its mailboxes as well
 *     pausing --the pause is over, or it is near--> dialing     --opened by the other side--> idle
 *     idle    --the last line closed, and something waits--> pausing, longer each time that a line broke soon
 */
export type Delivery = {
  /** Begins to deliver what waits from an earlier time. */
  start(): void
  stop(): void
}

export type DeliveryParts = {
  readonly store: Store
  readonly world: World
  readonly signals: Signals
  readonly lines: Lines
  /** What waits for somebody: messages, files. */
  readonly backlogs: readonly Backlog[]
  /** The way to those who cannot be reached. */
  readonly mailbox: Pick<MailboxSender, 'isWaiting' | 'waiting' | 'send' | 'receiptSaid'>
  readonly connect: (peer: Uint8Array, signal: AbortSignal) => Promise<OpenConnection>
  /** Whether there is something to do on a connection to `peer`. */
  readonly isNeeded: (peer: Uint8Array) => boolean
}

type Correspondent = {
  readonly id: Uint8Array
  /** failures in a row: dialled in vain, or the line broke soon */
  failures: number
  /** when the last line was opened, milliseconds since 1970 */
  opened: number
  dialing: boolean
  /** it was connected when this peer crashed, and may have messages that it believes are on their way */
  interrupted: boolean
  redial: NodeJS.Timeout | undefined
}

type Run = DeliveryParts & { readonly correspondents: Map<string, Correspondent>; readonly stopping: AbortController }

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['ERR_PEER_RETIRED', 'ERR_PEER_SELF'])

const unreachableCode = (error: unknown): Unreachable | null =>
  error instanceof HandfastError && UNREACHABLE.has(error.code) ? (error.code as Unreachable) : null

const correspondentOf = ({ correspondents }: Run, id: Uint8Array): Correspondent => {
  const known = correspondents.get(hex(id))
  if (known !== undefined) return known
  const fresh = { id, failures: 0, opened: 0, dialing: false, interrupted: false, redial: undefined }
  correspondents.set(hex(id), fresh)
  return fresh
}

const isWaiting = ({ backlogs }: Run, id: Uint8Array): boolean => backlogs.some((one) => one.isWaiting(id))
const isWanted = (run: Run, { id, interrupted }: Correspondent): boolean =>
  !run.store.blocked.has(id) && (interrupted || isWaiting(run, id) || run.mailbox.isWaiting(id))

/** Half of it is fixed and half is chance, so that many peers of one that was away do not call it all at once. */
const pauseAfter = ({ random }: World, failures: number): number => {
  const longest = Math.min(REDIAL_MAX_MS, REDIAL_MS * 2 ** Math.min(failures, 20))
  const [byte = 0] = random(1)
  return longest / 2 + (longest / 2) * (byte / 255)
}

const toMailboxes = async ({ store, mailbox, stopping }: Run, id: Uint8Array): Promise<void> => {
  if (store.blocked.has(id)) return
  // What does not get into a mailbox now is tried again with the next call.
  await mailbox.send(id, stopping.signal).catch(() => {})
}

const tellFull = ({ lines }: Run, id: Uint8Array, error: unknown): void => {
  if (isDiskFull(error)) lines.held.here(id, true)
  else if (isRemoteFull(error)) lines.held.there(id, 'ERR_STORE_FULL')
}

const dialNow = async (run: Run, one: Correspondent): Promise<void> => {
  const { backlogs, world, connect, stopping } = run
  one.dialing = true
  // Whoever vanished without a goodbye is called for many seconds in vain. Should it be there all the same, it drops what it has.
  const impatient = setTimeout(() => void toMailboxes(run, one.id), MAILBOX_AFTER_MS).unref()
  try {
    // What waits for somebody who is blocked does not get too old meanwhile.
    if (run.store.blocked.has(one.id)) return
    for (const backlog of backlogs) await backlog.expire(one.id, pastOf(world))
    if (!isWanted(run, one)) return
    linger(await connect(one.id, stopping.signal), () => run.isNeeded(one.id))
  } catch (error) {
    one.failures += 1
    tellFull(run, one.id, error)
    // It was worth a try; whoever is gone has nothing on its way to us.
    one.interrupted = false
    if (stopping.signal.aborted) return
    const reason = unreachableCode(error)
    if (reason === null) await toMailboxes(run, one.id)
    else for (const backlog of backlogs) await backlog.giveUp(one.id, reason).catch(() => {})
  } finally {
    clearTimeout(impatient)
    one.dialing = false
    advance(run, one)
    forgetIdle(run, one)
  }
}

/** Whoever is not waited for need not be remembered: anyone can connect. */
const forgetIdle = ({ lines, correspondents }: Run, { id, dialing, redial }: Correspondent): void => {
  if (!dialing && redial === undefined && !lines.isOpen(id)) correspondents.delete(hex(id))
}

/** Sends on the newest line that is ready; without one, gets one, at once or after a pause. */
const advance = (run: Run, one: Correspondent): void => {
  if (run.stopping.signal.aborted || run.lines.pump(one.id) || run.lines.isOpen(one.id)) return
  if (one.dialing || one.redial !== undefined || !isWanted(run, one)) return
  // A disk that cannot be read is told to whoever reads it next.
  const dial = (): void => void dialNow(run, one).catch(() => {})
  const again = (): void => {
    one.redial = undefined
    dial()
  }
  if (one.failures === 0) dial()
  else one.redial = setTimeout(again, pauseAfter(run.world, one.failures - 1)).unref()
}

/** Whoever was called in vain is there now. */
const endPause = (one: Correspondent): void => {
  if (one.redial === undefined) return
  clearTimeout(one.redial)
  one.redial = undefined
  one.failures = 0
}

/** Nothing depends on it: a peer that cannot write goes on without. */
const note = ({ store, stopping }: Run, work: () => void): void => {
  if (!stopping.signal.aborted) store.group.run(work).catch(() => {})
}

const hear = (run: Run, { type, peer }: Signal): void => {
  const { store, world, lines, mailbox } = run
  const one = correspondentOf(run, peer)
  if (type === 'taken') lines.invite(peer)
  else if (type === 'opened') {
    one.opened = world.clock()
    one.interrupted = false
    clearTimeout(one.redial)
    one.redial = undefined
    note(run, () => store.messages.lineOpened(peer))
  } else if (type === 'greeted') {
    note(run, () => mailbox.receiptSaid(peer))
  } else if (type === 'closed' || type === 'broken') {
    if (!lines.isOpen(peer)) note(run, () => store.messages.lineClosed(peer))
    // At once would be too soon: the other side has just gone. What breaks each line is not tried all the time.
    const isAgain = type === 'broken' && world.clock() - one.opened < REDIAL_MAX_MS
    one.failures = isAgain ? one.failures + 1 : 1
    advance(run, one)
  } else {
    if (type === 'near') endPause(one)
    advance(run, one)
    // Whoever could not be reached a moment ago has it in a mailbox at once all the same.
    if (type === 'queued' && one.redial !== undefined) void toMailboxes(run, peer)
  }
  forgetIdle(run, one)
}

export const createDelivery = (parts: DeliveryParts): Delivery => {
  const { store, signals, backlogs, mailbox } = parts
  const run: Run = { ...parts, correspondents: new Map(), stopping: new AbortController() }
  signals.listen((signal) => hear(run, signal))

  return {
    start: () => {
      const interrupted = store.messages.interrupted()
      for (const id of interrupted) correspondentOf(run, id).interrupted = true
      const waiting = backlogs.flatMap((one) => one.waiting())
      for (const id of [...interrupted, ...waiting, ...mailbox.waiting()]) advance(run, correspondentOf(run, id))
    },
    stop: () => {
      run.stopping.abort()
      // An end in order leaves nobody waiting.
      const { messages, group } = store
      group.run(() => messages.interrupted().forEach(messages.lineClosed)).catch(() => {})
      for (const { redial } of run.correspondents.values()) clearTimeout(redial)
    },
  }
}
