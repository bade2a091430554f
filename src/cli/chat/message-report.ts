import type { Letter, Letters } from '../../messages/message-api.ts'
import type { Context } from '../context.ts'

/** What becomes of the letters that were written here. */

const isOver = ({ state }: Letter): boolean => state === 'delivered' || state === 'failed'

/** Reports every change of state of a letter of ours. @returns ends that */
export const reportLetters = ({ emit }: Pick<Context, 'emit'>, letters: Letters): (() => void) =>
  letters.watch(({ direction, peer, id, state, reason }) => {
    if (direction === 'out') emit({ event: 'letter', peer, id, state, code: reason })
  })

/** How many letters wait to be delivered to that address. */
export const undelivered = (letters: Letters, address: string): number => letters.waiting(address)

/** Milliseconds that a goodbye waits for receipts of what was just said. */
const LAST_WORDS_MS = 1_000

/** Gives what was just said a moment to arrive: a goodbye is not to cut it off, and not to wait for somebody who is gone. */
export const lastWords = (letters: Letters, address: string): Promise<void> =>
  allDelivered(letters, address, AbortSignal.timeout(LAST_WORDS_MS)).catch(() => {})

/** Resolves when no letter waits any more. @throws the signal's reason */
export const allDelivered = (letters: Letters, address: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const finish = (): void => {
      end()
      signal.removeEventListener('abort', abort)
    }
    const look = (): void => {
      if (undelivered(letters, address) > 0) return
      finish()
      resolve()
    }
    const abort = (): void => {
      finish()
      reject(signal.reason)
    }
    const end = letters.watch((letter) => {
      if (isOver(letter)) look()
    })
    signal.addEventListener('abort', abort, { once: true })
    look()
  })
