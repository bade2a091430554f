import { KEM_STEP_AGE, KEM_STEP_MESSAGES } from '../limits.ts'

/** How long a session has gone without a KEM step (protocol §6): counted from the last one begun or completed, by either side. */
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
