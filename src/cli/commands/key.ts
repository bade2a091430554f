import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { KeyError, KeyLogError, PeerError, UsageError } from '../../core/errors.ts'
import { exportPublicKey, type KeyFormat, parsePublicKey } from '../../core/key-formats.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { findKey, type KeyPlace, type KeyUse, keyAt } from '../../core/key-place.ts'
import { openReader } from '../../peer/open.ts'
import { readVault } from '../../store/vault.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { readText } from '../terminal/read-text.ts'

export type KeyOptions = {
  /** undefined: one's own identity, without a network */
  readonly address: string | undefined
  readonly use: KeyUse
  /** undefined: the first, where the key is a device's */
  readonly device: number | undefined
  readonly format: KeyFormat
}

/** `handfast key`: prints a public key of an identity in a form that other software reads. */
export const showKey = async (context: Context, { address, use, device, format }: KeyOptions): Promise<number> => {
  if (use === 'root' && device !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--device goes with --of sign and --of dh: there is one root key' })
  const { log, forked } = await find(context, address)
  checkStanding(log, forked)
  const point = keyAt(log.last.entry, use, device ?? 0)
  if (point === undefined) throw new UsageError('ERR_USAGE', { hint: devicesOf(log) })
  context.emit({
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

/** `handfast key --check`: tells whether a published key is one of an identity's present keys; fails when it is not. */
export const checkKey = async (context: Context, address: string | undefined, path: string): Promise<number> => {
  const text = await readText(context, path, KEY_TEXT_MAX)
  if (Buffer.byteLength(text) > KEY_TEXT_MAX) throw new KeyError('ERR_KEY_FORMAT', { hint: 'longer than a key can be' })
  const point = parsePublicKey(text)
  const { log, forked } = await find(context, address)
  const place = findKey(log, point)
  const present = place?.seq === log.last.entry.seq
  context.emit({
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
  { folder, bootstrap, signal, terminal, emit }: Context,
  address: string | undefined,
): Promise<{ readonly log: KeyLog; readonly forked: boolean }> => {
  if (address === undefined) {
    const { log } = await readVault(folder, Math.floor(Date.now() / 1000))
    return { log, forked: false }
  }
  decodeAddress(address)
  terminal.status('looking up')
  await using peer = await openReader({ folder, bootstrap, signal })
  const { log, fork, freshness, change } = await peer.lookup(address, { signal })
  terminal.status('')
  emit({ event: 'standing', address: encodeAddress(log.id), freshness, change })
  return { log, forked: fork !== null }
}
