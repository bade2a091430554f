import type { Found } from '../../contacts/resolver.ts'
import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import type { CliEvent } from './cli-events.ts'
import { datedOf } from './dated.ts'

/** What the network holds of an address, and how sure that is. @param now seconds since 1970 */
export const lookupEvent = (found: Found, now: number): CliEvent<'lookup'> => {
  const { log, card, fork, freshness, evidence, verdict, clock, change, trust } = found
  return {
    event: 'lookup',
    address: encodeAddress(log.id),
    epoch: log.epoch,
    seq: log.last.entry.seq,
    head: hex(log.last.hash),
    ...datedOf(log, now),
    status: log.last.entry.status,
    forked: fork !== null,
    freshness,
    expires: card?.card.until ?? null,
    staleFor: staleFor(found, now),
    verdict,
    clock,
    evidence,
    change,
    trust,
  }
}

/** Seconds since the freshest card ran out; null while it is current, and when none was found. @param now seconds since 1970 */
export const staleFor = ({ freshness, card }: Pick<Found, 'freshness' | 'card'>, now: number): number | null =>
  freshness === 'current' || card === null ? null : Math.max(0, now - card.card.until)
