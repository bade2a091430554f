import { OutputError, UsageError } from '../../core/errors.ts'
import type { RootSigner } from '../../core/root-key.ts'
import type { CommandFile, Context } from '../context.ts'
import { chooseNetwork } from '../options/choose-network.ts'
import { readToken, type TokenFlags, tokenAccess, tokenOptions } from '../options/token.ts'
import { tellClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'
import { checkWritten } from '../terminal/phrase-check.ts'

type Flags = TokenFlags & {
  /** whether words of the phrase are asked for, where somebody can answer */
  readonly check: boolean
  /** whether the token makes the key, which must not be there yet */
  readonly pkcs11Generate?: boolean
}

export const initCommand: CommandFile = (program, start) =>
  tokenOptions(program.command('init'))
    .option('--pkcs11-generate', 'make that key on the token')
    .option('--no-check', 'do not ask for words of the recovery phrase')
    .summary('make an identity, and show its recovery phrase once')
    .description(
      'Makes an identity in the data folder, and shows its address and its recovery phrase: once. Which network it uses is asked, or given by --network; the clock is held against it when somebody answers.',
    )
    .addHelpText('after', '\nExamples:\n  handfast init\n  handfast init --folder ./alice --network lan')
    .action((flags: Flags) => start((context) => init(context, flags)))

const init = async (context: Context, flags: Flags): Promise<number> => {
  const { folder, clockIsRight, signal, terminal, passphrases, emit } = context
  const { refuseExisting } = await import('../../store/vault.ts')
  await refuseExisting(folder)
  const token = readToken(flags)
  if (token === null && flags.pkcs11Generate === true)
    throw new UsageError('ERR_USAGE', {
      hint: '--pkcs11-generate needs --pkcs11-module, --pkcs11-token and --pkcs11-key',
    })
  if (terminal.discarded)
    throw new OutputError('ERR_OUTPUT', { hint: 'standard output goes nowhere, and the recovery phrase would with it' })
  const network = await chooseNetwork(context)
  const passphrase = await passphrases.chosen()
  let root: RootSigner | undefined
  if (token !== null) {
    const { generatePkcs11Key, openPkcs11Signer } = await import('../../store/pkcs11-signer.ts')
    const open = flags.pkcs11Generate === true ? generatePkcs11Key : openPkcs11Signer
    root = await open(token, tokenAccess(context, flags))
  }
  const { initialize } = await import('../../identity/initialize.ts')
  // From here on there is a phrase that is shown once: no way back.
  signal.throwIfAborted()
  const sealedBy = passphrase === null ? 'key-file' : 'passphrase'
  const rootKey = root === undefined ? 'folder' : 'token'
  const { phrase } = await initialize(folder, {
    ...{ passphrase, root, network, clockIsRight, signal },
    onClock: (said) => void tellClock(context, said),
    onRecoveryPhrase: async (recoveryPhrase, address) => {
      await emit({ event: 'created', address, folder, sealedBy, rootKey, recoveryPhrase })
      await terminal.written('no identity was made')
    },
  })
  if (flags.check && terminal.interactive && terminal.seen) await checkWritten(context, phrase)
  return EXIT.done
}
