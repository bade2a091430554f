import { createSteadyClock, type SteadyClock } from '../../src/core/steady-clock.ts'
import { NOW } from './identities.ts'

/** A machine whose time goes on, in seconds, and whose clock on the wall may be off. */
export type Machine = {
  time: number
  off: number
  /** what the clock on the wall says, seconds */
  wall(): number
  readonly steady: SteadyClock
}

export const HOUR = 3600
export const DAY = 24 * HOUR

/** One whose clock has been right for some hours. */
export const createMachine = (): Machine => {
  const state = { time: NOW - 3 * HOUR, off: 0 }
  const wall = (): number => state.time + state.off
  const steady = createSteadyClock({ clock: () => wall() * 1000, counting: () => state.time * 1000 })
  const machine = Object.assign(state, { wall, steady })
  for (let hour = 0; hour < 3; hour++) {
    machine.time += HOUR
    machine.steady.past()
  }
  return machine
}
