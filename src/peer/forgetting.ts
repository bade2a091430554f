import type { Identity } from '../core/identity.ts'
import { FORGETTING } from '../core/limits/protocol-limits.ts'
import { PREKEY_AGE } from '../core/limits/store-limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { Backlog } from '../messages/backlog.ts'
import type { Store } from '../store/store.ts'

/**
 * Deletes secrets for which no use came (docs/spec/session.md §8): when the peer opens, so that nothing lives on while no program runs,
 * and then every hour. What was used is deleted where it is used.
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

export const createForgetting = ({ identity, store, world, backlog, review }: ForgettingParts): Forgetting => {
  const { prekeys, offlineSessions } = store
  let timer: NodeJS.Timeout | undefined

  const forgetOld = (): void => {
    const now = seconds(world)
    store.transaction(() => {
      prekeys.forget(now - PREKEY_AGE)
      offlineSessions.forget(now)
    })
    for (const peer of backlog.waiting()) backlog.expire(peer, world.clock()).catch(() => {})
  }

  const again = (): void => {
    try {
      forgetOld()
      review()
    } catch {
      // A disk that fails now is asked again in an hour, and tells whoever needs it.
    }
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
      again()
    },
    stop: () => clearTimeout(timer),
  }
}
