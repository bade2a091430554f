/** Permission to send that the other side hands out: waiting senders go on in order. */
export type Credit = {
  /** Takes one, waiting until there is one. @throws the error given to `fail`, or the signal's reason */
  spend(signal?: AbortSignal): Promise<void>
  grant(count: number): void
  fail(error: Error): void
  /** what is spent and not granted again */
  readonly outstanding: number
}

type Waiting = { resolve(): void; reject(reason: unknown): void }

export const createCredit = (window: number): Credit => {
  let left = window
  let failure: Error | null = null
  const waiting: Waiting[] = []

  /** Everyone passes the queue, also while there is credit: whoever waits is never overtaken. */
  const serve = (): void => {
    while (left > 0) {
      const next = waiting.shift()
      if (next === undefined) return
      left -= 1
      next.resolve()
    }
  }

  return {
    get outstanding() {
      return window - left
    },
    spend: (signal) =>
      new Promise((resolve, reject) => {
        if (failure !== null) throw failure
        signal?.throwIfAborted()
        const abort = (): void => {
          waiting.splice(waiting.indexOf(waiter), 1)
          reject(signal?.reason)
        }
        const settled = (): void => signal?.removeEventListener('abort', abort)
        const waiter: Waiting = {
          resolve: () => {
            settled()
            resolve()
          },
          reject: (reason) => {
            settled()
            reject(reason)
          },
        }
        signal?.addEventListener('abort', abort, { once: true })
        waiting.push(waiter)
        serve()
      }),
    grant: (count) => {
      left = Math.min(window, left + count)
      serve()
    },
    fail: (error) => {
      failure ??= error
      for (const waiter of waiting.splice(0)) waiter.reject(failure)
    },
  }
}
