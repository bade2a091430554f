import type { Command } from 'commander'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { type TokenFlags, tokenOptions } from './token-options.ts'

/** The commands about theft and loss: what the recovery phrase does, and what can be shown about a log. */

type PhraseFlags = { readonly phraseFile?: string }

const PHRASE =
  'The recovery phrase is typed without being shown, or piped in, or read from --phrase-file; it is never an argument.'

const phraseOption = (command: Command): Command =>
  command.option('--phrase-file <file>', 'read the recovery phrase from a file')

export const addRecovery = (program: Command, start: Start): void => {
  tokenOptions(phraseOption(program.command('rotate')))
    .summary('replace all keys of your identity; the address stays')
    .description(
      `Replaces all keys of the identity in the data folder by its recovery phrase, and publishes that. Whoever copied the old ones has nothing any more.\n\n${PHRASE}`,
    )
    .addHelpText('after', '\nExample:\n  handfast rotate --bootstrap 127.0.0.1:4000')
    .action((options: PhraseFlags & TokenFlags) =>
      start(async (context) => {
        const { rotate } = await import('./rotate.ts')
        return rotate(context, options)
      }, EXIT.interrupted),
    )

  tokenOptions(phraseOption(program.command('recover').argument('<address>', 'hf1…')))
    .option('--even-retired', 'also when the network holds it as retired, if that was not you')
    .summary('go on with your identity on a new machine')
    .description(
      `Takes an identity over by its address and recovery phrase alone, into a data folder that holds no other. Every key that was in use before is void.\n\n${PHRASE}`,
    )
    .addHelpText('after', '\nExample:\n  handfast recover hf1… --folder ./new --bootstrap 127.0.0.1:4000')
    .action((address: string, options: PhraseFlags & TokenFlags & { evenRetired?: boolean }) =>
      start(async (context) => {
        const { recover } = await import('./recover.ts')
        return recover(context, { ...options, address, evenRetired: options.evenRetired === true })
      }, EXIT.interrupted),
    )

  tokenOptions(program.command('renew').argument('[address]', 'hf1…; for a new machine, where only the token is left'))
    .summary('replace the keys of this device; the root key stays')
    .description(
      'Replaces the keys of this device by an update that the root key signs, and publishes that; no recovery phrase is needed. The root key is in the data folder, or on a token that the folder or the command line names. With an address it goes on with that identity in a new data folder.',
    )
    .addHelpText('after', '\nExample:\n  handfast renew --bootstrap 127.0.0.1:4000')
    .action((address: string | undefined, options: TokenFlags) =>
      start(async (context) => {
        const { renew } = await import('./renew.ts')
        return renew(context, { ...options, address })
      }, EXIT.interrupted),
    )

  phraseOption(program.command('retire'))
    .option('--yes', 'for scripts: do not ask')
    .summary('end your identity for good')
    .description(`Ends the identity in the data folder for good; its contacts see that.\n\n${PHRASE}`)
    .addHelpText('after', '\nExample:\n  handfast retire --bootstrap 127.0.0.1:4000')
    .action((options: PhraseFlags & { yes?: boolean }) =>
      start(async (context) => {
        const { retire } = await import('./retire.ts')
        return retire(context, { ...options, yes: options.yes === true })
      }, EXIT.interrupted),
    )

  program
    .command('log')
    .argument('[address]', 'hf1…; your own when it is left out')
    .summary('tell what became of an identity, entry by entry')
    .description('Shows the key log of an identity, entry by entry. Your own needs no network.')
    .addHelpText('after', '\nExample:\n  handfast log hf1… --bootstrap 127.0.0.1:4000')
    .action((address: string | undefined) =>
      start(async (context) => {
        const { log } = await import('./log.ts')
        return log(context, address)
      }, EXIT.interrupted),
    )

  program
    .command('export-proof')
    .argument('<address>', 'hf1…')
    .option('--out <file>', 'write it to a file that does not exist yet')
    .summary('write down that two logs of an address contradict each other')
    .description('Prints a fork proof: two valid logs of one address that contradict each other. Anyone can check it.')
    .addHelpText('after', '\nExample:\n  handfast export-proof hf1… --out proof.json --bootstrap 127.0.0.1:4000')
    .action((address: string, options: { out?: string }) =>
      start(async (context) => {
        const { exportProof } = await import('./export-proof.ts')
        return exportProof(context, { address, out: options.out })
      }, EXIT.interrupted),
    )

  program
    .command('check-proof')
    .argument('<file>', 'the proof; - for what is piped in')
    .summary('check such a proof, from its file alone')
    .description('Checks a fork proof. Needs no network and no identity.')
    .addHelpText('after', '\nExample:\n  handfast check-proof proof.json')
    .action((file: string) =>
      start(async (context) => {
        const { checkProof } = await import('./check-proof.ts')
        return checkProof(context, file)
      }, EXIT.interrupted),
    )
}
