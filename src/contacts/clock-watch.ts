import type { SteadyClock } from '../core/steady-clock.ts'
import type { World } from '../core/world.ts'
import { type ClockReading, holdClock, NOTHING_HEARD } from '../directory/client/heard-times.ts'
import type { ContactEvent } from './contact-events.ts'

/** Whether this computer's clock is right, as far as those can tell who were asked for something anyway. */
export type ClockWatch = {
  /** What was said last. */
  readonly reading: ClockReading
  /** Whether the clock may be wrong, by what others say. */
  isDoubted(): boolean
  /** Takes in what nodes said: the owner is told once that the clock is off, until it is right. */
  hear(reading: ClockReading): void
  /** The same, before something is signed that lasts. @throws DirectoryError ERR_CLOCK */
  hold(reading: ClockReading): void
}

/**
 * @param clockIsRight the owner's word, against which nobody else's counts
 * @param steady told whether the clock is right: by one that others contradict nothing is thrown away for its age
 */
export const createClockWatch = (
  world: World,
  emit: (event: ContactEvent) => void,
  clockIsRight = false,
  steady?: Pick<SteadyClock, 'hear'>,
): ClockWatch => {
  let latest = NOTHING_HEARD
  let told = false

  const hear: ClockWatch['hear'] = (reading) => {
    if (reading.ahead === null) return
    latest = reading
    const off = reading.off && !clockIsRight
    steady?.hear(!off)
    if (off && !told) emit({ type: 'clock', ...reading })
    told = off
  }

  return {
    hear,
    hold: (reading) => {
      hear(reading)
      holdClock(reading, { world, clockIsRight })
    },
    isDoubted: () => !clockIsRight && latest.off,
    get reading() {
      return latest
    },
  }
}
