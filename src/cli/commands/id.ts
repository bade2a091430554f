import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { readVault } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

/** `handfast id`: tells one's own address, without a network. */
export const id = async ({ folder, emit }: Context): Promise<number> => {
  const { log } = await readVault(folder, Math.floor(Date.now() / 1000))
  const { epoch, last } = log
  emit({ event: 'identity', address: encodeAddress(log.id), epoch, seq: last.entry.seq, head: hex(last.hash), folder })
  return EXIT.done
}
