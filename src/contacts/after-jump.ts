import { CLOCK_BOUND } from '../directory/limits.ts'
import type { JumpWatch } from './jump-watch.ts'

/** Milliseconds between two calls, however often the clock jumps: what is done about it costs some hundred datagrams. */
const PAUSE_MS = 600_000

/**
 * Calls `work` after a jump by which a card may have run out, or be from the future. One that comes too soon after another is not forgotten: it
 * may be the one back.
 * @returns ends that
 */
export const afterJump = (watch: Pick<JumpWatch, 'onJump'>, work: () => void): (() => void) => {
  let pause: NodeJS.Timeout | undefined
  let again = false

  const go = (): void => {
    again = pause !== undefined
    if (again) return
    pause = setTimeout(() => {
      pause = undefined
      if (again) go()
    }, PAUSE_MS).unref()
    work()
  }

  const end = watch.onJump((milliseconds) => {
    if (milliseconds > CLOCK_BOUND * 1000) go()
  })
  return () => {
    end()
    clearTimeout(pause)
  }
}
