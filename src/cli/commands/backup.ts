import type { CommandFile, Context } from '../context.ts'
import { type BackupFlags, backupOptions, refuseDash } from '../options/backup-passphrase.ts'
import { EXIT } from '../output/failure.ts'

export const backupCommand: CommandFile = (program, start) =>
  backupOptions(program.command('backup').argument('<file>', 'a file that does not exist yet'))
    .summary('write identity, contacts and what was seen of others into a sealed file')
    .description(
      'Writes your identity, your contacts, what was seen of others and the settings into one file, sealed under a passphrase of its own. Conversations, received files and the recovery phrase are not in it. Needs no network.',
    )
    .addHelpText('after', '\nExample:\n  handfast backup alice.backup')
    .action((file: string, flags: BackupFlags) => start((context) => backup(context, file, flags)))

/** Writes all that a data folder holds for good into one sealed file. */
const backup = async (context: Context, file: string, { backupPassphraseFile }: BackupFlags): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  refuseDash(file)
  const backupPassphrase = async (): Promise<string> => {
    const passphrase = await passphrases.ofBackup(backupPassphraseFile, true)
    signal.throwIfAborted()
    return passphrase
  }
  const library = await import('../../identity/backup.ts')
  const made = await library.backup(folder, file, { passphrase: passphrases.current, backupPassphrase })
  await emit({ event: 'backed-up', path: file, ...made })
  return EXIT.done
}
