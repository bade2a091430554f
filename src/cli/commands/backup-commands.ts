import type { Command } from 'commander'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'

/** The commands that put a data folder into one file, and back. */

type BackupFlags = { readonly backupPassphraseFile?: string }

const passphraseOption = (command: Command): Command =>
  command.option(
    '--backup-passphrase-file <file>',
    'its first line is what the backup is sealed under; also HANDFAST_BACKUP_PASSPHRASE',
  )

export const addBackupCommands = (program: Command, start: Start): void => {
  passphraseOption(program.command('backup').argument('<file>', 'a file that does not exist yet'))
    .summary('write identity, contacts and rollback floors into a sealed file')
    .description(
      'Writes your identity, contacts, rollback floors and settings into one file, sealed under a passphrase of its own. Conversations, received files and the recovery phrase are not in it. Needs no network.',
    )
    .addHelpText('after', '\nExample:\n  handfast backup alice.backup')
    .action((file: string, { backupPassphraseFile }: BackupFlags) =>
      start(async (context) => {
        const { backup } = await import('./backup.ts')
        return backup(context, { file, backupPassphraseFile })
      }, EXIT.interrupted),
    )

  passphraseOption(program.command('restore').argument('<file>', 'what handfast backup wrote'))
    .summary('take a backup into a data folder that holds no identity')
    .description(
      'Puts a backup into a data folder that holds no identity, sealed there as handfast init does it. What the folder remembers of others is kept: nothing older is believed afterwards. Needs no network.',
    )
    .addHelpText('after', '\nExample:\n  handfast restore alice.backup --folder ./alice')
    .action((file: string, { backupPassphraseFile }: BackupFlags) =>
      start(async (context) => {
        const { restore } = await import('./restore.ts')
        return restore(context, { file, backupPassphraseFile })
      }, EXIT.interrupted),
    )
}
