import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import type { World } from '../core/world.ts'
import { isDiskFull } from '../store/disk-full.ts'
import { createHourly } from './hourly.ts'
import type { MessageEvent } from './message-events.ts'

/**
 * What is told of messages that wait though both sides are there, because a disk is full or the other side takes no more: when it begins, and
 * when it is over.
 */
export type Held = {
  /** This disk has no room for what is said with `peer`, or has again. */
  here(peer: Uint8Array, isFull: boolean): void
  /** What that peer gives as its reason for taking nothing in now, and for how many seconds; null: it does again. */
  there(peer: Uint8Array, code: ErrorCode | null, wait?: number | null): void
  /** Nobody is connected to that peer any more: what this disk has no room for is not said. */
  forget(peer: Uint8Array): void
}

/** Whether the other side refused since its disk is full: it cannot even write down that somebody called. */
export const isRemoteFull = (error: unknown): boolean =>
  error instanceof ConnectionError && error.code === 'ERR_REMOTE' && isDiskFull(error.cause)

/** Begins again and again: whoever is too fast is let in some at a time. */
const isOften = (code: ErrorCode): boolean => code.startsWith('ERR_MESSAGE_')

/** What is known of one side of a conversation; of what is no news its end is none either. */
type Known = { readonly code: ErrorCode; readonly isTold: boolean }

/** How often in an hour it is told that a disk is full: it may be so again and again, and whoever says that of his own says what he likes. */
const FULL_TOLD_MAX = 8

/** What the other side may give as its reason; anything else is only that it has no room. */
const REASONS: readonly ErrorCode[] = [
  'ERR_MESSAGE_FULL',
  'ERR_MESSAGE_RATE',
  'ERR_MESSAGE_DAY',
  'ERR_MESSAGE_TOTAL',
  'ERR_STORE_FULL',
]

/**
 * @param isOurs whether that peer is a contact, or something was written to it: what others say of their disks concerns nobody here, and that
 *   this one is full is told of one of them, who stands for all
 */
export const createHeld = (
  world: World,
  emit: (event: MessageEvent) => void,
  isOurs: (peer: Uint8Array) => boolean = () => true,
): Held => {
  const here = new Map<string, Known>()
  const there = new Map<string, Known>()
  const isNews = createHourly(world)
  const isFullNews = createHourly(world, FULL_TOLD_MAX)
  const isToldNow = (peer: Uint8Array, code: ErrorCode): boolean => {
    if (!isOurs(peer)) return isNews('strangers')
    return isOften(code) ? isNews(`${code} ${hex(peer)}`) : isFullNews(hex(peer))
  }
  const note = (sides: Map<string, Known>, peer: Uint8Array, code: ErrorCode | null, wait: number | null): void => {
    const key = hex(peer)
    const before = sides.get(key) ?? null
    if ((before?.code ?? null) === code) return
    const isTold = code === null ? before?.isTold === true : isToldNow(peer, code)
    if (code === null) sides.delete(key)
    else sides.set(key, { code, isTold: isTold || before?.isTold === true })
    if (isTold) emit({ type: 'held', address: encodeAddress(peer), here: sides === here, code, wait })
  }
  return {
    here: (peer, isFull) => note(here, peer, isFull ? 'ERR_STORE_FULL' : null, null),
    there: (peer, code, wait = null) => {
      if (code === null) note(there, peer, null, null)
      else if (isOurs(peer)) note(there, peer, REASONS.find((known) => known === code) ?? 'ERR_STORE_FULL', wait)
    },
    forget: (peer) => void here.delete(hex(peer)),
  }
}
