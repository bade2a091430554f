import { decodeAddress, encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { StoreError } from '../core/errors.ts'
import { openPeer } from '../peer/open.ts'
import type { Peer } from '../peer/peer.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

/** `handfast lookup`: tells what the network holds of an address, and how sure that is. */
export const lookup = async (context: Context, address: string): Promise<number> => {
  const { signal, terminal, emit } = context
  const id = decodeAddress(address)
  terminal.status('looking up')
  await using peer = await openAnyPeer(context)
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

/** With an identity what is found is held against what it saw before; without one anybody may ask. */
const openAnyPeer = ({ folder, bootstrap, signal }: Context): Promise<Peer> =>
  openPeer({ folder, bootstrap, signal }).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return openPeer({ bootstrap, signal })
    throw error
  })
