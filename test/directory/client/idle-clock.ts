import type { Clock } from '../../../src/directory/network-port.ts'

/** Time that stands still while anything happens, and jumps to the next thing that waits for it when nothing does. */

export type IdleClock = Clock & {
  /** Something happens: time waits for what follows from it. */
  stir(): void
}

/** Turns of the event loop in which nothing happened before time goes on: behaviours of tests take a few. */
const IDLE_TURNS = 16

export const createIdleClock = (): IdleClock => {
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>()
  let now = 0
  let idle = 0
  let turning = false

  const turn = (): void => {
    turning = waiting.size > 0
    if (!turning) return
    idle += 1
    if (idle > IDLE_TURNS) {
      const [next] = [...waiting].sort((a, b) => a.at - b.at)
      if (next !== undefined) {
        waiting.delete(next)
        now = Math.max(now, next.at)
        idle = 0
        next.run()
      }
    }
    setImmediate(turn)
  }

  return {
    now: () => now,
    after: (milliseconds, run) => {
      const timer = { at: now + milliseconds, run }
      waiting.add(timer)
      idle = 0
      if (!turning) {
        turning = true
        setImmediate(turn)
      }
      return () => void waiting.delete(timer)
    },
    stir: () => {
      idle = 0
    },
  }
}
