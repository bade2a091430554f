import type { Messages } from '../../messages/message-api.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'

/** Whether what was written to one address has arrived. */
export type Deliveries = {
  hear(event: PeerEvent): void
  /** how many messages are neither delivered nor failed */
  readonly left: number
  /** Resolves when none is left any more. @throws the signal's reason */
  all(signal: AbortSignal): Promise<void>
  /** Gives what was just said a moment to arrive: a goodbye is not to cut it off, and not to wait for somebody who is gone. */
  lastWords(): Promise<void>
}

/** Milliseconds that a goodbye waits for receipts of what was just said. */
const LAST_WORDS_MS = 1_000

export const createDeliveries = (
  messages: Pick<Messages, 'waiting'>,
  address: string,
  lastWordsMs = LAST_WORDS_MS,
): Deliveries => {
  const waiting = new Set<() => void>()
  const left = (): number => messages.waiting(address)

  const all = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        waiting.delete(look)
        signal.removeEventListener('abort', abort)
      }
      const look = (): void => {
        if (left() > 0) return
        finish()
        resolve()
      }
      const abort = (): void => {
        finish()
        reject(signal.reason)
      }
      waiting.add(look)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      else look()
    })

  return {
    hear: ({ type }) => {
      if (type === 'delivery' || type === 'missed') for (const look of [...waiting]) look()
    },
    get left() {
      return left()
    },
    all,
    lastWords: () => all(AbortSignal.timeout(lastWordsMs)).catch(() => {}),
  }
}
