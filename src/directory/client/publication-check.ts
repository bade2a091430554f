import { compareLogs } from '../../core/key-log.ts'
import { type DirectoryNetwork, nameOf } from '../network-port.ts'
import { type Lookup, lookup } from './lookup.ts'
import { putRecords, type Records } from './publish.ts'
import type { VerdictKind } from './verdict.ts'

/** What a stranger who looks a publication up finds of it. */
export type PublicationCheck = {
  /** what was found, by a walk that came from elsewhere than the publication */
  readonly found: Lookup
  /** of the nodes closest to the targets, those that lacked the log and took it now; each counts once */
  readonly repaired: number
  /**
   * Whether others find what was published: the log is ours, the card current (when there was one), and nothing hints at an attacker who
   * keeps them from it. An acceptance alone is only a node's word.
   */
  readonly confirmed: boolean
}

/** Whether a verdict over one's own log says that others find it. */
export const confirms = (kind: VerdictKind, hasCard: boolean): boolean =>
  (hasCard ? ['current', 'few'] : ['current', 'few', 'stale', 'retired']).includes(kind)

/**
 * Looks published records up along fresh paths, and puts them at close nodes that lack them: nodes that are new, and nodes that lost them.
 * @param options.now this clock, seconds
 * @param options.signal the deadline for both
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND, ERR_LOOKUP_INCOMPLETE
 */
export const checkPublication = async (
  network: DirectoryNetwork,
  records: Records,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<PublicationCheck> => {
  const { log, card } = records
  const found = await lookup(network, log.id, { now, signal, policy: 'thorough', detour: true })
  const ours = compareLogs(found.log, log)
  // A log that ours does not replace is somebody else's truth, or our own of later: not to be pushed aside by repetition.
  const replaceable = found.fork === null && (ours === 'same' || ours === 'shorter' || ours === 'superseded')
  const lacking = replaceable ? [...new Map(found.lacking.map((one) => [nameOf(one.node), one])).values()] : []
  const outcomes = await Promise.all(lacking.map((one) => putRecords(network, one, records, signal)))
  return {
    found,
    repaired: outcomes.filter((refusal) => refusal === null).length,
    confirmed: ours === 'same' && confirms(found.verdict.kind, card !== undefined),
  }
}
