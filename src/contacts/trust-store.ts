import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import type { Card, SignedCard } from '../core/card.ts'
import { ConnectionError, HandfastError, KeyLogError } from '../core/errors.ts'
import { checkFloor, type Floor, raiseFloor } from '../core/floor.ts'
import { type Anchor, compareLogs, containsEntry, type KeyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'
import { hasDevice } from '../core/revoked.ts'
import { seconds, type World } from '../core/world.ts'
import type { Fork } from '../store/fork-store.ts'
import type { Store } from '../store/store.ts'
import type { ContactEvent } from './contact-events.ts'
import { createPeerTwins } from './peer-twins.ts'
import { createWatches, type Watches } from './watches.ts'

/**
 * What this peer believes about others, over time: nothing older than what it accepted, no log that a contradiction stands against,
 * and no connection whose keys their owner has replaced.
 */
export type TrustStore = Watches & {
  floor(id: Uint8Array): Floor | null
  /** the log of a contact, as it was accepted last */
  known(id: Uint8Array): KeyLog | null
  /** the entry that a person has confirmed */
  anchor(id: Uint8Array): Anchor | null
  /** the contradiction that stands against an identity, unless `log` has outgrown it */
  fork(log: KeyLog): Fork | null
  /** Whom we take the identity for. */
  trust(id: Uint8Array): 'unknown' | 'pinned' | 'verified'
  /** @throws KeyLogError ERR_ROLLBACK, ERR_LOG_FORK */
  hold(log: KeyLog, card: SignedCard<Card> | null): void
  /**
   * Accepts a verified log as the truth from now on; on disk when it returns.
   * @param asked whether we asked for it, or it called
   * @throws KeyLogError ERR_ROLLBACK, ERR_LOG_FORK; StoreError
   */
  accept(log: KeyLog, card: SignedCard<Card> | null, asked: boolean): void
  /**
   * Notes which store of a device answered in person, and of a contact where.
   * @param inc its incarnation, 16 bytes
   * @param transport the transport key that it used, 32 bytes
   */
  met(log: KeyLog, device: Device, inc: Uint8Array, transport: Uint8Array): void
  /** Keeps two logs that contradict each other as evidence, and ends what is connected to that identity. */
  contradict(a: KeyLog, b: KeyLog): void
  /** Looks at the logs of contacts to whom something went once more: another process may have accepted them. @throws StoreError */
  review(): void
}

/** Told of a log inside the transaction that accepts it; what it returns is called once that is done. */
export type OnAccepted = (log: KeyLog) => () => void

const noteCard = ({ transportKeys }: Store, log: KeyLog, { card }: SignedCard<Card>): void => {
  const device = log.last.entry.devices[card.device]
  if (device !== undefined) transportKeys.note(log, device, card.transport, false)
}

export const createTrustStore = (
  store: Store,
  world: World,
  emit: (event: ContactEvent) => void,
  onAccepted: OnAccepted = () => () => {},
): TrustStore => {
  const { floors, forks, contacts, transportKeys } = store
  const watches = createWatches()

  const anchor = (id: Uint8Array): Anchor | null => contacts.get(id)?.anchor ?? null

  const twins = createPeerTwins((id) => contacts.get(id) !== null, emit)

  const isDecided = (a: KeyLog, b: KeyLog): boolean => {
    const confirmed = anchor(a.id)
    return confirmed !== null && containsEntry(a, confirmed) !== containsEntry(b, confirmed)
  }

  const contradict = (a: KeyLog, b: KeyLog): void => {
    if (compareLogs(a, b) !== 'fork' || isDecided(a, b)) return
    const known = forks.get(a.id)
    /** The same branch, as far as it has been seen: its owner may read out its latest entry. */
    const furthest = (branch: KeyLog): KeyLog => [a, b].find((log) => compareLogs(log, branch) === 'longer') ?? branch
    forks.keep(known === null ? { a, b } : { a: furthest(known.a), b: furthest(known.b) }, seconds(world))
    watches.end(a.id, new KeyLogError('ERR_LOG_FORK'))
    if (known === null) emit({ type: 'forked', address: encodeAddress(a.id) })
  }

  /** Does it together with what follows from the log, ends what is connected under keys that the log has not any more, and tells of it. */
  const announce = (log: KeyLog, work: () => void): void => {
    const tell = store.transaction(() => {
      work()
      return onAccepted(log)
    })
    watches.end(log.id, new ConnectionError('ERR_KEYS_REPLACED'), (device) => hasDevice(log, device))
    tell()
  }

  const hold = (log: KeyLog, card: SignedCard<Card> | null): void => {
    const floor = floors.get(log.id)
    if (floor === null) return
    try {
      checkFloor(floor, log, card)
    } catch (error) {
      const contact = contacts.get(log.id)
      if (error instanceof HandfastError && error.code === 'ERR_LOG_FORK' && contact !== null)
        contradict(contact.log, log)
      throw error
    }
  }

  const accept = (log: KeyLog, card: SignedCard<Card> | null, asked: boolean): void => {
    hold(log, card)
    let takesTurns = false
    announce(log, () => {
      // Held again inside: another process may have accepted more meanwhile.
      const next = (floor: Floor | null): Floor => {
        if (floor !== null) checkFloor(floor, log, card)
        return raiseFloor(floor, log, card)
      }
      takesTurns = floors.update(log.id, next, asked)
      const fork = forks.get(log.id)
      if (fork !== null && log.epoch > fork.a.epoch) forks.forget(log.id)
      const contact = contacts.get(log.id)
      if (contact !== null && !equal(contact.log.last.hash, log.last.hash)) contacts.keep(log, seconds(world))
      // Whoever called may be nobody: a seat is kept for those that were asked for.
      if (card !== null && (asked || contact !== null)) noteCard(store, log, card)
    })
    if (takesTurns) twins.tell(log.id)
  }

  return {
    floor: (id) => floors.get(id),
    known: (id) => contacts.get(id)?.log ?? null,
    anchor,
    fork: (log) => {
      const fork = forks.get(log.id)
      return fork !== null && log.epoch > fork.a.epoch ? null : fork
    },
    trust: (id) => {
      const contact = contacts.get(id)
      if (contact === null) return 'unknown'
      return contact.verified === null ? 'pinned' : 'verified'
    },
    hold,
    accept,
    contradict,
    met: (log, device, inc, transport) => {
      twins.met(log, device, inc)
      if (contacts.has(log.id)) transportKeys.note(log, device, transport, true)
    },
    ...watches,
    review: () => {
      const known = store.exposures.peers().flatMap((peer) => contacts.get(peer) ?? [])
      for (const { log } of known) announce(log, () => {})
    },
  }
}
