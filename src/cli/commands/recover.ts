import { decodeAddress } from '../../core/address.ts'
import { recover as recoverKeys } from '../../identity/replace-keys.ts'
import type { Context } from '../context.ts'
import type { PhraseOptions } from '../terminal/phrase.ts'
import { turnKeys } from './rotation.ts'
import { keepRootOn } from './token.ts'
import type { TokenFlags } from './token-options.ts'

export type RecoverOptions = PhraseOptions & TokenFlags & { readonly address: string; readonly evenRetired: boolean }

/** `handfast recover`: goes on with an identity on a new machine, by address and phrase. */
export const recover = async (context: Context, options: RecoverOptions): Promise<number> => {
  const { address, evenRetired } = options
  decodeAddress(address)
  const keepRoot = keepRootOn(context, options)
  return turnKeys(context, options, (rest) =>
    recoverKeys({ ...rest, newPassphrase: context.passphrases.chosen, address, evenRetired, keepRoot }),
  )
}
