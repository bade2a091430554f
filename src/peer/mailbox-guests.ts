import type { Channel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import type { Met, Purpose } from '../connection/live-handshake.ts'
import { describeRemote } from '../connection/remote.ts'
import { createVisitLine } from '../connection/visit-line.ts'
import { MailboxError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { World } from '../core/world.ts'
import type { MailboxHost } from '../mailbox/host.ts'
import type { Visitor } from './door.ts'
import { createGuestPace } from './guest-pace.ts'

/** The mailbox that a peer keeps for others, or none. */
export type MailboxGuests = {
  /** Whether somebody who comes for this is received at all. @throws MailboxError ERR_MAILBOX_NONE, ERR_MAILBOX_ONLY */
  admit(purpose: Purpose): void
  /**
   * Lets a guest of the mailbox in. It is nobody, and neither vetted nor remembered.
   * @param arrival.adopt makes a connection end with the peer
   */
  receive(
    channel: Channel,
    met: Met,
    arrival: { readonly adopt: (connection: Connection) => void; readonly visitor: Visitor },
  ): void
  close(): Promise<void>
}

export type MailboxGuestsParts = {
  readonly mailbox: MailboxHost | undefined
  /** whether who connects may talk as well */
  readonly talks: boolean
  readonly identity: Identity
  readonly world: World
}

export const createMailboxGuests = ({ mailbox, talks, identity, world }: MailboxGuestsParts): MailboxGuests => {
  const pace = createGuestPace(world)
  return {
    admit: (purpose) => {
      if (purpose === 'mailbox' && mailbox === undefined) throw new MailboxError('ERR_MAILBOX_NONE')
      if (purpose === 'talk' && !talks) throw new MailboxError('ERR_MAILBOX_ONLY')
    },
    receive: (channel, { log, device, session }, { adopt, visitor }) => {
      const { handshakeHash, remoteHost } = channel.stream
      const trust = { identity: 'unknown', freshness: 'stale', reason: 'a guest of the mailbox' } as const
      const remote = describeRemote(log, identity.log, { trust, direction: 'in', change: 'none' })
      const line = createVisitLine()
      const services = [line.service]
      const parties = { peer: log.id, device, remote, world, services, pace: () => pace(remoteHost) }
      const connection = createConnection(channel, session, parties)
      adopt(connection)
      visitor.proved(null, () => void connection.close())
      void connection.closed.then(visitor.leave)
      void mailbox?.serve(line, { channel: handshakeHash, host: remoteHost }).finally(() => connection.close())
    },
    close: async () => mailbox?.close(),
  }
}
