import { CLOCK_JUMP_MS, CLOCK_LOOK_MS } from '../core/limits/own-check-limits.ts'
import type { World } from '../core/world.ts'

/**
 * Notices that this machine slept, was stopped or put back, or that somebody set its clock: the clock on the wall and the one that only
 * counts part ways, or nobody looked at them for longer than timers run. What was signed before may have run out, or be from what is now the
 * future, and another may run on the same folder.
 */
export type JumpWatch = {
  /** Whether that happened since it was asked last. */
  jumped(): boolean
  /** Calls back after each jump, of so many milliseconds; `asked`: `jumped` says so too, and it was not noticed by looking every 15 s. @returns ends that */
  onJump(listener: (milliseconds: number, asked: boolean) => void): () => void
  stop(): void
}

/** @param parts where nothing counts, timers say how much time has passed */
export const createJumpWatch = ({ clock, counting }: Pick<World, 'clock' | 'counting'>): JumpWatch => {
  const listeners = new Set<(milliseconds: number, asked: boolean) => void>()
  let ticks = 0
  const count = counting ?? ((): number => ticks * CLOCK_LOOK_MS)
  let before = { wall: clock(), count: count() }
  let untold = false

  /** By how much the clocks parted, or for how long nobody looked; 0 for less than is a jump. */
  const look = (): number => {
    const now = { wall: clock(), count: count() }
    const [passed, counted] = [now.wall - before.wall, now.count - before.count]
    before = now
    const apart = Math.max(Math.abs(passed - counted), counted - CLOCK_LOOK_MS)
    return apart > CLOCK_JUMP_MS ? apart : 0
  }

  const tell = (jump: number, wasAsked: boolean): void => {
    if (jump === 0) return
    untold = true
    for (const listener of listeners) listener(jump, wasAsked)
  }

  let timer: NodeJS.Timeout
  const again = (): void => {
    ticks += 1
    timer = setTimeout(again, CLOCK_LOOK_MS).unref()
    tell(look(), false)
  }
  timer = setTimeout(again, CLOCK_LOOK_MS).unref()

  return {
    jumped: () => {
      tell(look(), true)
      const jumped = untold
      untold = false
      return jumped
    },
    onJump: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop: () => clearTimeout(timer),
  }
}
