/** Permission to send that the other side hands out: waiting senders go on in order. */
export type Credit = {
  /** Takes one, waiting until there is one. @throws the error given to `fail`, or the signal's reason */
  spend(signal?: AbortSignal): Promise<void>
  grant(count: number): void
  fail(error: Error): void
  /** what is spent and not granted again */
  readonly outstanding: number
}

export const createCredit = (window: number): Credit => {
  let left = window
  let failure: Error | null = null
  const waiting: (() => void)[] = []
  const wake = (): void => {
    for (const go of waiting.splice(0)) go()
  }
  return {
    get outstanding() {
      return window - left
    },
    spend: async (signal) => {
      while (failure === null && left === 0) {
        signal?.throwIfAborted()
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
          signal?.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      if (failure !== null) throw failure
      signal?.throwIfAborted()
      left -= 1
    },
    grant: (count) => {
      left = Math.min(window, left + count)
      wake()
    },
    fail: (error) => {
      failure ??= error
      wake()
    },
  }
}
