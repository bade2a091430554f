/**
 * Many small changes, one wait for the disk: what is asked for in one turn of the event loop is done in one transaction, in the order of
 * the calls, and each promise resolves once that is durable.
 */
export type GroupCommit = {
  /** @throws what `work` throws; then nothing of this transaction was kept, and all who share it are told */
  run<T>(work: () => T): Promise<T>
}

type Waiting = { work(): unknown; resolve(result: unknown): void; reject(error: unknown): void }

export const createGroupCommit = (transaction: <T>(work: () => T) => T): GroupCommit => {
  let waiting: Waiting[] = []

  const commit = (): void => {
    const group = waiting
    waiting = []
    try {
      const results = transaction(() => group.map(({ work }) => work()))
      for (const [index, { resolve }] of group.entries()) resolve(results[index])
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return {
    run: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(commit)
        waiting.push({ work, resolve: (result) => resolve(result as T), reject })
      }),
  }
}
