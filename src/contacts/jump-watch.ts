import { performance } from 'node:perf_hooks'
import { CLOCK_JUMP_MS, CLOCK_LOOK_MS } from '../core/limits/own-check-limits.ts'

/**
 * Notices that this machine slept, was stopped or put back, or that somebody set its clock: the clock on the wall and the one that only
 * counts part ways, or nobody looked at them for longer than timers run.
 */
export type JumpWatch = {
  /** Whether that happened since it was asked last. */
  jumped(): boolean
  stop(): void
}

/**
 * @param clock milliseconds since 1970
 * @param onJump called when it was noticed by looking, which is done every 15 s
 * @param counting milliseconds since whenever, which nobody sets
 */
export const createJumpWatch = (
  clock: () => number,
  onJump: () => void,
  counting: () => number = () => performance.now(),
): JumpWatch => {
  let [wall, count] = [clock(), counting()]

  const jumped = (): boolean => {
    const before = { wall, count }
    wall = clock()
    count = counting()
    const [passed, counted] = [wall - before.wall, count - before.count]
    return Math.abs(passed - counted) > CLOCK_JUMP_MS || counted > CLOCK_LOOK_MS + CLOCK_JUMP_MS
  }

  const timer = setInterval(() => {
    if (jumped()) onJump()
  }, CLOCK_LOOK_MS)
  timer.unref()
  return { jumped, stop: () => clearInterval(timer) }
}
