import { StoreError } from '../core/errors.ts'
import type { Database } from './database.ts'

/**
 * Many small changes, one wait for the disk: what is asked for in one turn of the event loop is done in one transaction, in the order of
 * the calls, and each promise resolves once that is durable.
 */
export type GroupCommit = {
  /**
   * @throws what `work` throws, and nothing of that is kept: what others asked for in the same turn may be another peer's, and is kept all the
   *   same. Only when the store itself fails nothing of the transaction is kept, and all who share it are told: StoreError
   */
  run<T>(work: () => T): Promise<T>
}

type Waiting = { work(): unknown; resolve(result: unknown): void; reject(error: unknown): void }

type Outcome = { readonly result: unknown } | { readonly error: unknown }

export const createGroupCommit = ({ transaction, attempt }: Pick<Database, 'transaction' | 'attempt'>): GroupCommit => {
  let waiting: Waiting[] = []

  const outcomeOf = ({ work }: Waiting): Outcome => {
    try {
      return { result: attempt(work) }
    } catch (error) {
      if (error instanceof StoreError) throw error
      return { error }
    }
  }

  const commit = (): void => {
    const group = waiting
    waiting = []
    try {
      const outcomes = transaction(() => group.map(outcomeOf))
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index]
        if (outcome !== undefined && 'error' in outcome) reject(outcome.error)
        else resolve(outcome?.result)
      }
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
