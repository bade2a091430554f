import { orAbort } from '../core/abort.ts'
import { copyOf } from '../core/bytes.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { ConnectionError, MailboxError } from '../core/errors.ts'
import { VISIT_WINDOW } from '../core/limits/connection-limits.ts'
import { MESSAGE_BYTES_MAX } from '../core/limits/message-limits.ts'
import type { Line as MailboxLine } from '../mailbox/line.ts'
import { createCredit } from './credit.ts'
import { createQueue } from './queue.ts'
import type { Line, LineHandler, Service } from './service.ts'

/**
 * A connection as a mailbox and its guest use it (docs/spec/wire.md §4): messages of bytes in order, of which at most 64 are not taken
 * by the other side.
 */
export type VisitLine = MailboxLine & {
  /** Give it to the connection, once, before anything is sent. */
  readonly service: Service
}

/** What was taken is reported in groups, and at once when nothing more is waiting. */
const REPORT_EVERY = VISIT_WINDOW / 4

export const createVisitLine = (): VisitLine => {
  const queue = createQueue<Uint8Array>()
  const credit = createCredit(VISIT_WINDOW)
  let line: Pick<Line, 'say'> | null = null
  let taken = 0
  let reporting = false

  const say: Line['say'] = async (payload) => {
    if (line === null) throw new ConnectionError('ERR_CONNECTION_CLOSED')
    await line.say(payload)
  }
  /** One report at a time: a peer that takes none of them must not make us pile them up. */
  const report = async (): Promise<void> => {
    if (reporting) return
    reporting = true
    while (taken >= REPORT_EVERY || (taken > 0 && queue.size === 0)) {
      const n = taken
      taken = 0
      await say({ k: 'visit-taken', n })
    }
    reporting = false
  }

  const handler: LineHandler = {
    handle: (payload) => {
      if (payload.k === 'visit-taken') credit.grant(Math.min(payload.n, credit.outstanding))
      if (payload.k !== 'visit') return
      if (queue.size >= VISIT_WINDOW) throw new ConnectionError('ERR_FRAME', { hint: 'more than the window allows' })
      queue.put(payload.d)
    },
    detach: (failure) => {
      credit.fail(failure ?? new ConnectionError('ERR_CONNECTION_CLOSED'))
      queue.end(failure ?? undefined)
    },
  }

  return {
    service: {
      kinds: ['visit', 'visit-taken'],
      attach: (opened) => {
        line = opened
        return handler
      },
    },
    send: async (message, { signal }) => {
      if (message.length > MESSAGE_BYTES_MAX)
        throw new MailboxError('ERR_MAILBOX_REQUEST', { hint: tooLarge(message.length, MESSAGE_BYTES_MAX) })
      // A copy: the caller may use its buffer again while this waits.
      const d = copyOf(message)
      await credit.spend(signal)
      await orAbort(say({ k: 'visit', d }), signal)
    },
    receive: async ({ signal }) => {
      const item = await queue.take(signal)
      if (item === null) return null
      taken += 1
      report().catch(() => {})
      return item
    },
  }
}
