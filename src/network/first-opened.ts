import { orAbort } from '../core/abort.ts'
import type { NodeAddress } from '../directory/network-port.ts'

/** Somebody's word where the one that is called may be, which may come while it is called already. */
export type Hints = {
  listen(listener: (at: NodeAddress) => void): void
  /** Resolves when no more will come. */
  readonly ended: Promise<void>
}

export type Closable = { destroy(): unknown }

/**
 * Calls in the usual way, and at each place that is hinted at beside it; the first that opens is it, and the others are ended. A false hint
 * costs its call and delays nothing. Rejects as the usual way does, once nothing is left, or with the signal's reason.
 * @param open begins one call; it is over when its signal aborts
 */
export const firstOpened = async <T extends Closable>(
  open: (at: NodeAddress | null, signal: AbortSignal) => Promise<T>,
  hints: Hints | undefined,
  signal: AbortSignal | undefined,
): Promise<T> => {
  const stop = new AbortController()
  const ending = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])])
  const { promise: first, resolve, reject } = Promise.withResolvers<T>()
  const calls: Promise<unknown>[] = []

  const call = async (at: NodeAddress | null): Promise<void> => {
    const opened = await open(at, ending)
    if (stop.signal.aborted) opened.destroy()
    else {
      stop.abort()
      resolve(opened)
    }
  }
  const usual = call(null)
  hints?.listen((at) => {
    if (!ending.aborted) calls.push(call(at).catch(() => {}))
  })
  const noneLeft = async (): Promise<void> => {
    if (hints !== undefined) await orAbort(hints.ended, ending).catch(() => {})
    await Promise.all(calls)
  }
  usual.catch((error: unknown) => noneLeft().then(() => reject(signal?.aborted ? signal.reason : error)))
  return first
}
