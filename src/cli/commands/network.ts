import type { CommandFile, Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export const networkCommand: CommandFile = (program, start) =>
  program
    .command('network')
    .argument('[network...]', 'public, lan, or nodes of your own: host:port')
    .summary('tell which network is used, or choose another for good')
    .description(
      'Shows the network of the data folder, or sets it. A command that is given --network uses that one, for this time. Needs no network.',
    )
    .addHelpText(
      'after',
      '\nNetworks:\n  public      the HyperDHT network, which Keet uses too: thousands of nodes that strangers keep, and who see which address is asked for\n  lan         nothing beyond the local network\n  host:port   nodes of your own, several separated by commas\n\nExamples:\n  handfast network\n  handfast network lan\n  handfast network node.example.org:49737',
    )
    .action((words: readonly string[]) => start((context) => network(context, words)))

const network = async ({ folder, network: given, emit }: Context, words: readonly string[]): Promise<number> => {
  const { openNetworkChoice } = await import('../../peer/folder-network.ts')
  using own = await openNetworkChoice(folder)
  // `own` may stand before a list, as its name for people.
  const chosen = words.length > 1 && words[0] === 'own' ? words.slice(1) : words
  if (chosen.length > 0) own.choose(chosen)
  await emit({ event: 'chosen-network', network: own.chosen(), now: given === '' ? null : given })
  return EXIT.done
}
