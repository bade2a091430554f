import type { World } from '../core/world.ts'
import { CLOCK_BOUND } from '../directory/limits.ts'

/**
 * Notices that the wall clock went another way than time does: the computer slept, for timers stand still then, or the clock was set. What
 * was signed before may have run out, or may be from what is now the future.
 */
export type ClockJumps = { start(): void; stop(): void }

/** Milliseconds between two looks. */
const LOOK_MS = 60_000

/** Looks between two calls, however often the clock jumps: what is done about it costs some hundred datagrams. */
const LOOKS_BETWEEN = 10

/** @param onJump what there is to do about it */
export const createClockJumps = ({ clock }: Pick<World, 'clock'>, onJump: () => void): ClockJumps => {
  let timer: NodeJS.Timeout | undefined
  let before = 0
  let looks = LOOKS_BETWEEN
  let jumped = false

  const look = (): void => {
    const now = clock()
    jumped ||= Math.abs(now - before - LOOK_MS) > CLOCK_BOUND * 1000
    before = now
    looks += 1
    timer = setTimeout(look, LOOK_MS).unref()
    // A jump that comes too soon after another is not forgotten: it may be the one back.
    if (!jumped || looks < LOOKS_BETWEEN) return
    jumped = false
    looks = 0
    onJump()
  }

  return {
    start: () => {
      before = clock()
      timer = setTimeout(look, LOOK_MS).unref()
    },
    stop: () => clearTimeout(timer),
  }
}
