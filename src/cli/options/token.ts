import type { Command } from 'commander'
import { UsageError } from '../../core/errors.ts'
import type { P256PrivateKey } from '../../core/p256.ts'
import type { RootSigner, TokenKey } from '../../core/root-key.ts'
import type { TokenOptions } from '../../store/pkcs11-tool.ts'
import type { Context } from '../context.ts'

/** Which key on which PKCS#11 token the command line means. */

export type TokenFlags = {
  readonly pkcs11Module?: string
  readonly pkcs11Token?: string
  readonly pkcs11Key?: string
  readonly pinFile?: string
}

export const tokenOptions = (command: Command): Command =>
  command
    .option('--pkcs11-module <path>', 'library of the token’s maker: the root key is on a token')
    .option('--pkcs11-token <label>', 'the token’s label')
    .option('--pkcs11-key <id>', 'the key’s id on the token, in hex')
    .option('--pin-file <file>', 'its first line is the token’s PIN; also HANDFAST_PKCS11_PIN')

/** @returns null when none is meant @throws UsageError ERR_USAGE for a part of one */
export const readToken = ({ pkcs11Module, pkcs11Token, pkcs11Key }: TokenFlags): TokenKey | null => {
  const parts = [pkcs11Module, pkcs11Token, pkcs11Key]
  if (parts.every((part) => part === undefined)) return null
  if (pkcs11Module === undefined || pkcs11Token === undefined || pkcs11Key === undefined)
    throw new UsageError('ERR_USAGE', { hint: '--pkcs11-module, --pkcs11-token and --pkcs11-key belong together' })
  // Other programs write an id as 0A, 0a or 0a:0b.
  return { module: pkcs11Module, token: pkcs11Token, key: pkcs11Key.toLowerCase().replaceAll(':', '') }
}

/** How a command opens the token: the PIN is asked for when it is needed, which is once in each command. */
export const tokenAccess = ({ passphrases, signal }: Context, { pinFile }: TokenFlags): TokenOptions => ({
  pin: () => passphrases.pin(pinFile),
  signal,
})

/** What puts the new root key of a rotation onto the token that the command line names; undefined when it names none. */
export const keepRootOn = (
  context: Context,
  flags: TokenFlags,
): ((root: P256PrivateKey) => Promise<RootSigner>) | undefined => {
  const token = readToken(flags)
  if (token === null) return undefined
  return async (root) => {
    const { importPkcs11Key } = await import('../../store/pkcs11-signer.ts')
    return importPkcs11Key(token, root, tokenAccess(context, flags))
  }
}
