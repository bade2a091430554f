import { restore as readBackup } from '../../identity/backup.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { type BackupOptions, refuseDash } from './backup.ts'

/** `handfast restore`: takes a backup into a data folder that holds no identity. */
export const restore = async (context: Context, { file, backupPassphraseFile }: BackupOptions): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  refuseDash(file)
  const passphrase = async (): Promise<string | null> => {
    const chosen = await passphrases.chosen()
    signal.throwIfAborted()
    return chosen
  }
  const backupPassphrase = (): Promise<string> => passphrases.ofBackup(backupPassphraseFile, false)
  const restored = await readBackup(file, folder, { backupPassphrase, passphrase })
  emit({ event: 'restored', folder, ...restored })
  return EXIT.done
}
