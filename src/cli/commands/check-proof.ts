import { hex } from '../../core/bytes.ts'
import { checkForkProof, FORK_PROOF_BYTES_MAX } from '../../core/fork-proof.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { readText } from '../terminal/read-text.ts'

/** `handfast check-proof`: checks a fork proof from its file alone. */
export const checkProof = async (context: Context, path: string): Promise<number> => {
  const text = await readText(context, path, FORK_PROOF_BYTES_MAX)
  const { address, a, b, parting } = checkForkProof(text, Math.floor(Date.now() / 1000))
  context.emit({ event: 'proven', address, parting, a: headOf(a), b: headOf(b) })
  return EXIT.done
}

const headOf = ({ epoch, last }: KeyLog) => ({ epoch, seq: last.entry.seq, head: hex(last.hash) })
