import { ConnectionError } from '../core/errors.ts'

/**
 * Gives `work` a signal that aborts after `milliseconds`, or with `outer`.
 * @throws what `work` throws, for which ConnectionError ERR_TIMEOUT is the signal's reason when the time has run out
 */
export const withDeadline = async <T>(
  milliseconds: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new ConnectionError('ERR_TIMEOUT')), milliseconds)
  try {
    return await work(outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]))
  } finally {
    clearTimeout(timer)
  }
}
