import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, type ErrorCode } from '../core/errors.ts'
import { isDiskFull } from '../store/disk-full.ts'
import type { MessageEvent } from './message-events.ts'

/** What is told of messages that wait though both sides are there, because a disk is full: when it begins, and when it is over. */
export type Held = {
  /** This disk has no room for what is said with `peer`, or has again. */
  here(peer: Uint8Array, isFull: boolean): void
  /** What that peer gives as its reason for taking nothing in now; null: it does again. */
  there(peer: Uint8Array, code: ErrorCode | null): void
  /** Nobody is connected to that peer any more: what this disk has no room for is not said. */
  forget(peer: Uint8Array): void
}

/** Whether the other side refused since its disk is full: it cannot even write down that somebody called. */
export const isRemoteFull = (error: unknown): boolean =>
  error instanceof ConnectionError && error.code === 'ERR_REMOTE' && isDiskFull(error.cause)

export const createHeld = (emit: (event: MessageEvent) => void): Held => {
  const here = new Map<string, ErrorCode>()
  const there = new Map<string, ErrorCode>()
  const note = (known: Map<string, ErrorCode>, peer: Uint8Array, code: ErrorCode | null): void => {
    const key = hex(peer)
    if ((known.get(key) ?? null) === code) return
    if (code === null) known.delete(key)
    else known.set(key, code)
    emit({ type: 'held', address: encodeAddress(peer), here: known === here, code })
  }
  return {
    here: (peer, isFull) => note(here, peer, isFull ? 'ERR_STORE_FULL' : null),
    there: (peer, code) => note(there, peer, code),
    forget: (peer) => void here.delete(hex(peer)),
  }
}
