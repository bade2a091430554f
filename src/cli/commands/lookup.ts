import { Option } from 'commander'
import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { DEFAULT_POLICY, POLICIES, type Policy } from '../../directory/client/policies.ts'
import type { CommandFile, Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { lookupEvent } from '../output/lookup-event.ts'

type Flags = { readonly policy: Policy; readonly evidence?: boolean }

export const lookupCommand: CommandFile = (program, start) =>
  program
    .command('lookup')
    .argument('<address>', 'hf1…')
    .addOption(new Option('--policy <name>', 'how hard to look').choices(POLICIES).default(DEFAULT_POLICY))
    .option('--evidence', 'tell all of what the answer rests on')
    .summary('tell what the network knows of an address')
    .description(
      'Finds an identity, verifies it to its address, and tells what the answer rests on. Needs no identity.',
    )
    .addHelpText('after', '\nExample:\n  handfast lookup hf1… --evidence --bootstrap 127.0.0.1:4000')
    .action((address: string, flags: Flags) => start((context) => lookup(context, address, flags)))

const lookup = async (context: Context, address: string, { policy, evidence }: Flags): Promise<number> => {
  const { folder, bootstrap, signal, terminal, emit } = context
  const id = decodeAddress(address)
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const found = await peer.lookup(address, { signal, policy })
  terminal.status('')
  emit(lookupEvent(found, Math.floor(Date.now() / 1000)))
  if (evidence) emit({ event: 'evidence', address: encodeAddress(id), ...found.evidence })
  return EXIT.done
}
