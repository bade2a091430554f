import type { Channel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import type { Met, Purpose } from '../connection/live-handshake.ts'
import { lineOf } from '../connection/mailbox-line.ts'
import { describeRemote } from '../connection/remote.ts'
import { MailboxError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { World } from '../core/world.ts'
import type { MailboxHost } from '../mailbox/host.ts'

/** The mailbox that a peer keeps for others, or none. */
export type MailboxGuests = {
  /** Whether somebody who comes for this is received at all. @throws MailboxError ERR_MAILBOX_NONE, ERR_MAILBOX_ONLY */
  admit(purpose: Purpose): void
  /** Lets a guest of the mailbox in. It is nobody, and neither vetted nor remembered. */
  receive(channel: Channel, met: Met): void
  close(): Promise<void>
}

export type MailboxGuestsParts = {
  readonly mailbox: MailboxHost | undefined
  /** whether who connects may talk as well */
  readonly talks: boolean
  readonly identity: Identity
  readonly world: World
  /** Makes a connection end with the peer. */
  adopt(connection: Connection): void
}

export const createMailboxGuests = ({ mailbox, talks, identity, world, adopt }: MailboxGuestsParts): MailboxGuests => ({
  admit: (purpose) => {
    if (purpose === 'mailbox' && mailbox === undefined) throw new MailboxError('ERR_MAILBOX_NONE')
    if (purpose === 'talk' && !talks) throw new MailboxError('ERR_MAILBOX_ONLY')
  },
  receive: (channel, { log, session }) => {
    const { handshakeHash, remoteHost } = channel.stream
    const trust = { identity: 'unknown', freshness: 'stale', reason: 'a guest of the mailbox' } as const
    const remote = describeRemote(log, identity.log, { trust, direction: 'in', change: 'none' })
    const connection = createConnection(channel, session, remote, world)
    adopt(connection)
    void mailbox
      ?.serve(lineOf(connection), { channel: handshakeHash, host: remoteHost })
      .finally(() => connection.close())
  },
  close: async () => mailbox?.close(),
})
