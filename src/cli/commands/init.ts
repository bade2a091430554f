import { UsageError } from '../../core/errors.ts'
import type { RootSigner } from '../../core/root-key.ts'
import { initialize } from '../../identity/initialize.ts'
import { generatePkcs11Key, openPkcs11Signer } from '../../store/pkcs11-signer.ts'
import { refuseExisting } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { checkWritten } from '../terminal/phrase-check.ts'
import { readToken, tokenAccess } from './token.ts'
import type { TokenFlags } from './token-options.ts'

export type InitOptions = TokenFlags & {
  /** whether words of the phrase are asked for, where somebody can answer */
  readonly check: boolean
  /** whether the token makes the key, which must not be there yet */
  readonly pkcs11Generate?: boolean
}

/** `handfast init`: makes an identity. */
export const init = async (context: Context, options: InitOptions): Promise<number> => {
  const { folder, signal, terminal, passphrases, emit } = context
  await refuseExisting(folder)
  const token = readToken(options)
  if (token === null && options.pkcs11Generate === true)
    throw new UsageError('ERR_USAGE', {
      hint: '--pkcs11-generate needs --pkcs11-module, --pkcs11-token and --pkcs11-key',
    })
  const passphrase = await passphrases.chosen()
  let root: RootSigner | undefined
  if (token !== null) {
    const open = options.pkcs11Generate === true ? generatePkcs11Key : openPkcs11Signer
    root = await open(token, tokenAccess(context, options))
  }
  // From here on there is a phrase that is shown once: no way back.
  signal.throwIfAborted()
  const { address, phrase } = await initialize(folder, { passphrase, root })
  const sealedBy = passphrase === null ? 'key-file' : 'passphrase'
  const rootKey = root === undefined ? 'folder' : 'token'
  emit({ event: 'created', address, folder, sealedBy, rootKey, recoveryPhrase: phrase })
  if (options.check && terminal.interactive && terminal.seen) await checkWritten(context, phrase)
  return EXIT.done
}
