import { HandfastError, KeyLogError } from '../core/errors.ts'
import { compareLogs, type KeyLog } from '../core/key-log.ts'
import type { Resolver } from './resolver.ts'
import type { TrustStore } from './trust-store.ts'

/** What is known by now of one whose messages came later than they were sent: as the directory says, and as this peer remembers. */
export type SenderCheck = (log: KeyLog, signal: AbortSignal) => Promise<KeyLog>

/** @param remembered the furthest log of an identity that is kept here */
export const createSenderCheck =
  (
    resolver: Pick<Resolver, 'find'>,
    { fork, hold }: Pick<TrustStore, 'fork' | 'hold'>,
    remembered: (id: Uint8Array) => KeyLog | null,
  ): SenderCheck =>
  /** @throws KeyLogError ERR_LOG_FORK, ERR_ROLLBACK; StoreError */
  async (log, signal) => {
    const found = await resolver.find(log.id, { signal, asked: false }).catch((error: unknown) => {
      // A directory that holds nothing, or less than was seen already, says nothing.
      if (error instanceof HandfastError && /^ERR_(LOOKUP_|ROLLBACK)/.test(error.code)) return null
      throw error
    })
    let furthest = log
    for (const other of [remembered(log.id), found?.log]) {
      if (other === null || other === undefined) continue
      const relation = compareLogs(other, furthest)
      if (relation === 'fork') throw new KeyLogError('ERR_LOG_FORK')
      if (relation === 'longer' || relation === 'supersedes') furthest = other
    }
    if (found?.fork || fork(furthest) !== null) throw new KeyLogError('ERR_LOG_FORK')
    hold(furthest, null)
    return furthest
  }
