import { UsageError } from '../../core/errors.ts'
import { backup as writeBackup } from '../../identity/backup.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export type BackupOptions = {
  readonly file: string
  /** its first line is what the backup is sealed under */
  readonly backupPassphraseFile: string | undefined
}

/** A backup is a file that stays: `-` means a pipe elsewhere, and would end as a file of that name. */
export const refuseDash = (file: string): void => {
  if (file === '-') throw new UsageError('ERR_USAGE', { hint: 'a backup is a file: give its name' })
}

/** `handfast backup`: writes all that a data folder holds for good into one sealed file. */
export const backup = async (context: Context, { file, backupPassphraseFile }: BackupOptions): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  refuseDash(file)
  const backupPassphrase = async (): Promise<string> => {
    const passphrase = await passphrases.ofBackup(backupPassphraseFile, true)
    signal.throwIfAborted()
    return passphrase
  }
  const made = await writeBackup(folder, file, { passphrase: passphrases.current, backupPassphrase })
  emit({ event: 'backed-up', path: file, ...made })
  return EXIT.done
}
