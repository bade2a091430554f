import type { CommandFile, Context } from '../context.ts'
import { type BackupFlags, backupOptions, refuseDash } from '../options/backup-passphrase.ts'
import { EXIT } from '../output/failure.ts'

export const restoreCommand: CommandFile = (program, start) =>
  backupOptions(program.command('restore').argument('<file>', 'what handfast backup wrote'))
    .summary('take a backup into a data folder that holds no identity')
    .description(
      'Puts a backup into a data folder that holds no identity, sealed there as handfast init does it. What the folder remembers of others is kept: nothing older is believed afterwards. Needs no network.',
    )
    .addHelpText('after', '\nExample:\n  handfast restore alice.backup --folder ./alice')
    .action((file: string, flags: BackupFlags) => start((context) => restore(context, file, flags)))

const restore = async (context: Context, file: string, { backupPassphraseFile }: BackupFlags): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  refuseDash(file)
  const passphrase = async (): Promise<string | null> => {
    const chosen = await passphrases.chosen()
    signal.throwIfAborted()
    return chosen
  }
  const backupPassphrase = (): Promise<string> => passphrases.ofBackup(backupPassphraseFile, false)
  const library = await import('../../identity/backup.ts')
  const restored = await library.restore(file, folder, { backupPassphrase, passphrase })
  await emit({ event: 'restored', folder, ...restored })
  return EXIT.done
}
