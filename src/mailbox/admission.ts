import { equal, hex } from '../core/bytes.ts'
import type { Card } from '../core/card.ts'
import { KeyLogError, MailboxError, PeerError } from '../core/errors.ts'
import { checkFloor } from '../core/floor.ts'
import { compareLogs, type KeyLog } from '../core/key-log.ts'
import { LOOKUP_MS } from '../core/limits/connection-limits.ts'
import {
  MAILBOX_AGE,
  MAILBOX_GUESTS_PER_SOURCE,
  MAILBOX_LOOKUPS,
  MAILBOX_MEMORY,
  MAILBOX_MEMORY_AGE,
} from '../core/limits/mailbox-limits.ts'
import { createSeats } from '../core/seats.ts'
import type { Directory } from '../directory/client/directory.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import { withDeadline } from './deadline.ts'
import type { MailboxStore } from './mailbox-store.ts'

/** For whom a mailbox takes parcels, and to whom it hands them out: as the directory says, whose answers are remembered briefly. */
export type Admission = {
  /**
   * The log of an identity whose card names this mailbox.
   * @throws DirectoryError ERR_LOOKUP_*; KeyLogError ERR_LOG_FORK, ERR_ROLLBACK; PeerError ERR_PEER_RETIRED;
   *   MailboxError ERR_MAILBOX_RECIPIENT, ERR_MAILBOX_BUSY
   */
  forDeposit(recipient: Uint8Array, asking: Asking): Promise<KeyLog>
  /**
   * Holds a recipient's verified log against what was seen of it here, and against what the directory says at this moment: keys that
   * their owner has replaced fetch nothing, also when the directory is silent.
   * @throws KeyLogError ERR_ROLLBACK, ERR_LOG_FORK; DirectoryError ERR_LOOKUP_*; MailboxError ERR_MAILBOX_BUSY
   */
  forFetch(log: KeyLog, asking: Asking): Promise<void>
}

/** On whose behalf the directory is asked, and for how long. */
export type Asking = {
  /** stands for the guest's network, 32 bytes */
  readonly source: Uint8Array
  readonly signal: AbortSignal
}

export type AdmissionParts = {
  /** the mailbox's own identity hash, 32 bytes */
  readonly mailbox: Uint8Array
  readonly directory: Directory
  readonly store: Pick<MailboxStore, 'floor' | 'raise'>
  /** this clock, seconds */
  readonly now: () => number
}

export const createAdmission = ({ mailbox, directory, store, now }: AdmissionParts): Admission => {
  const remembered = new Map<string, { readonly log: KeyLog; readonly until: number }>()
  const seats = createSeats({ lookups: { group: MAILBOX_GUESTS_PER_SOURCE, all: MAILBOX_LOOKUPS } })

  /** The one that has gone on longest ends for one more: it may never come to an answer. */
  const find = async (id: Uint8Array, { source, signal }: Asking): Promise<Lookup> => {
    const lost = new AbortController()
    const giveWay = (): void => lost.abort(new MailboxError('ERR_MAILBOX_BUSY'))
    const seat = seats.take({ where: () => ({ room: 'lookups', group: hex(source) }), giveWay })
    try {
      const either = AbortSignal.any([signal, lost.signal])
      return await withDeadline(LOOKUP_MS, either, (late) => directory.lookup(id, { now: now(), signal: late }))
    } catch (error) {
      throw lost.signal.aborted ? lost.signal.reason : error
    } finally {
      seat?.leave()
    }
  }

  const hold = (log: KeyLog): void => {
    const floor = store.floor(log.id)
    if (floor !== null) checkFloor(floor, log, null)
  }

  /** Whose card ran out is offline, which is what a mailbox is for; but not for ever. */
  const isNamedBy = ({ mailboxes, until }: Card): boolean =>
    mailboxes.some((named) => equal(named, mailbox)) && now() < until + MAILBOX_AGE

  const remember = (log: KeyLog): void => {
    const key = hex(log.id)
    remembered.delete(key)
    remembered.set(key, { log, until: now() + MAILBOX_MEMORY_AGE })
    const [oldest] = remembered.keys()
    if (remembered.size > MAILBOX_MEMORY && oldest !== undefined) remembered.delete(oldest)
  }

  return {
    forDeposit: async (recipient, asking) => {
      const known = remembered.get(hex(recipient))
      // What is remembered for longer than that was remembered by a clock that was set back since.
      const left = known === undefined ? 0 : known.until - now()
      if (known !== undefined && left > 0 && left <= MAILBOX_MEMORY_AGE) return known.log
      const found = await find(recipient, asking)
      if (found.fork !== null) throw new KeyLogError('ERR_LOG_FORK')
      hold(found.log)
      if (found.log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
      if (found.card === null || !isNamedBy(found.card.card)) throw new MailboxError('ERR_MAILBOX_RECIPIENT')
      remember(found.log)
      return found.log
    },
    forFetch: async (log, asking) => {
      hold(log)
      const found = await find(log.id, asking)
      for (const other of [found.log, found.fork]) {
        const relation = other === null ? 'same' : compareLogs(log, other)
        if (relation === 'fork') throw new KeyLogError('ERR_LOG_FORK')
        if (relation === 'shorter' || relation === 'superseded') throw new KeyLogError('ERR_ROLLBACK')
      }
      // Held again: a deposit may have raised the floor meanwhile.
      hold(log)
      store.raise(log)
    },
  }
}
