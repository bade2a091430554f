import type { CommandFile, Context } from '../context.ts'
import { turnKeys } from '../identity/change-keys.ts'
import { resolveContact } from '../options/contact.ts'
import { PHRASE_HELP, type PhraseFlags, phraseOption } from '../options/phrase.ts'
import { keepRootOn, type TokenFlags, tokenOptions } from '../options/token.ts'

type Flags = PhraseFlags & TokenFlags & { readonly evenRetired?: boolean }

export const recoverCommand: CommandFile = (program, start) =>
  tokenOptions(phraseOption(program.command('recover').argument('<address>', 'hf1…, or handfast:hf1…')))
    .option('--even-retired', 'also when the network holds it as retired, if that was not you')
    .summary('go on with your identity on a new machine')
    .description(
      `Takes an identity over by its address and recovery phrase alone, into a data folder that holds no other. Every key that was in use before is void.\n\n${PHRASE_HELP}`,
    )
    .addHelpText('after', '\nExample:\n  handfast recover hf1… --folder ./new --network 127.0.0.1:4000')
    .action((given: string, flags: Flags) => start((context) => recover(context, given, flags)))

const recover = async (context: Context, given: string, flags: Flags): Promise<number> => {
  const { evenRetired = false } = flags
  const address = await resolveContact(context.folder, given)
  const keepRoot = keepRootOn(context, flags)
  const library = await import('../../identity/replace-keys.ts')
  return turnKeys(context, flags, (rest) =>
    library.recover({ ...rest, newPassphrase: context.passphrases.chosen, address, evenRetired, keepRoot }),
  )
}
