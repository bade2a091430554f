import { HandfastError } from '../core/errors.ts'
import { DISK_FULL_PAUSE_MAX_MS, DISK_FULL_PAUSE_MS } from '../core/limits/store-limits.ts'
import { systemCode } from './failures.ts'

/** What is done about a disk that is full: nothing is given up, and it is tried again, less and less often. */

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'ERR_STORE_FULL', 'ERR_FILE_FULL'])

/** Whether that is what it failed for. */
export const isDiskFull = (error: unknown): boolean =>
  FULL.has(error instanceof HandfastError ? error.code : systemCode(error))

/** Waits before another attempt, after so many that failed in a row; not before the first. Ends early when the signal is aborted. */
export const pauseAfterFull = async (times: number, signal: AbortSignal): Promise<void> => {
  if (times === 0 || signal.aborted) return
  const milliseconds = Math.min(DISK_FULL_PAUSE_MAX_MS, DISK_FULL_PAUSE_MS * 2 ** Math.min(times - 1, 20))
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds).unref()
    signal.addEventListener('abort', done)
  })
}

/**
 * Does it again for as long as the disk is full, until the signal is aborted.
 * @param full told of each attempt that failed for that
 * @throws what `work` throws for any other reason, and for this one once the signal is aborted
 */
export const whenRoom = async <T>(
  work: () => Promise<T>,
  full: (error: unknown) => void,
  signal: AbortSignal,
): Promise<T> => {
  for (let times = 1; ; times++) {
    try {
      return await work()
    } catch (error) {
      if (!isDiskFull(error) || signal.aborted) throw error
      full(error)
      await pauseAfterFull(times, signal)
      if (signal.aborted) throw error
    }
  }
}
