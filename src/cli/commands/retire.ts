import { encodeAddress } from '../../core/address.ts'
import { UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { turnKeys } from '../identity/change-keys.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { PHRASE_HELP, type PhraseFlags, phraseOption } from '../options/phrase.ts'

type Flags = PhraseFlags & { readonly yes?: boolean }

export const retireCommand: CommandFile = (program, start) =>
  phraseOption(program.command('retire'))
    .option('--yes', 'for scripts: do not ask')
    .summary('end your identity for good')
    .description(`Ends the identity in the data folder for good; its contacts see that.\n\n${PHRASE_HELP}`)
    .addHelpText('after', '\nExample:\n  handfast retire --network 127.0.0.1:4000')
    .action((flags: Flags) => start((context) => retire(context, flags)))

/** Characters of the address that are typed to confirm. */
const TYPED = 6

const retire = async (context: Context, flags: Flags): Promise<number> => {
  const log = await readOwnLog(context.folder)
  if (flags.yes !== true) await confirm(context, encodeAddress(log.id))
  const library = await import('../../identity/replace-keys.ts')
  return turnKeys(context, flags, library.retire)
}

const confirm = async ({ terminal, signal }: Context, address: string): Promise<void> => {
  if (!terminal.interactive)
    throw new UsageError('ERR_USAGE', { hint: 'a retirement is final: --yes says that you mean it' })
  await terminal.err([`This ends ${address} for good: nobody can connect to it any more, and its contacts see that.`])
  const typed = await terminal.ask(`its last ${TYPED} characters, to go on: `, { limit: 100, signal })
  signal.throwIfAborted()
  if (typed?.trim().toLowerCase() !== address.slice(-TYPED))
    throw new UsageError('ERR_USAGE', { hint: 'that is not how the address ends: nothing was done' })
}
