import { complete, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { signSlotCard, signSlotMoved } from '../../src/core/slot.ts'
import type { CardRecord, Records } from '../../src/directory/client/publish.ts'
import { at, commitmentAfter, type Identity, NOW, type Prekeys, publicOf, slotKeyOf } from '../core/identities.ts'
import { cardFor } from './records.ts'

/** What identities of the tests publish, whoever keeps it. */

/** The key of the slot of an epoch. */
export const slotKeyAt = ({ roots }: Identity, epoch: number) => slotKeyOf(at(roots, epoch))

type Change = { readonly status?: 'active' | 'retired'; readonly time?: number }

/** The log after a rotation. */
export const rotated = (identity: Identity, log: KeyLog, { status = 'active', time = NOW }: Change = {}): KeyLog => {
  const epoch = log.epoch + 1
  const content = { devices: publicOf(identity.devices), status, time }
  return complete(rotateLog(log, at(identity.roots, epoch), commitmentAfter(identity, epoch), content))
}

/** The log after an update, which differs from others by its time. */
export const updated = (identity: Identity, log: KeyLog, time: number = NOW): KeyLog =>
  updateLog(log, at(identity.roots, log.epoch), { devices: publicOf(identity.devices), time })

/** A card with its slot. */
export const cardRecordOf = (
  identity: Identity,
  log: KeyLog,
  prekeys: Prekeys,
  choice: Parameters<typeof cardFor>[3] = {},
): CardRecord => {
  const signed = cardFor(log, identity, prekeys, choice)
  return { signed, kem: prekeys.kem.publicKey, slot: signSlotCard(slotKeyAt(identity, log.epoch), signed) }
}

/** What closes the slots of the epochs before, and of a retired identity its own. */
export const closedOf = (identity: Identity, log: KeyLog): NonNullable<Records['closed']> =>
  Array.from({ length: log.epoch + (log.last.entry.status === 'retired' ? 1 : 0) }, (_, epoch) =>
    signSlotMoved(slotKeyAt(identity, epoch), log.last.hash),
  )

/** All that an owner publishes. */
export const publicationOf = (
  identity: Identity,
  log: KeyLog,
  prekeys: Prekeys,
  choice: Parameters<typeof cardFor>[3] = {},
): Records & { readonly card: CardRecord } => ({
  log,
  closed: closedOf(identity, log),
  card: cardRecordOf(identity, log, prekeys, choice),
})
