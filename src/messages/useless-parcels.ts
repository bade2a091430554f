import { hex } from '../core/bytes.ts'
import { MAILBOX_SOURCE_BYTES, MAILBOX_SOURCE_PARCELS, USELESS_A_VISIT } from '../core/limits/mailbox-limits.ts'

/**
 * Parcels that nobody here can use, by the mailbox that handed them out: it made them, gave back what others left, or was filled by somebody.
 * What one network can leave there is borne in one visit; what comes of it again and again is told.
 */
export type UselessParcels = {
  /** A visit begins. */
  visit(mailbox: Uint8Array): UselessVisit
  /** How much a mailbox was at fault lately: those that were least are visited first. */
  scoreOf(mailbox: Uint8Array): number
}

export type UselessVisit = {
  /** One of so many bytes was of no use. */
  count(bytes: number): void
  /** Whether it has handed out so many that the visit ends. */
  readonly isOver: boolean
  /** The visit has ended, as one that took too long, or not. @returns how many were of no use when that is worth telling, else 0 */
  end(isLate?: boolean): number
}

/** @param most that a visit goes on with */
export const createUselessParcels = (most = MAILBOX_SOURCE_PARCELS): UselessParcels => {
  const borne = Math.min(USELESS_A_VISIT, most / 8)
  const scores = new Map<string, number>()
  return {
    scoreOf: (mailbox) => scores.get(hex(mailbox)) ?? 0,
    visit: (mailbox) => {
      const key = hex(mailbox)
      let [parcels, bytes] = [0, 0]
      const isOver = (): boolean => parcels >= most || bytes >= MAILBOX_SOURCE_BYTES
      return {
        count: (size) => {
          parcels += 1
          bytes += size
        },
        get isOver() {
          return isOver()
        },
        end: (isLate = false) => {
          const before = scores.get(key) ?? 0
          const cost = isLate || isOver() ? most : parcels
          const score = Math.max(0, Math.min(most, before + cost - (isLate ? 0 : borne)))
          if (score === 0) scores.delete(key)
          else scores.set(key, score)
          return parcels > 0 && (isOver() || score >= most) ? parcels : 0
        },
      }
    },
  }
}
