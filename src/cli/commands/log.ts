import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { whatHappened } from '../../core/happening.ts'
import { sha256 } from '../../core/kdf.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { openPeer } from '../../peer/open.ts'
import { readVault } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

/** `handfast log`: tells what became of an identity, entry by entry; one's own without a network. */
export const log = async (context: Context, address: string | undefined): Promise<number> => {
  const { folder, emit } = context
  const { log, forked } =
    address === undefined
      ? { log: (await readVault(folder, Math.floor(Date.now() / 1000))).log, forked: false }
      : await find(context, address)
  const { status } = log.last.entry
  emit({ event: 'log', address: encodeAddress(log.id), entries: log.entries.length, epoch: log.epoch, status, forked })
  for (const { entry, hash } of log.entries) {
    const { seq, time, devices, root } = entry
    const happened = whatHappened(log, seq)
    emit({ event: 'entry', seq, time, happened, devices: devices.length, root: hex(sha256(root)), hash: hex(hash) })
  }
  return EXIT.done
}

const find = async (
  { bootstrap, signal, terminal }: Context,
  address: string,
): Promise<{ log: KeyLog; forked: boolean }> => {
  terminal.status('looking up')
  await using peer = await openPeer({ bootstrap, signal })
  const { log, fork } = await peer.lookup(address, { signal })
  terminal.status('')
  return { log, forked: fork !== null }
}
