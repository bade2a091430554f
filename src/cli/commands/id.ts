import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import type { CommandFile, Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { datedOf } from '../output/dated.ts'
import { EXIT } from '../output/failure.ts'

export const idCommand: CommandFile = (program, start) =>
  program
    .command('id')
    .summary('print your own address')
    .description('Prints the address of the identity in the data folder. Needs no network.')
    .addHelpText('after', '\nExample:\n  handfast id --json')
    .action(() => start(id))

const id = async ({ folder, emit }: Context): Promise<number> => {
  const log = await readOwnLog(folder)
  const { epoch, last } = log
  const head = { epoch, seq: last.entry.seq, head: hex(last.hash) }
  await emit({ event: 'identity', address: encodeAddress(log.id), ...head, ...datedOf(log), folder })
  return EXIT.done
}
