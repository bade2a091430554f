import { UsageError } from '../../core/errors.ts'
import type { CommandFile, Context } from '../context.ts'
import { changeKeys } from '../identity/change-keys.ts'
import { resolveContact } from '../options/contact.ts'
import { readToken, type TokenFlags, tokenAccess, tokenOptions } from '../options/token.ts'

export const renewCommand: CommandFile = (program, start) =>
  tokenOptions(
    program
      .command('renew')
      .argument('[address]', 'hf1…, or handfast:hf1…; for a new machine, where only the token is left'),
  )
    .summary('replace the keys of this device; the root key stays')
    .description(
      'Replaces the keys of this device by an update that the root key signs, and publishes that; no recovery phrase is needed. The root key is in the data folder, or on a token that the folder or the command line names. With an address it goes on with that identity in a new data folder.',
    )
    .addHelpText('after', '\nExample:\n  handfast renew --network 127.0.0.1:4000')
    .action((given: string | undefined, flags: TokenFlags) => start((context) => renew(context, given, flags)))

/** New keys for this device, signed by the root key, without the recovery phrase. */
const renew = async (context: Context, given: string | undefined, flags: TokenFlags): Promise<number> => {
  const named = readToken(flags)
  const token = tokenAccess(context, flags)
  const { openPkcs11Signer } = await import('../../store/pkcs11-signer.ts')
  const root = named === null ? undefined : await openPkcs11Signer(named, token)
  const library = await import('../../identity/replace-keys.ts')
  if (given === undefined) return changeKeys(context, (rest) => library.renew({ ...rest, root, token }))
  const address = await resolveContact(context.folder, given)
  if (root === undefined)
    throw new UsageError('ERR_USAGE', { hint: 'an address is given together with the token that holds its root key' })
  return changeKeys(context, (rest) =>
    library.adopt({ ...rest, newPassphrase: context.passphrases.chosen, address, root, token }),
  )
}
