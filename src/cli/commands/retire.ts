import { encodeAddress } from '../../core/address.ts'
import { UsageError } from '../../core/errors.ts'
import { retire as retireIdentity } from '../../identity/replace-keys.ts'
import { readVault } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import type { PhraseOptions } from '../terminal/phrase.ts'
import { turnKeys } from './rotation.ts'

export type RetireOptions = PhraseOptions & { readonly yes: boolean }

/** Characters of the address that are typed to confirm. */
const TYPED = 6

/** `handfast retire`: ends the data folder's identity for good. */
export const retire = async (context: Context, options: RetireOptions): Promise<number> => {
  const { log } = await readVault(context.folder, Math.floor(Date.now() / 1000))
  if (!options.yes) await confirm(context, encodeAddress(log.id))
  return turnKeys(context, options, retireIdentity)
}

const confirm = async ({ terminal, signal }: Context, address: string): Promise<void> => {
  if (!terminal.interactive)
    throw new UsageError('ERR_USAGE', { hint: 'a retirement is final: --yes says that you mean it' })
  terminal.err([`This ends ${address} for good: nobody can connect to it any more, and its contacts see that.`])
  const typed = await terminal.ask(`its last ${TYPED} characters, to go on: `, { limit: 100, signal })
  signal.throwIfAborted()
  if (typed?.trim().toLowerCase() !== address.slice(-TYPED))
    throw new UsageError('ERR_USAGE', { hint: 'that is not how the address ends: nothing was done' })
}
