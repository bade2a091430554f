import { decodeAddress } from '../../core/address.ts'
import { UsageError } from '../../core/errors.ts'
import { adopt, renew as renewKeys } from '../../identity/replace-keys.ts'
import { openPkcs11Signer } from '../../store/pkcs11-signer.ts'
import type { Context } from '../context.ts'
import { changeKeys } from './rotation.ts'
import { readToken, tokenAccess } from './token.ts'
import type { TokenFlags } from './token-options.ts'

export type RenewOptions = TokenFlags & { readonly address: string | undefined }

/** `handfast renew`: new keys for this device, signed by the root key, without the recovery phrase. */
export const renew = async (context: Context, { address, ...flags }: RenewOptions): Promise<number> => {
  const named = readToken(flags)
  const token = tokenAccess(context, flags)
  const root = named === null ? undefined : await openPkcs11Signer(named, token)
  if (address === undefined) return changeKeys(context, (rest) => renewKeys({ ...rest, root, token }))
  decodeAddress(address)
  if (root === undefined)
    throw new UsageError('ERR_USAGE', { hint: 'an address is given together with the token that holds its root key' })
  return changeKeys(context, (rest) =>
    adopt({ ...rest, newPassphrase: context.passphrases.chosen, address, root, token }),
  )
}
