import { MailboxError } from '../core/errors.ts'
import type { Line } from '../mailbox/line.ts'
import type { Connection } from './connection.ts'

/** A connection as a mailbox and its guest use it: what is said there is `data`, and nothing else. */
export const lineOf = (connection: Pick<Connection, 'send' | 'receive'>): Line => ({
  send: (message, options) => connection.send(message, options),
  receive: async (options) => {
    const item = await connection.receive(options)
    if (item === null) return null
    if (item.type !== 'data') throw new MailboxError('ERR_MAILBOX_REQUEST', { hint: item.type })
    return item.data
  },
})
