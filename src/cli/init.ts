import { initialize } from '../peer/open.ts'
import { refuseExisting } from '../store/vault.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { checkWritten } from './phrase-check.ts'

export type InitOptions = {
  /** whether words of the phrase are asked for, where somebody can answer */
  readonly check: boolean
}

/** `handfast init`: makes an identity. */
export const init = async (context: Context, { check }: InitOptions): Promise<number> => {
  const { folder, signal, terminal, passphrases, emit } = context
  await refuseExisting(folder)
  const passphrase = await passphrases.chosen()
  // From here on there is a phrase that is shown once: no way back.
  signal.throwIfAborted()
  const { address, phrase } = await initialize(folder, { passphrase })
  const sealedBy = passphrase === null ? 'key-file' : 'passphrase'
  emit({ event: 'created', address, folder, sealedBy, recoveryPhrase: phrase })
  if (check && terminal.interactive && terminal.seen) await checkWritten(context, phrase)
  return EXIT.done
}
