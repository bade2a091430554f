import { decodeAddress, encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { openReader } from '../peer/open.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

/** `handfast lookup`: tells what the network holds of an address, and how sure that is. */
export const lookup = async (context: Context, address: string): Promise<number> => {
  const { folder, bootstrap, signal, terminal, emit } = context
  const id = decodeAddress(address)
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const { log, card, fork, freshness, evidence, change } = await peer.lookup(address, { signal })
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
    evidence,
    change,
  })
  return EXIT.done
}
