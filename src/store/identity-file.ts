import { join } from 'node:path'
import { equal } from '../core/bytes.ts'
import { EncodingError, KeyLogError, StoreError } from '../core/errors.ts'
import { bytes, list, literal, record, text, uint } from '../core/fields.ts'
import type { Identity } from '../core/identity.ts'
import { secretKey, sha256 } from '../core/kdf.ts'
import { verifyLog } from '../core/key-log.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits.ts'
import { exportPrivateKey, importPrivateKey, type P256PrivateKey, SCALAR_BYTES } from '../core/p256.ts'
import { checkVersion, makeFolder, readPrivate, writePrivate } from './files.ts'

/** The identity on disk: `identity.json`, mode 0600, bytes as base64url. */

const VERSION = 1

const pathOf = (folder: string): string => join(folder, 'identity.json')

const encode = (value: Uint8Array): string => Buffer.from(value).toString('base64url')

/** Canonical text only: Node's decoder passes over whatever is not base64. */
const base64 = (min: number, max?: number) => (value: unknown, name: string) => {
  const encoded = text(2 * (max ?? min))(value, name)
  const decoded = Uint8Array.from(Buffer.from(encoded, 'base64url'))
  if (encode(decoded) !== encoded) throw new EncodingError('ERR_FIELD', { hint: name })
  return bytes(min, max)(decoded, name)
}

type Stored = {
  readonly version: 1
  readonly log: readonly Uint8Array[]
  readonly root: Uint8Array
  readonly device: number
  readonly sign: Uint8Array
  readonly dh: Uint8Array
  readonly transport: Uint8Array
}

const readStored = record<Stored>({
  version: literal(VERSION),
  log: list(base64(1, ITEM_BYTES_MAX), 1, LOG_ENTRIES_MAX),
  root: base64(SCALAR_BYTES),
  device: uint(DEVICES_MAX - 1),
  sign: base64(SCALAR_BYTES),
  dh: base64(SCALAR_BYTES),
  transport: base64(32),
})

const importAndWipe = (scalar: Uint8Array): P256PrivateKey => {
  const key = importPrivateKey(scalar)
  scalar.fill(0)
  return key
}

const parse = (content: string, now: number): Identity => {
  const value: unknown = JSON.parse(content)
  checkVersion(value, VERSION)
  const stored = readStored(value, 'identity')
  const log = verifyLog(sha256(stored.log[0] ?? new Uint8Array(0)), stored.log, now)
  const [root, sign, ik] = [importAndWipe(stored.root), importAndWipe(stored.sign), importAndWipe(stored.dh)]
  const device = log.last.entry.devices[stored.device]
  const fits =
    device !== undefined &&
    equal(device.sign, sign.publicKey) &&
    equal(device.dh, ik.publicKey) &&
    equal(log.last.entry.root, root.publicKey)
  if (!fits) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'keys and log do not belong together' })
  return { log, root, device: stored.device, sign, ik, transportSeed: secretKey(stored.transport) }
}

/**
 * Reads and verifies the identity of a data folder.
 * @param now this clock, seconds
 * @throws StoreError ERR_STORE_MISSING, _CORRUPT, _VERSION, _PERMISSION, _IO; KeyLogError ERR_LOG_TIME_AHEAD when this
 *   clock is behind
 */
export const loadIdentity = async (folder: string, now: number): Promise<Identity> => {
  const path = pathOf(folder)
  const content = await readPrivate(path)
  if (content === null) throw new StoreError('ERR_STORE_MISSING', { hint: `${folder}: create one with handfast init` })
  try {
    return parse(content, now)
  } catch (error) {
    if (error instanceof StoreError) throw error
    // Nothing is wrong with the file when this clock is: nobody may be told to throw it away.
    if (error instanceof KeyLogError && error.code === 'ERR_LOG_TIME_AHEAD') throw error
    // The parser's own error may quote the file, which holds private keys.
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
  }
}

/**
 * Writes an identity into a folder that has none (`create`), or replaces the one there.
 * @throws StoreError ERR_STORE_EXISTS, _PERMISSION, _FULL, _IO; what was there stays
 */
export const saveIdentity = async (
  folder: string,
  identity: Identity,
  { create }: { readonly create: boolean },
): Promise<void> => {
  await makeFolder(folder)
  const path = pathOf(folder)
  const { log, root, device, sign, ik, transportSeed } = identity
  const stored = {
    version: VERSION,
    log: log.entries.map(({ envelope }) => encode(envelope)),
    root: encode(exportPrivateKey(root)),
    device,
    sign: encode(exportPrivateKey(sign)),
    dh: encode(exportPrivateKey(ik)),
    transport: encode(transportSeed.export()),
  }
  await writePrivate(path, `${JSON.stringify(stored, null, 2)}\n`, { create })
}
