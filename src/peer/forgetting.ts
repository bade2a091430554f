import type { Identity } from '../core/identity.ts'
import { FORGETTING } from '../core/limits/protocol-limits.ts'
import { PREKEY_AGE } from '../core/limits/store-limits.ts'
import { pastOf, timesIn, type World } from '../core/world.ts'
import type { Backlog } from '../messages/backlog.ts'
import type { Store } from '../store/store.ts'

/**
 * Deletes secrets for which no use came (docs/spec/session.md §8): a minute after the peer opened, or when it closes before that, so that
 * nothing lives on while no program runs; and then every hour. What is old is told by the steady clock: mostly others have said by then what
 * time it is. What was used is deleted where it is used.
 */
export type Forgetting = {
  start(): void
  stop(): void
}

export type ForgettingParts = {
  readonly identity: Identity
  readonly store: Store
  readonly world: World
  /** what waits together with a secret of its own: files */
  readonly backlog: Pick<Backlog, 'waiting' | 'expire'>
  /** Looks what others took back, as another process may have learnt. */
  readonly review: () => void
}

/** Milliseconds in which others may say what time it is. */
const FIRST_MS = 60_000

export const createForgetting = (parts: ForgettingParts): Forgetting => {
  const { identity, store, world, backlog, review } = parts
  const { prekeys, offlineSessions } = store
  let timer: NodeJS.Timeout | undefined
  /** whether it is still to come for the first time */
  let isFirst = false

  const forgetOld = (): void => {
    const { past } = timesIn(world)
    store.transaction(() => {
      prekeys.forget(past - PREKEY_AGE)
      offlineSessions.forget(past)
    })
    for (const peer of backlog.waiting()) backlog.expire(peer, pastOf(world)).catch(() => {})
  }

  // A disk that fails now is asked again in an hour, and tells whoever needs it.
  const tryForgetting = (): void => {
    isFirst = false
    try {
      forgetOld()
    } catch {}
  }
  const tryReview = (): void => {
    try {
      review()
    } catch {}
  }
  const again = (): void => {
    tryForgetting()
    tryReview()
    timer = setTimeout(again, FORGETTING * 1000).unref()
  }

  return {
    start: () => {
      // A peer that only reads stands for nobody: the keys of the folder are not its own.
      if (!store.isOwn) return
      store.transaction(() => {
        prekeys.forgetOthers([identity.ik.publicKey])
        offlineSessions.forgetOthers([identity.ik.publicKey])
      })
      tryReview()
      isFirst = true
      timer = setTimeout(again, FIRST_MS).unref()
    },
    stop: () => {
      clearTimeout(timer)
      if (isFirst) tryForgetting()
    },
  }
}
