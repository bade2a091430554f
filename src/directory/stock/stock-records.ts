import { DirectoryError } from '../../core/errors.ts'
import { kemHalves } from '../../core/kem.ts'
import type { CardRecord, Records } from '../client/publish.ts'
import { immutableValue, mutableValue, type StockValue } from './stock-requests.ts'

/** The values that records come to at stock nodes. */

/** Log entries, each by its hash: the first one is what an address names. */
export const entryValues = ({ log }: Pick<Records, 'log'>): readonly StockValue[] =>
  log.entries.map(({ envelope }) => immutableValue(envelope))

/** The halves of a card's ML-KEM key: only who writes by mailbox needs them. */
export const kemValues = ({ signed, kem }: CardRecord): readonly StockValue[] =>
  signed.card.mailboxes.length === 0 ? [] : kemHalves(kem).map(immutableValue)

/** @throws DirectoryError ERR_PUBLISH_SLOT when the slot's key was not at hand */
export const slotValue = ({ slot }: CardRecord): StockValue => {
  if (slot === undefined) throw new DirectoryError('ERR_PUBLISH_SLOT')
  return mutableValue(slot)
}

/** What closes the slots of former epochs: an old one that is not closed misleads nobody for long. */
export const closedValues = ({ closed = [] }: Pick<Records, 'closed'>): readonly StockValue[] =>
  closed.map(mutableValue)
