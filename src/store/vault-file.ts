import { join } from 'node:path'
import { encodeAddress } from '../core/address.ts'
import { StoreError } from '../core/errors.ts'
import { list, literal, record, text } from '../core/fields.ts'
import { blake2b256, type SecretKey, secretKey } from '../core/kdf.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import { ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { checkFolder } from './privacy.ts'
import { checkVersion, readPrivate } from './private-files.ts'
import { base64, readSeal, SEALED_BYTES_MAX, type Seal } from './sealing.ts'

/** `identity.json` and `identity.key` as they lie on disk, before anything is opened. */

export const VERSION = 2
export const KEY_BYTES = 32

export const identityPath = (folder: string): string => join(folder, 'identity.json')
export const keyPath = (folder: string): string => join(folder, 'identity.key')

type Stored = {
  readonly version: 2
  readonly address: string
  readonly log: readonly Uint8Array[]
  readonly seal: Seal
  readonly sealed: Uint8Array
}

const readStored = record<Stored>({
  version: literal(VERSION),
  address: text(100),
  log: list(base64(1, ITEM_BYTES_MAX), 1, LOG_ENTRIES_MAX),
  seal: readSeal,
  sealed: base64(1, SEALED_BYTES_MAX),
})

/** Turns whatever a parser throws into one code: its own error may quote the file. */
export const guarded = <T>(path: string, parse: () => T): T => {
  try {
    return parse()
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
  }
}

/** What is in the file, its log verified. @throws StoreError ERR_STORE_MISSING, _CORRUPT, _VERSION, _EXPOSED, _LINK, _PERMISSION, _IO */
export const readStoredVault = async (folder: string): Promise<{ stored: Stored; log: KeyLog }> => {
  const path = identityPath(folder)
  const content = await readPrivate(path)
  if (content === null) throw new StoreError('ERR_STORE_MISSING', { hint: `${folder}: create one with handfast init` })
  checkFolder(folder)
  return guarded(path, () => {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    const stored = readStored(value, 'identity')
    const log = verifyLog(blake2b256(stored.log[0] ?? new Uint8Array(0)), stored.log)
    if (encodeAddress(log.id) !== stored.address) throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
    return { stored, log }
  })
}

/** @throws StoreError ERR_STORE_KEY_FILE, _EXPOSED, _LINK, _PERMISSION, _IO */
export const keyFromFile = async (folder: string): Promise<SecretKey> => {
  const content = await readPrivate(keyPath(folder))
  const hint = keyPath(folder)
  if (content === null) throw new StoreError('ERR_STORE_KEY_FILE', { hint })
  try {
    return secretKey(base64(KEY_BYTES)(content.trim(), 'key'))
  } catch {
    throw new StoreError('ERR_STORE_KEY_FILE', { hint })
  }
}
