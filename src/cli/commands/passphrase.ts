import { encodeAddress } from '../../core/address.ts'
import { UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

type Flags = {
  readonly newPassphraseFile?: string
  /** a key file instead */
  readonly remove?: boolean
}

export const passphraseCommand: CommandFile = (program, start) =>
  program
    .command('passphrase')
    .option('--new-passphrase-file <file>', 'its first line is the new one; also HANDFAST_NEW_PASSPHRASE')
    .option('--remove', 'no passphrase any more: a key file in the data folder instead')
    .summary('set, change or remove the passphrase of the data folder')
    .description('Changes what the private keys in the data folder are sealed under. Needs no network.')
    .addHelpText('after', '\nExamples:\n  handfast passphrase\n  handfast passphrase --remove')
    .action((flags: Flags) => start((context) => passphrase(context, flags)))

const passphrase = async (context: Context, { remove = false, newPassphraseFile }: Flags): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  if (remove && newPassphraseFile !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--remove and --new-passphrase-file contradict each other' })
  const next = async (): Promise<string | null> => {
    const chosen = remove ? null : await passphrases.next(newPassphraseFile)
    signal.throwIfAborted()
    return chosen
  }
  const [{ lockIdentity }, { changePassphrase }] = await Promise.all([
    import('../../store/lock.ts'),
    import('../../store/vault.ts'),
  ])
  using _lock = await lockIdentity(folder)
  const { identity, sealedBy } = await changePassphrase(folder, passphrases.current, next)
  await emit({ event: 'sealed', address: encodeAddress(identity.log.id), folder, sealedBy })
  return EXIT.done
}
