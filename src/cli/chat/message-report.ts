import type { Message, Messages } from '../../messages/message-api.ts'
import type { Context } from '../context.ts'

/** What becomes of the messages that were written here. */

const isOver = ({ state }: Message): boolean => state === 'delivered' || state === 'failed'

/** Reports every change of state of a message of ours. @returns ends that */
export const reportMessages = ({ emit }: Pick<Context, 'emit'>, messages: Messages): (() => void) =>
  messages.watch(({ direction, peer, id, state, reason }) => {
    if (direction === 'out') emit({ event: 'delivery', peer, id, state, code: reason })
  })

/** How many messages wait to be delivered to that address. */
export const undelivered = (messages: Messages, address: string): number => messages.waiting(address)

/** Milliseconds that a goodbye waits for receipts of what was just said. */
const LAST_WORDS_MS = 1_000

/** Gives what was just said a moment to arrive: a goodbye is not to cut it off, and not to wait for somebody who is gone. */
export const lastWords = (messages: Messages, address: string): Promise<void> =>
  allDelivered(messages, address, AbortSignal.timeout(LAST_WORDS_MS)).catch(() => {})

/** Resolves when no message waits any more. @throws the signal's reason */
export const allDelivered = (messages: Messages, address: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const finish = (): void => {
      end()
      signal.removeEventListener('abort', abort)
    }
    const look = (): void => {
      if (undelivered(messages, address) > 0) return
      finish()
      resolve()
    }
    const abort = (): void => {
      finish()
      reject(signal.reason)
    }
    const end = messages.watch((message) => {
      if (isOver(message)) look()
    })
    signal.addEventListener('abort', abort, { once: true })
    look()
  })
