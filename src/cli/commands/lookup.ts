import { Option } from 'commander'
import { DEFAULT_POLICY, POLICIES, type Policy } from '../../directory/client/policies.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { tellingClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'
import { lookupEvent } from '../output/lookup-event.ts'

type Flags = { readonly policy: Policy; readonly evidence?: boolean }

export const lookupCommand: CommandFile = (program, start) =>
  program
    .command('lookup')
    .argument('<contact>', WHO)
    .addOption(new Option('--policy <name>', 'how hard to look').choices(POLICIES).default(DEFAULT_POLICY))
    .option('--evidence', 'tell all of what the answer rests on')
    .summary('tell what the network knows of an address')
    .description(
      'Finds an identity, verifies it to its address, and tells what the answer rests on. Needs no identity.',
    )
    .addHelpText('after', '\nExample:\n  handfast lookup hf1… --evidence --network 127.0.0.1:4000')
    .action((contact: string, flags: Flags) => start((context) => lookup(context, contact, flags)))

const lookup = async (context: Context, contact: string, { policy, evidence }: Flags): Promise<number> => {
  const { folder, network, beacon, signal, terminal, emit } = context
  const address = await resolveContact(folder, contact)
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openReader({ folder, network, beacon, signal })
  await using _clock = tellingClock(context, peer)
  const found = await peer.lookup(address, { signal, policy })
  terminal.status('')
  await emit(lookupEvent(found, Math.floor(Date.now() / 1000)))
  if (evidence) await emit({ event: 'evidence', address, ...found.evidence })
  return EXIT.done
}
