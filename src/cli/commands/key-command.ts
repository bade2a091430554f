import { type Command, InvalidArgumentError, Option } from 'commander'
import { KEY_FORMATS, type KeyFormat } from '../../core/key-formats.ts'
import { KEY_USES, type KeyUse } from '../../core/key-place.ts'
import type { Start } from '../context.ts'
import { EXIT } from '../output/failure.ts'

/** The command about public keys in the forms that other software reads. */

type KeyFlags = {
  readonly of: KeyUse
  readonly device?: number
  readonly format: KeyFormat
  readonly check?: string
}

export const addKey = (program: Command, start: Start): void => {
  program
    .command('key')
    .argument('[address]', 'hf1…; your own when it is left out')
    .addOption(new Option('--of <use>', 'which key').choices(KEY_USES).default('root'))
    .option('--device <number>', 'of which device, for sign and dh (default: 0)', readDevice)
    .addOption(new Option('--format <form>', 'how it is written').choices(KEY_FORMATS).default('did'))
    .addOption(
      new Option('--check <file>', 'tell whether this public key is one of its; - for what is piped in').conflicts([
        'of',
        'device',
        'format',
      ]),
    )
    .summary('print a public key, or check one, in the forms other software reads')
    .description(
      'Prints a public key of an identity as did:key, JWK or SPKI PEM, or tells whether a key that was published elsewhere is one of its present keys. Your own needs no network.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast key --format spki\n  handfast key hf1… --check their-key.pem --bootstrap 127.0.0.1:4000',
    )
    .action((address: string | undefined, { of: use, device, format, check }: KeyFlags) =>
      start(async (context) => {
        const { checkKey, showKey } = await import('./key.ts')
        return check === undefined
          ? showKey(context, { address, use, device, format })
          : checkKey(context, address, check)
      }, EXIT.interrupted),
    )
}

const readDevice = (text: string): number => {
  if (!/^\d$/.test(text)) throw new InvalidArgumentError('A device is a number from 0 to 7.')
  return Number(text)
}
