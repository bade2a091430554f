import { hex } from '../../core/bytes.ts'
import { KeyLogError } from '../../core/errors.ts'
import { checkForkProof, FORK_PROOF_BYTES_MAX } from '../../core/fork-proof.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { CommandFile, Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { NOT_UTF8 } from '../terminal/lines.ts'
import { readText } from '../terminal/read-text.ts'

export const checkProofCommand: CommandFile = (program, start) =>
  program
    .command('check-proof')
    .argument('<file>', 'the proof; - for what is piped in')
    .summary('check such a proof, from its file alone')
    .description('Checks a fork proof. Needs no network and no identity.')
    .addHelpText('after', '\nExample:\n  handfast check-proof proof.json')
    .action((file: string) => start((context) => checkProof(context, file)))

const checkProof = async (context: Context, file: string): Promise<number> => {
  const { text, fault } = await readText(context, file, FORK_PROOF_BYTES_MAX)
  if (fault !== null)
    throw new KeyLogError('ERR_PROOF', {
      hint: fault === 'length' ? `it has more than ${FORK_PROOF_BYTES_MAX} bytes` : NOT_UTF8,
    })
  const { address, a, b, parting } = checkForkProof(text)
  await context.emit({ event: 'proven', address, parting, a: headOf(a), b: headOf(b) })
  return EXIT.done
}

const headOf = ({ epoch, last }: KeyLog) => ({ epoch, seq: last.entry.seq, head: hex(last.hash) })
