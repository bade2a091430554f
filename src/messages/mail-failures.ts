import { KeyLogError, MessageError } from '../core/errors.ts'
import type { Refusal } from './allowance.ts'

/** Why an envelope is not taken in, where that is no fault of its own. */

/** There is no room for it now. */
export class NoRoom {
  readonly code: Refusal['code']
  constructor(code: Refusal['code']) {
    this.code = code
  }
}

export const isGap = (error: unknown): boolean => error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP'

/** Whether it has to wait: for a message before it, for room, or for a person's decision about a fork. */
export const hasToWait = (error: unknown): boolean =>
  error instanceof NoRoom ||
  isGap(error) ||
  (error instanceof KeyLogError && /^ERR_(LOG_FORK|ROLLBACK)$/.test(error.code))
