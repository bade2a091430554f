import { KEM_STEP_AGE, KEM_STEP_MESSAGES } from '../limits/protocol-limits.ts'

/**
 * How long a session has gone without a KEM step (docs/spec/session.md §4): the answering side counts from opening the offer, the
 * offering side from opening the answer. Until then it begins no chain, so it has nothing to count for.
 */
export type KemClock = {
  /** when that was, seconds */
  readonly since: number
  /** messages sent and opened after it; it stops at 32, where it has said all it can */
  readonly messages: number
}

export const startKemClock = (now: number): KemClock => ({ since: now, messages: 0 })

export const countMessage = ({ since, messages }: KemClock): KemClock => ({
  since,
  messages: Math.min(messages + 1, KEM_STEP_MESSAGES),
})

/** Whether a chain that begins at `now` (seconds) offers a KEM key. */
export const isKemDue = ({ since, messages }: KemClock, now: number): boolean =>
  messages >= KEM_STEP_MESSAGES || now - since >= KEM_STEP_AGE
