import type { SessionError } from '../core/errors.ts'
import { MAIL_REPAIR_PAUSE } from '../core/limits/message-limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { OfflineSession } from '../store/offline-session-store.ts'
import type { Store } from '../store/store.ts'
import { endMail } from './incarnation.ts'

/**
 * A message of a session that this store knows does not open: one of the two stores went back. When the key was used before, the sender is told
 * what is here; else a session is begun anew, with what is here and what is to be sent again.
 */
export const mendSession = (
  { store, world }: { readonly store: Store; readonly world: World },
  { log }: OfflineSession,
  error: SessionError,
): void =>
  store.transaction(() => {
    const { mailboxOutbox, offlineSessions } = store
    const now = seconds(world)
    if (error.code === 'ERR_SESSION_DUPLICATE') return mailboxOutbox.oweReceipt(log.id)
    const isMended = offlineSessions
      .all(log.id)
      .some(({ ours, live, begun }) => ours && live && now - begun < MAIL_REPAIR_PAUSE)
    if (isMended) return
    endMail(store, log.id)
    mailboxOutbox.oweReceipt(log.id, { want: true })
  })
