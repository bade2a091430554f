import type { Channel } from '../connection/channel.ts'
import { type Connection, createConnection } from '../connection/connection.ts'
import { type Dialer, dial } from '../connection/dial.ts'
import { createEphemeralIdentity } from '../connection/ephemeral-identity.ts'
import type { Met } from '../connection/live-handshake.ts'
import { describeRemote } from '../connection/remote.ts'
import { createVisitLine } from '../connection/visit-line.ts'
import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, HandfastError, MailboxError, PeerError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { MAILBOX_FETCH_VISIT_MS } from '../core/limits/mailbox-limits.ts'
import { openParcel } from '../core/parcel.ts'
import { seconds } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import { depositAt, openFetching } from '../mailbox/client.ts'
import type { Line } from '../mailbox/line.ts'
import type { Store } from '../store/store.ts'
import { namedMailboxes } from './named-mailboxes.ts'
import { createUselessParcels, type UselessVisit } from './useless-parcels.ts'

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
   * the others, nor does one whose owner is blocked, which is not visited: those that were of no use lately come last, and a visit ends after two minutes, and when it has handed out more of no use than one
   * network can leave there. Parcels that nobody here can open are deleted.
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
  /** Has it deleted as well, and counts it against the mailbox: it is of no use. */
  discard(): Promise<void>
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
  /** Milliseconds that a visit may take in which mail is fetched. Default: 2 minutes. */
  readonly visitMs?: number | undefined
  /** Useless parcels after which such a visit ends. Default: as many as one network can leave. */
  readonly mostUseless?: number | undefined
}

type Visiting = { readonly line: Line; readonly channel: Uint8Array; close(): Promise<void> }

/** Enters a mailbox as nobody. */
const createEnter = (parts: MailboxClientParts) => {
  const { world, find, checkGoing, adopt } = parts
  return async (id: Uint8Array, signal: AbortSignal | undefined): Promise<Visiting> => {
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
}

/** null when it is not for us: anybody may leave anything. */
const openOwn = (parcel: Uint8Array, { ik }: Identity): Uint8Array | null => {
  try {
    return openParcel(parcel, ik)
  } catch (error) {
    if (error instanceof HandfastError) return null
    throw error
  }
}

export const createMailboxClient = (parts: MailboxClientParts): MailboxClient => {
  const { identity, store, checkGoing, visitMs = MAILBOX_FETCH_VISIT_MS } = parts
  const { log } = identity

  const enter = createEnter(parts)

  /** Parcels of one fetch by their hash, and whether each has been acknowledged. */
  type Seen = Map<string, boolean>

  /** Another device of ours may open what this one cannot. */
  const isOnly = log.last.entry.devices.length === 1
  const useless = createUselessParcels(parts.mostUseless)

  async function* fetchFrom(mailbox: Uint8Array, seen: Seen, visit: UselessVisit, signal: AbortSignal) {
    const visiting = await enter(mailbox, signal)
    try {
      const { line, channel } = visiting
      const fetching = await openFetching(line, { ...identity, mailbox, channel }, signal)
      for (let handed = await fetching.next(); handed !== null; handed = await fetching.next()) {
        const { id, parcel } = handed
        const key = hex(id)
        const known = seen.get(key)
        const envelope = known === undefined ? openOwn(parcel, identity) : null
        if (envelope === null) {
          const isUseless = known === undefined && isOnly
          if (known === true || isUseless) await fetching.done(id)
          if (isUseless) visit.count(parcel.length)
        } else {
          seen.set(key, false)
          const acknowledge = async (): Promise<void> => {
            seen.set(key, true)
            await fetching.done(id)
          }
          const discard = (): Promise<void> => {
            visit.count(parcel.length)
            return acknowledge()
          }
          yield { envelope, mailbox: encodeAddress(mailbox), acknowledge, discard }
        }
        if (visit.isOver) break
      }
    } finally {
      await visiting.close()
    }
  }

  /** Visits one, as long as it may take. @throws ConnectionError ERR_TIMEOUT; MailboxError ERR_MAILBOX_USELESS; those of `enter` */
  async function* visitOne(mailbox: Uint8Array, seen: Seen, signal: AbortSignal | undefined) {
    const visit = useless.visit(mailbox)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), visitMs).unref()
    try {
      yield* fetchFrom(
        mailbox,
        seen,
        visit,
        signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
      )
    } catch (error) {
      visit.end(late.signal.aborted)
      if (!late.signal.aborted) throw error
      throw new ConnectionError('ERR_TIMEOUT', { hint: 'the visit took too long', cause: error })
    } finally {
      clearTimeout(timer)
    }
    const parcels = visit.end()
    if (parcels > 0) throw new MailboxError('ERR_MAILBOX_USELESS', { hint: `${parcels} in one visit` })
  }

  /** In the order in which they are named, but for those that were at fault lately. */
  const inTurn = (): readonly Uint8Array[] =>
    namedMailboxes(store).toSorted((one, other) => useless.scoreOf(one) - useless.scoreOf(other))

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
      for (const mailbox of inTurn()) {
        checkGoing(signal)
        try {
          // Asked now, as each visit takes its time.
          if (store.blocked.has(mailbox)) throw new PeerError('ERR_PEER_BLOCKED')
          yield* visitOne(mailbox, seen, signal)
        } catch (error) {
          checkGoing(signal)
          onFailure(encodeAddress(mailbox), error)
        }
      }
    },
  }
}
