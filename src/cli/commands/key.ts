import { InvalidArgumentError, Option } from 'commander'
import { encodeAddress } from '../../core/address.ts'
import { KeyError, KeyLogError, PeerError, UsageError } from '../../core/errors.ts'
import { exportPublicKey, KEY_FORMATS, type KeyFormat, parsePublicKey } from '../../core/key-formats.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { findKey, KEY_USES, type KeyPlace, type KeyUse, keyAt } from '../../core/key-place.ts'
import type { CommandFile, Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { tellingClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'
import { readText } from '../terminal/read-text.ts'

type Flags = {
  readonly of: KeyUse
  /** undefined: the first, where the key is a device's */
  readonly device?: number
  readonly format: KeyFormat
  readonly check?: string
}

export const keyCommand: CommandFile = (program, start) =>
  program
    .command('key')
    .argument('[contact]', `${WHO}; your own when it is left out`)
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
      '\nExamples:\n  handfast key --format spki\n  handfast key hf1… --check their-key.pem --network 127.0.0.1:4000',
    )
    .action((contact: string | undefined, flags: Flags) =>
      start((context) =>
        flags.check === undefined ? showKey(context, contact, flags) : checkKey(context, contact, flags.check),
      ),
    )

const readDevice = (text: string): number => {
  if (!/^\d$/.test(text)) throw new InvalidArgumentError('A device is a number from 0 to 7.')
  return Number(text)
}

const showKey = async (context: Context, contact: string | undefined, flags: Flags): Promise<number> => {
  const { of: use, device, format } = flags
  if (use === 'root' && device !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--device goes with --of sign and --of dh: there is one root key' })
  const { log, forked } = await find(context, contact)
  checkStanding(log, forked)
  const point = keyAt(log.last.entry, use, device ?? 0)
  if (point === undefined) throw new UsageError('ERR_USAGE', { hint: devicesOf(log) })
  await context.emit({
    event: 'key',
    address: encodeAddress(log.id),
    of: use,
    device: use === 'root' ? null : (device ?? 0),
    seq: log.last.entry.seq,
    format,
    key: exportPublicKey(point, format),
  })
  return EXIT.done
}

/** Bytes of text that holds one key; `parsePublicKey` takes less than this without the white space around it. */
const KEY_TEXT_MAX = 10_000

/** Tells whether a published key is one of an identity's present keys; fails when it is not. */
const checkKey = async (context: Context, contact: string | undefined, path: string): Promise<number> => {
  const { text, fault } = await readText(context, path, KEY_TEXT_MAX)
  if (fault !== null)
    throw new KeyError('ERR_KEY_FORMAT', {
      hint: fault === 'length' ? `it has more than ${KEY_TEXT_MAX} bytes` : 'it is no text: DER is given as PEM',
    })
  const point = parsePublicKey(text)
  const { log, forked } = await find(context, contact)
  const place = findKey(log, point)
  const present = place?.seq === log.last.entry.seq
  await context.emit({
    event: 'key-checked',
    address: encodeAddress(log.id),
    key: exportPublicKey(point, 'did'),
    result: place === null ? 'other' : present ? 'present' : 'former',
    of: place?.use ?? null,
    device: place?.device ?? null,
    seq: place?.seq ?? null,
    status: log.last.entry.status,
    forked,
  })
  checkStanding(log, forked)
  if (!present) throw new KeyError('ERR_KEY_OTHER', { hint: place === null ? 'it never was one' : describe(place) })
  return EXIT.done
}

/** A forked or retired identity has no key that anybody should use. */
const checkStanding = (log: KeyLog, forked: boolean): void => {
  if (forked) throw new KeyLogError('ERR_LOG_FORK')
  if (log.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
}

const describe = ({ seq }: KeyPlace): string => `it was one up to entry ${seq}, and is void`

const devicesOf = ({ last }: KeyLog): string => {
  const { length } = last.entry.devices
  return length === 1 ? 'the identity has one device, number 0' : `the identity has devices 0 to ${length - 1}`
}

const find = async (
  context: Context,
  contact: string | undefined,
): Promise<{ readonly log: KeyLog; readonly forked: boolean }> => {
  const { folder, network, beacon, signal, terminal, emit } = context
  if (contact === undefined) return { log: await readOwnLog(folder), forked: false }
  const address = await resolveContact(folder, contact)
  const { openReader } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openReader({ folder, network, beacon, signal })
  await using _clock = tellingClock(context, peer)
  const { log, fork, freshness, change } = await peer.lookup(address, { signal })
  terminal.status('')
  await emit({ event: 'standing', address: encodeAddress(log.id), freshness, change })
  return { log, forked: fork !== null }
}
