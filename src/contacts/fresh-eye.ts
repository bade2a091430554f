import { createGrowingPause } from '../core/growing-pause.ts'
import { FRESH_LOOK_MAX_MS, FRESH_LOOK_MS } from '../core/limits/own-check-limits.ts'

/**
 * Looks after one's own records when others may have lost them: at once, and again until they are where they should be. Nodes that lie can
 * bring it about, and a look costs some hundred datagrams, so the pauses between two looks grow.
 */
export type FreshEye = {
  /** Others may have lost what they were told. */
  shaken(): void
  stop(): void
}

/** Looks in a row that find them missing: what is not mended then is left to the hourly look. */
const TRIES_MAX = 5

/** @param look resolves with whether all is where it should be */
export const createFreshEye = (look: () => Promise<boolean>, now: () => number = () => performance.now()): FreshEye => {
  const pause = createGrowingPause({ first: FRESH_LOOK_MS, longest: FRESH_LOOK_MAX_MS })
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let tries = 0
  let stopped = false

  const plan = (): void => {
    if (stopped || looking || timer !== undefined) return
    timer = setTimeout(() => void run(), pause.wait(now()))
  }
  const run = async (): Promise<void> => {
    timer = undefined
    looking = true
    pause.done(now())
    const before = tries
    const done = await look().catch(() => false)
    looking = false
    // Shaken meanwhile, it begins anew.
    const again = tries < before
    if (!again) tries += 1
    if (again || (!done && tries < TRIES_MAX)) plan()
  }

  return {
    shaken: () => {
      tries = looking ? -1 : 0
      plan()
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
