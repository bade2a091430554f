import type { CommandFile, Context } from '../context.ts'
import { turnKeys } from '../identity/change-keys.ts'
import { PHRASE_HELP, type PhraseFlags, phraseOption } from '../options/phrase.ts'
import { keepRootOn, type TokenFlags, tokenOptions } from '../options/token.ts'

type Flags = PhraseFlags & TokenFlags

export const rotateCommand: CommandFile = (program, start) =>
  tokenOptions(phraseOption(program.command('rotate')))
    .summary('replace all keys of your identity; the address stays')
    .description(
      `Replaces all keys of the identity in the data folder by its recovery phrase, and publishes that. Whoever copied the old ones has nothing any more.\n\n${PHRASE_HELP}`,
    )
    .addHelpText('after', '\nExample:\n  handfast rotate --network 127.0.0.1:4000')
    .action((flags: Flags) => start((context) => rotate(context, flags)))

const rotate = async (context: Context, flags: Flags): Promise<number> => {
  const keepRoot = keepRootOn(context, flags)
  const library = await import('../../identity/replace-keys.ts')
  return turnKeys(context, flags, (rest) => library.rotate({ ...rest, keepRoot }))
}
