import { encodeAddress } from '../core/address.ts'
import { secretKey } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { FILE_AGE_MAX, FILES_REMEMBERED } from '../core/limits/file-limits.ts'
import { MESSAGE_AGE_MAX, MESSAGES_AGAIN_MAX } from '../core/limits/message-limits.ts'
import { isRevoked } from '../core/revoked.ts'
import { presentOf, seconds, type World } from '../core/world.ts'
import type { MessageEvent } from '../messages/message-events.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'

/**
 * What becomes of messages and files that went to a device, and of those that came from it, when its owner takes it back
 * (docs/spec/messages.md §10): whoever had its keys may have read and written them, so it is told, and what came to nobody else is sent
 * again, to the keys that stand.
 */

export type ExposuresParts = {
  readonly store: Store
  readonly world: World
  /** Told of messages that wait again. */
  readonly onMessages: (messages: readonly StoredMessage[]) => void
  /** Told that something waits for somebody again. */
  readonly queued: (peer: Uint8Array) => void
  readonly emit: (event: MessageEvent) => void
}

/** Nothing to tell. */
const NOTHING = (): void => {}

const FRESH_SECRET = 32

/**
 * Looks what a log that was accepted takes back. Meant for the transaction that accepts it: what it returns tells of it, once that is on
 * disk and connections of the keys that were taken back have ended.
 */
export const createExposures =
  ({ store, world, onMessages, queued, emit }: ExposuresParts) =>
  (log: KeyLog): (() => void) => {
    const { exposures, messages, transfers, mailboxOutbox, offlineSessions } = store
    const { id: peer } = log
    // Who only reads the folder leaves it to its owner, whose peer looks again.
    const revoked = store.isOwn ? exposures.devices(peer).filter((device) => isRevoked(log, device)) : []
    if (revoked.length === 0) return NOTHING
    const told = exposures.expose(peer, revoked, seconds(world))
    const { devices, status } = log.last.entry

    // Parcels that are sealed for them are good for nobody else, and their sessions are over.
    mailboxOutbox.dropAll(peer)
    mailboxOutbox.forgetParcelled(peer)
    offlineSessions.forgetDevices(
      peer,
      devices.map(({ dh }) => dh),
    )

    // Whoever has retired is sent nothing any more.
    const since = (age: number): number => world.clock() - age * 1000
    const isActive = status === 'active'
    const lost = isActive ? exposures.lostMessages(peer, since(MESSAGE_AGE_MAX), MESSAGES_AGAIN_MAX) : []
    const again = messages.requeue(lost, presentOf(world))
    const files = isActive ? exposures.lostFiles(peer, since(FILE_AGE_MAX), FILES_REMEMBERED) : []
    const renew = (number: number, queuedAt: number): unknown =>
      transfers.renew(number, queuedAt, secretKey(world.random(FRESH_SECRET)))
    // They knew the secret of what is on its way as well.
    for (const waiting of transfers.open(peer, 'queued')) renew(waiting.number, waiting.queued)
    for (const number of files) renew(number, presentOf(world))

    return () => {
      if (told.messages + told.files + told.received + told.receivedFiles > 0)
        emit({ type: 'exposed', address: encodeAddress(peer), ...told, again: again.length + files.length })
      if (again.length > 0) onMessages(again)
      if (again.length + files.length > 0 || messages.isWaiting(peer)) queued(peer)
    }
  }
