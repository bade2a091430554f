import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import type { Lookup } from '../../directory/client/lookup.ts'
import type { Policy } from '../../directory/client/policies.ts'
import { openReader } from '../../peer/open.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export type LookupCommandOptions = {
  readonly policy: Policy
  /** whether to tell all of what the answer rests on */
  readonly evidence: boolean
}

/** `handfast lookup`: tells what the network holds of an address, and how sure that is. */
export const lookup = async (context: Context, address: string, options: LookupCommandOptions): Promise<number> => {
  const { folder, bootstrap, signal, terminal, emit } = context
  const id = decodeAddress(address)
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const found = await peer.lookup(address, { signal, policy: options.policy })
  const { log, card, fork, freshness, evidence, verdict, change, trust } = found
  terminal.status('')
  emit({
    event: 'lookup',
    address: encodeAddress(id),
    epoch: log.epoch,
    seq: log.last.entry.seq,
    head: hex(log.last.hash),
    status: log.last.entry.status,
    forked: fork !== null,
    freshness,
    expires: card?.card.until ?? null,
    staleFor: staleFor({ freshness, card }, Math.floor(Date.now() / 1000)),
    verdict,
    evidence,
    change,
    trust,
  })
  if (options.evidence) emit({ event: 'evidence', address: encodeAddress(id), ...evidence })
  return EXIT.done
}

/** Seconds since the freshest card ran out; null while it is current, and when none was found. @param now seconds since 1970 */
export const staleFor = ({ freshness, card }: Pick<Lookup, 'freshness' | 'card'>, now: number): number | null =>
  freshness === 'current' || card === null ? null : Math.max(0, now - card.card.until)
