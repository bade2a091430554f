import type { Command } from 'commander'
import { UsageError } from '../../core/errors.ts'

/** What `backup` and `restore` are told about the file. */

export type BackupFlags = { readonly backupPassphraseFile?: string }

export const backupOptions = (command: Command): Command =>
  command.option(
    '--backup-passphrase-file <file>',
    'its first line is what the backup is sealed under; also HANDFAST_BACKUP_PASSPHRASE',
  )

/** A backup is a file that stays: `-` means a pipe elsewhere, and would end as a file of that name. */
export const refuseDash = (file: string): void => {
  if (file === '-') throw new UsageError('ERR_USAGE', { hint: 'a backup is a file: give its name' })
}
