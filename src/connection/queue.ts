/** A queue with one consumer that can wait, be aborted, and learn how it ended. */
export type Queue<T> = {
  readonly size: number
  put(item: T): void
  /** No more items: waiting and later takes give null once the queue is empty, or throw `error` if there is one. */
  end(error?: Error): void
  take(signal?: AbortSignal): Promise<T | null>
}

type Waiting<T> = { resolve(item: T | null): void; reject(error: unknown): void }

export const createQueue = <T>(): Queue<T> => {
  const items: T[] = []
  const waiting: Waiting<T>[] = []
  let ended: { readonly error: Error | undefined } | null = null

  const wait = (signal: AbortSignal | undefined): Promise<T | null> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(signal?.reason)
      }
      const settled = (): void => signal?.removeEventListener('abort', abort)
      const waiter: Waiting<T> = {
        resolve: (item) => {
          settled()
          resolve(item)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      waiting.push(waiter)
      signal?.addEventListener('abort', abort, { once: true })
    })

  return {
    get size() {
      return items.length
    },
    put: (item) => {
      if (ended !== null) return
      const waiter = waiting.shift()
      if (waiter === undefined) items.push(item)
      else waiter.resolve(item)
    },
    end: (error) => {
      if (ended !== null) return
      ended = { error }
      for (const waiter of waiting.splice(0)) {
        if (error === undefined) waiter.resolve(null)
        else waiter.reject(error)
      }
    },
    take: async (signal) => {
      signal?.throwIfAborted()
      const item = items.shift()
      if (item !== undefined) return item
      if (ended === null) return wait(signal)
      if (ended.error !== undefined) throw ended.error
      return null
    },
  }
}

/** What is left of an inbox, as the body of a `for await`. */
export async function* drain<T>(inbox: Pick<Queue<T>, 'take'>): AsyncGenerator<T, void, undefined> {
  for (;;) {
    const item = await inbox.take()
    if (item === null) return
    yield item
  }
}
