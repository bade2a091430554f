import type { FilePayload } from '../connection/payloads.ts'
import type { Line } from '../connection/service.ts'
import { isVoidDevice } from '../contacts/void-device.ts'
import { equal, hex } from '../core/bytes.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import type { SecretKey } from '../core/kdf.ts'
import { deviceId } from '../core/key-log-entry.ts'
import { FILES_AT_ONCE } from '../core/limits/file-limits.ts'
import type { World } from '../core/world.ts'
import { isDiskFull, pauseAfterFull, whenRoom } from '../store/disk-full.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer, TransferReason } from '../store/transfer-rows.ts'
import type { Changed, Live } from './file-api.ts'
import { type FileLine, keyOf, openFileLine } from './file-line.ts'
import { openSending, type Sending } from './sending.ts'

/**
 * Our files: each is offered on the newest connection to its recipient, and again on the next one, until it is there:
 *
 *     queued --bind--> offered --file-accept--> sending --file-done--> delivered
 *       <-- that connection ends, or there is a newer one --           any --file-refuse, failure, given up--> failed
 */

export type OutgoingPayload = Extract<
  FilePayload,
  { k: 'file-accept' | 'file-wait' | 'file-refuse' | 'file-taken' | 'file-done' | 'file-ask' }
>

export type OutgoingFiles = {
  attach(line: Line): { handle(payload: OutgoingPayload): void; detach(): void }
  /** Something of ours waits for `peer`. */
  offer(peer: Uint8Array): void
  /** What it does on a connection, if it is on one. */
  live(row: StoredTransfer): Live | null
  /** Gives up one that is under way, and says so. @returns whether it was */
  giveUp(row: StoredTransfer, reason: TransferReason): Promise<boolean>
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

export type OutgoingParts = { readonly store: Store; readonly world: World; readonly changed: Changed }

/** One that is on a connection. */
type Bound = { readonly row: StoredTransfer; readonly at: FileLine; readonly sending: Sending }

type Outgoing = OutgoingParts & {
  /** oldest first */
  readonly lines: Set<FileLine>
  readonly bound: Map<string, Bound>
  /** files that are being closed */
  readonly closing: Set<Promise<void>>
  /** to whom something is offered again when there may be room */
  readonly postponed: Set<string>
  /** aborted when it stops */
  readonly stopping: AbortSignal
}

/** As long as after so many attempts in a row: half a minute. */
const FULL_PAUSES = 6

/** What the other side may say of its reasons; anything else is only that it did not take the file. */
const REFUSALS: readonly FileErrorCode[] = ['ERR_FILE_FULL', 'ERR_FILE_CORRUPT', 'ERR_FILE_LIMIT', 'ERR_FILE_NAME']
/** What one waits for that the other side would take. */
const WAITS: readonly FileErrorCode[] = ['ERR_FILE_FULL', 'ERR_FILE_DAY', 'ERR_FILE_TOTAL']
/** What we say of ours. */
const ABORTS: readonly FileErrorCode[] = ['ERR_FILE_CHANGED', 'ERR_FILE_READ', 'ERR_FILE_CORRUPT', 'ERR_FILE_EXPIRED']

const sayAborted = (at: FileLine, id: Uint8Array, reason: TransferReason | null): void => {
  const code = ABORTS.find((known) => known === reason) ?? 'ERR_FILE_WITHDRAWN'
  at.answer({ k: 'file-abort', id, code })
}

const unbind = ({ bound, closing }: Outgoing, { row, sending }: Bound): void => {
  bound.delete(keyOf(row))
  const closed = sending.stop().finally(() => closing.delete(closed))
  closing.add(closed)
}

/** A failing disk leaves it waiting for the next connection. */
const finish = async (
  outgoing: Outgoing,
  row: StoredTransfer,
  state: 'delivered' | 'failed',
  reason: TransferReason | null,
): Promise<boolean> => {
  const { store, bound, changed } = outgoing
  const known = bound.get(keyOf(row))
  if (known !== undefined) unbind(outgoing, known)
  const ended = await store.group.run(() => store.transfers.finish(row.number, state, reason))
  if (ended === null) return false
  changed(ended, null)
  offer(outgoing, row.peer)
  return true
}

/** The same of what the other side said, or what became of the file: a full disk is waited for. */
const finishWhenRoom = (
  outgoing: Outgoing,
  row: StoredTransfer,
  state: 'delivered' | 'failed',
  reason: TransferReason | null,
): Promise<boolean> =>
  whenRoom(
    () => finish(outgoing, row, state, reason),
    () => {},
    outgoing.stopping,
  )

const fail = async (outgoing: Outgoing, at: FileLine, row: StoredTransfer, code: FileErrorCode): Promise<void> => {
  await finishWhenRoom(outgoing, row, 'failed', code)
  sayAborted(at, row.id, code)
}

/** Offers it when there may be room again. */
const later = async (outgoing: Outgoing, peer: Uint8Array): Promise<void> => {
  if (outgoing.postponed.has(hex(peer))) return
  outgoing.postponed.add(hex(peer))
  await pauseAfterFull(FULL_PAUSES, outgoing.stopping)
  outgoing.postponed.delete(hex(peer))
  if (!outgoing.stopping.aborted) offer(outgoing, peer)
}

const bind = (outgoing: Outgoing, row: StoredTransfer, secret: SecretKey, at: FileLine): void => {
  const { store, world, bound, changed } = outgoing
  try {
    // Before it is said: with the secret that goes there, whoever has the keys of that device reads the file.
    store.exposures.fileAt(row.number, deviceId(at.device))
  } catch (error) {
    // A full disk leaves it waiting for room, one that fails for the next connection.
    if (isDiskFull(error)) void later(outgoing, row.peer)
    return
  }
  const sending = openSending(row, secret, at.line, world, {
    progress: (live) => changed(row, live),
    fail: (code) => void fail(outgoing, at, row, code).catch(() => {}),
  })
  bound.set(keyOf(row), { row, at, sending })
  changed(row, sending.live)
}

/** The newest line is the one whose other end is there for sure: after a crash the older one may be dead and not know it. */
const offer = (outgoing: Outgoing, peer: Uint8Array): void => {
  const { store, lines, bound } = outgoing
  const at = [...lines].findLast((line) => equal(line.peer, peer))
  if (at === undefined || isVoidDevice(store, at)) return
  for (const row of store.transfers.open(peer, 'queued').slice(0, FILES_AT_ONCE)) {
    const known = bound.get(keyOf(row))
    if (known?.at === at || row.secret === null) continue
    if (known !== undefined) unbind(outgoing, known)
    bind(outgoing, row, row.secret, at)
  }
}

/** They hold a part of what we do not send any more: they need not keep it. */
const answerUnknown = ({ store }: Outgoing, at: FileLine, id: Uint8Array): void => {
  const row = store.transfers.find(at.peer, true, id)
  if (row === null || row.state === 'failed') sayAborted(at, id, row?.reason ?? null)
}

/** What is said of one that is offered, or sent, on that connection. */
const HANDLERS: {
  readonly [K in OutgoingPayload['k']]: (
    outgoing: Outgoing,
    bound: Bound,
    payload: Extract<OutgoingPayload, { k: K }>,
  ) => void
} = {
  // It was offered at the beginning of the connection.
  'file-ask': () => {},
  'file-accept': (_, { sending }, { from }) => sending.accept(from),
  // Room is all that a file waits for, whatever a later version calls it.
  'file-wait': (_, { sending }, { code }) => sending.wait(WAITS.find((known) => known === code) ?? 'ERR_FILE_FULL'),
  'file-taken': (_, { sending }, { n }) => sending.grant(n),
  'file-done': (outgoing, { row }) => void finishWhenRoom(outgoing, row, 'delivered', null).catch(() => {}),
  'file-refuse': (outgoing, { row }, { code }) => {
    const reason = REFUSALS.find((known) => known === code) ?? 'ERR_FILE_REFUSED'
    void finishWhenRoom(outgoing, row, 'failed', reason).catch(() => {})
  },
}

const handle = <K extends OutgoingPayload['k']>(
  outgoing: Outgoing,
  at: FileLine,
  payload: Extract<OutgoingPayload, { k: K }> & { readonly k: K },
): void => {
  const known = outgoing.bound.get(keyOf({ peer: at.peer, id: payload.id }))
  if (known?.at === at) HANDLERS[payload.k](outgoing, known, payload)
  else if (payload.k === 'file-accept' || payload.k === 'file-ask') answerUnknown(outgoing, at, payload.id)
}

const detach = (outgoing: Outgoing, at: FileLine): void => {
  const { lines, bound, changed } = outgoing
  lines.delete(at)
  for (const one of [...bound.values()]) {
    if (one.at !== at) continue
    unbind(outgoing, one)
    changed(one.row, null)
  }
  offer(outgoing, at.peer)
}

export const createOutgoingFiles = (parts: OutgoingParts): OutgoingFiles => {
  const stop = new AbortController()
  const outgoing: Outgoing = {
    ...{ ...parts, lines: new Set(), bound: new Map(), closing: new Set(), postponed: new Set() },
    stopping: stop.signal,
  }
  const { lines, bound, closing } = outgoing
  return {
    attach: (line) => {
      const at = openFileLine(line)
      lines.add(at)
      offer(outgoing, at.peer)
      return { handle: (payload) => handle(outgoing, at, payload), detach: () => detach(outgoing, at) }
    },
    offer: (peer) => offer(outgoing, peer),
    live: (row) => bound.get(keyOf(row))?.sending.live ?? null,
    giveUp: async (row, reason) => {
      const at = bound.get(keyOf(row))?.at
      const gaveUp = await finish(outgoing, row, 'failed', reason)
      if (gaveUp && at !== undefined) sayAborted(at, row.id, reason)
      return gaveUp
    },
    stop: async () => {
      stop.abort()
      lines.clear()
      for (const one of [...bound.values()]) unbind(outgoing, one)
      await Promise.all(closing)
    },
  }
}
