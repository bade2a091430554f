import type { Writable } from 'node:stream'

/**
 * Text to one stream, at the pace of whoever reads it: each write is over once the system has taken it, so that what nobody reads waits
 * where it came from, and not in the memory of this process.
 */
export type Writer = {
  /**
   * @param around runs what writes; default: only that
   * @returns whether it was taken: not when nobody reads the stream any more, or the command is to end before it was
   */
  write(text: string, around?: (write: () => void) => void): Promise<boolean>
  /** Resolves when all that was written before is taken, or never will be. */
  settled(): Promise<void>
}

export type WriterParts = {
  /** aborted when the command is to end: what is not taken by then is not waited for */
  readonly ending: AbortSignal
  /** Told once that the stream failed, or that nobody reads it any more. */
  readonly onGone: (error: Error) => void
}

export const createWriter = (stream: Writable, { ending, onGone }: WriterParts): Writer => {
  /** those that are not over */
  const waiting = new Map<(taken: boolean) => void, Promise<boolean>>()
  let isGone = false

  const giveUp = (): void => {
    for (const settle of [...waiting.keys()]) settle(false)
  }
  /** Every write says so again. */
  const leave = (error: Error): void => {
    if (!isGone) onGone(error)
    isGone = true
    giveUp()
  }
  stream.on('error', leave)
  stream.on('close', () => leave(new Error('it was closed')))
  ending.addEventListener('abort', giveUp, { once: true })

  return {
    write: (text, around = (write) => write()) => {
      if (text === '') return Promise.resolve(true)
      if (isGone) return Promise.resolve(false)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const settle = (taken: boolean): void => {
        waiting.delete(settle)
        resolve(taken)
      }
      waiting.set(settle, promise)
      around(
        () =>
          void stream.write(text, (error) => {
            if (error) leave(error)
            settle(!error)
          }),
      )
      // It is written all the same: last words that somebody reads arrive.
      if (ending.aborted) settle(false)
      return promise
    },
    settled: async () => {
      await Promise.all(waiting.values())
    },
  }
}
