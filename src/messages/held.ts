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

export const createHeld = (world: World, emit: (event: MessageEvent) => void): Held => {
  const here = new Map<string, Known>()
  const there = new Map<string, Known>()
  const isNews = createHourly(world)
  const note = (sides: Map<string, Known>, peer: Uint8Array, code: ErrorCode | null, wait: number | null): void => {
    const key = hex(peer)
    const before = sides.get(key) ?? null
    if ((before?.code ?? null) === code) return
    const isTold = code === null ? before?.isTold === true : !isOften(code) || isNews(`${code} ${key}`)
    if (code === null) sides.delete(key)
    else sides.set(key, { code, isTold: isTold || before?.isTold === true })
    if (isTold) emit({ type: 'held', address: encodeAddress(peer), here: sides === here, code, wait })
  }
  return {
    here: (peer, isFull) => note(here, peer, isFull ? 'ERR_STORE_FULL' : null, null),
    there: (peer, code, wait = null) => note(there, peer, code, wait),
    forget: (peer) => void here.delete(hex(peer)),
  }
}
