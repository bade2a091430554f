import type { Payload } from './payloads.ts'
import type { World } from './ports.ts'

/** What the parts of a connection use to speak: each call encrypts at once, in the order of the calls. */
export type Line = {
  readonly world: World
  say(payload: Payload): Promise<void>
  /** The same for what the other application takes: waits while it has too much unread. @throws the signal's reason */
  deliver(payload: Payload, signal?: AbortSignal): Promise<void>
  sendChunk(id: Uint8Array, index: number, token: Uint8Array): Promise<void>
}

/** Waits for `work` no longer than the signal allows; it goes on without us. @throws the signal's reason */
export const orAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  work.catch(() => {})
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
