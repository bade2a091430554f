import type { Channel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import { type Dialer, dial } from '../connection/dial.ts'
import { createEphemeralIdentity } from '../connection/ephemeral-identity.ts'
import type { Met } from '../connection/live-handshake.ts'
import { describeRemote } from '../connection/remote.ts'
import { createVisitLine } from '../connection/visit-line.ts'
import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { HandfastError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { openParcel } from '../core/parcel.ts'
import { seconds } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import { depositAt, openFetching } from '../mailbox/client.ts'
import type { Line } from '../mailbox/line.ts'
import type { Store } from '../store/store.ts'
import { namedMailboxes } from './named-mailboxes.ts'

/** Mailboxes as a peer visits them: its own, and those of whom it writes to. Each visit is made as nobody (docs/spec/mailbox.md §2). */
export type MailboxClient = {
  /**
   * Leaves a parcel for a recipient at one mailbox; on its disk when this resolves, as it says. Leaving the same bytes again changes nothing.
   * @param mailbox identity hash of the mailbox @param to that of the recipient
   * @throws MailboxError ERR_MAILBOX_*; those of `connect`
   */
  leave(mailbox: Uint8Array, to: Uint8Array, parcel: Uint8Array, signal?: AbortSignal): Promise<void>
  /**
   * What our mailboxes keep for us, oldest first, one mailbox after the other, each envelope once. A mailbox that fails does not stop
   * the others. Parcels that nobody here can open are deleted.
   */
  fetchAll(options?: FetchOptions): AsyncGenerator<FetchedParcel, void, undefined>
}

export type FetchOptions = {
  readonly signal?: AbortSignal | undefined
  /** Told which mailbox failed, and with what. */
  readonly onFailure?: ((mailbox: string, error: unknown) => void) | undefined
}

export type FetchedParcel = {
  readonly envelope: Uint8Array
  /** address of the mailbox it came from */
  readonly mailbox: string
  /** Has it deleted there, and wherever else it turns up in this fetch: call it once the envelope is safe on disk. */
  acknowledge(): Promise<void>
}

export type MailboxClientParts = Dialer & {
  readonly identity: Identity
  readonly store: Store
  /** Looks a mailbox up. @throws those of `Peer.lookup` */
  find(id: Uint8Array, signal: AbortSignal | undefined): Promise<Lookup>
  /** Throws when the caller's signal, or the peer's end, says that nothing more is wanted. */
  checkGoing(signal: AbortSignal | undefined): void
  /** Makes a connection end with the peer. */
  adopt(connection: Connection): void
}

type Visiting = { readonly line: Line; readonly channel: Uint8Array; close(): Promise<void> }

export const createMailboxClient = (parts: MailboxClientParts): MailboxClient => {
  const { identity, store, world, find, checkGoing, adopt } = parts
  const { log } = identity

  const enter = async (id: Uint8Array, signal: AbortSignal | undefined): Promise<Visiting> => {
    const found = await find(id, signal)
    const nobody = createEphemeralIdentity(seconds(world), world.random)
    const begin = (channel: Channel, met: Met): Visiting => {
      checkGoing(signal)
      const trust = { identity: 'pinned', freshness: 'current', reason: 'a mailbox' } as const
      const remote = describeRemote(met.log, nobody.log, { trust, direction: 'out', change: 'none' })
      const line = createVisitLine()
      const services = [line.service]
      const connection = createConnection(channel, met.session, {
        ...{ peer: met.log.id, device: met.device, remote, world, services },
      })
      adopt(connection)
      return { line, channel: channel.stream.handshakeHash, close: () => connection.close() }
    }
    return dial(parts, found, { identity: nobody, purpose: 'mailbox', signal }, begin)
  }

  /** null when it is not for us: anybody may leave anything. */
  const open = (parcel: Uint8Array): Uint8Array | null => {
    try {
      return openParcel(parcel, identity.ik)
    } catch (error) {
      if (error instanceof HandfastError) return null
      throw error
    }
  }

  /** Parcels of one fetch by their hash, and whether each has been acknowledged. */
  type Seen = Map<string, boolean>

  async function* fetchFrom(mailbox: Uint8Array, seen: Seen, signal: AbortSignal | undefined) {
    const visiting = await enter(mailbox, signal)
    try {
      const { line, channel } = visiting
      const fetching = await openFetching(line, { ...identity, mailbox, channel }, signal)
      for (let handed = await fetching.next(); handed !== null; handed = await fetching.next()) {
        const { id, parcel } = handed
        const key = hex(id)
        const known = seen.get(key)
        const envelope = known === undefined ? open(parcel) : null
        if (envelope === null) {
          // Another device of ours may open what this one cannot.
          const nobodys = known === undefined && log.last.entry.devices.length === 1
          if (known === true || nobodys) await fetching.done(id)
          continue
        }
        seen.set(key, false)
        const acknowledge = async (): Promise<void> => {
          seen.set(key, true)
          await fetching.done(id)
        }
        yield { envelope, mailbox: encodeAddress(mailbox), acknowledge }
      }
    } finally {
      await visiting.close()
    }
  }

  return {
    leave: async (mailbox, to, parcel, signal) => {
      const visiting = await enter(mailbox, signal)
      try {
        await depositAt(visiting.line, { to, parcel }, signal)
      } finally {
        await visiting.close()
      }
    },
    fetchAll: async function* ({ signal, onFailure = () => {} } = {}) {
      const seen: Seen = new Map()
      for (const mailbox of namedMailboxes(store)) {
        checkGoing(signal)
        try {
          yield* fetchFrom(mailbox, seen, signal)
        } catch (error) {
          checkGoing(signal)
          onFailure(encodeAddress(mailbox), error)
        }
      }
    },
  }
}
