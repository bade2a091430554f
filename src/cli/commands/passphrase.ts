import { encodeAddress } from '../../core/address.ts'
import { UsageError } from '../../core/errors.ts'
import { lockIdentity } from '../../store/lock.ts'
import { changePassphrase } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export type PassphraseOptions = {
  /** a key file instead */
  readonly remove: boolean
  readonly newPassphraseFile: string | undefined
}

/** `handfast passphrase`: sets, changes or removes what the data folder is sealed under. */
export const passphrase = async (context: Context, options: PassphraseOptions): Promise<number> => {
  const { folder, signal, passphrases, emit } = context
  const { remove, newPassphraseFile } = options
  if (remove && newPassphraseFile !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--remove and --new-passphrase-file contradict each other' })
  const next = async (): Promise<string | null> => {
    const chosen = remove ? null : await passphrases.next(newPassphraseFile)
    signal.throwIfAborted()
    return chosen
  }
  const now = Math.floor(Date.now() / 1000)
  using _lock = await lockIdentity(folder, now)
  const { identity, sealedBy } = await changePassphrase(folder, passphrases.current, next, now)
  emit({ event: 'sealed', address: encodeAddress(identity.log.id), folder, sealedBy })
  return EXIT.done
}
