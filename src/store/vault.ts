import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { StoreError } from '../core/errors.ts'
import { list, literal, record, text } from '../core/fields.ts'
import type { Identity } from '../core/identity.ts'
import { type SecretKey, secretKey, sha256 } from '../core/kdf.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import { LABEL_STORE_IDENTITY } from '../core/labels.ts'
import { ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { checkFolder } from './privacy.ts'
import {
  checkReplaceable,
  checkVersion,
  makeFolder,
  readPrivate,
  removePrivate,
  writePrivate,
} from './private-files.ts'
import {
  base64,
  checkOf,
  type Kdf,
  type KdfCost,
  newKdf,
  openBytes,
  passphraseKey,
  readSeal,
  SEALED_BYTES_MAX,
  type Seal,
  sealBytes,
  toBase64,
} from './sealing.ts'
import { assemble, encodeSecrets, type VaultSecrets } from './vault-secrets.ts'

/**
 * The identity on disk: `identity.json`, its log in the clear (it is public) and its private keys sealed, either under a
 * passphrase or, when the owner chose none, under the random key in `identity.key` beside it. Both files have mode 0600.
 */
export type Vault = {
  readonly identity: Identity
  /** 32 bytes, made with the vault, for as long as it lasts: seals what else the folder keeps */
  readonly storeKey: SecretKey
  readonly sealedBy: Seal['by']
  /**
   * Replaces the identity on disk, sealed as before.
   * @throws StoreError ERR_STORE_PASSPHRASE when it was sealed anew meanwhile, _CORRUPT, _PERMISSION, _FULL, _IO
   */
  save(identity: Identity): Promise<void>
}

/** What opens a vault: a function is called only when there is something to open with it, null stands for none. */
export type Passphrase = string | null | (() => Promise<string>)

const VERSION = 1
const KEY_BYTES = 32

const identityPath = (folder: string): string => join(folder, 'identity.json')
const keyPath = (folder: string): string => join(folder, 'identity.key')

type Stored = {
  readonly version: 1
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

const readFile = async (folder: string): Promise<{ stored: Stored; log: KeyLog }> => {
  const path = identityPath(folder)
  const content = await readPrivate(path)
  if (content === null) throw new StoreError('ERR_STORE_MISSING', { hint: `${folder}: create one with handfast init` })
  checkFolder(folder)
  return guarded(path, () => {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    const stored = readStored(value, 'identity')
    const log = verifyLog(sha256(stored.log[0] ?? new Uint8Array(0)), stored.log)
    if (encodeAddress(log.id) !== stored.address) throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
    return { stored, log }
  })
}

const keyFromFile = async (folder: string): Promise<SecretKey> => {
  const content = await readPrivate(keyPath(folder))
  const hint = keyPath(folder)
  if (content === null) throw new StoreError('ERR_STORE_KEY_FILE', { hint })
  try {
    return secretKey(base64(KEY_BYTES)(content.trim(), 'key'))
  } catch {
    throw new StoreError('ERR_STORE_KEY_FILE', { hint })
  }
}

const keyFor = async (folder: string, seal: Seal, passphrase: Passphrase): Promise<SecretKey> => {
  if (seal.by === 'key-file') return keyFromFile(folder)
  const given = typeof passphrase === 'function' ? await passphrase() : passphrase
  if (given === null) throw new StoreError('ERR_STORE_LOCKED', { hint: folder })
  return passphraseKey(given, seal)
}

/** A key, and what is written down of where it comes from; kdf null: from the key file. */
type Lock = { readonly key: SecretKey; readonly kdf: Kdf | null }

const write = (
  folder: string,
  kept: VaultSecrets,
  { key, kdf }: Lock,
  options: { readonly create?: boolean },
): Promise<void> => {
  const { log } = kept.identity
  const plaintext = encodeSecrets(kept)
  const sealed = sealBytes(key, LABEL_STORE_IDENTITY, plaintext)
  plaintext.fill(0)
  const by = kdf === null ? { by: 'key-file' } : { by: 'passphrase', ...kdf, salt: toBase64(kdf.salt) }
  const stored = {
    version: VERSION,
    address: encodeAddress(log.id),
    log: log.entries.map(({ envelope }) => toBase64(envelope)),
    seal: { ...by, check: toBase64(checkOf(key, LABEL_STORE_IDENTITY)) },
    sealed: toBase64(sealed),
  }
  return writePrivate(identityPath(folder), `${JSON.stringify(stored, null, 2)}\n`, options)
}

/** An unset variable of a script must not pass for protection. @throws StoreError ERR_STORE_PASSPHRASE */
export const refuseEmpty = (passphrase: string | null): void => {
  if (passphrase === '') throw new StoreError('ERR_STORE_PASSPHRASE', { hint: 'it is empty' })
}

/** A way to seal from now on; the key file is made when there is none. */
const newLock = async (folder: string, passphrase: string | null, cost?: KdfCost): Promise<Lock> => {
  refuseEmpty(passphrase)
  if (passphrase !== null) {
    const kdf = newKdf(cost)
    return { key: await passphraseKey(passphrase, kdf), kdf }
  }
  // Never replaced: another process may have sealed an identity under the one that is there, or makes it at this moment.
  await writePrivate(keyPath(folder), `${toBase64(randomBytes(KEY_BYTES))}\n`, { create: true }).catch((error) => {
    if (!(error instanceof StoreError && error.code === 'ERR_STORE_EXISTS')) throw error
  })
  return { key: await keyFromFile(folder), kdf: null }
}

const lockOf = (seal: Seal, key: SecretKey): Lock => {
  if (seal.by === 'key-file') return { key, kdf: null }
  const { kdf, memory, passes, parallelism, salt } = seal
  return { key, kdf: { kdf, memory, passes, parallelism, salt } }
}

const vaultOf = (folder: string, kept: VaultSecrets, lock: Lock): Vault => ({
  ...kept,
  sealedBy: lock.kdf === null ? 'key-file' : 'passphrase',
  save: async (next) => {
    // Sealed under what was replaced meanwhile, a key file perhaps that is gone, nobody could open it any more.
    const { stored } = await readFile(folder)
    if (!equal(stored.seal.check, checkOf(lock.key, LABEL_STORE_IDENTITY)))
      throw new StoreError('ERR_STORE_PASSPHRASE', { hint: 'changed meanwhile' })
    await write(folder, { ...kept, identity: next }, lock, {})
  },
})

/** Refuses a folder that holds an identity. @throws StoreError ERR_STORE_EXISTS, _PERMISSION, _IO */
export const refuseExisting = async (folder: string): Promise<void> => {
  if ((await readPrivate(identityPath(folder))) !== null) throw new StoreError('ERR_STORE_EXISTS', { hint: folder })
}

/**
 * Writes an identity into a folder that has none.
 * @param passphrase null: sealed under a key file instead
 * @param storeKey that of a folder whose database this one has; default: a fresh one
 * @param cost as `newKdf`
 * @throws StoreError ERR_STORE_EXISTS, _PASSPHRASE (an empty one), _KEY_FILE, _PERMISSION, _FULL, _IO
 */
export const createVault = async (
  folder: string,
  identity: Identity,
  passphrase: string | null,
  storeKey: SecretKey = secretKey(Uint8Array.from(randomBytes(KEY_BYTES))),
  cost?: KdfCost,
): Promise<Vault> => {
  await makeFolder(folder)
  await refuseExisting(folder)
  const lock = await newLock(folder, passphrase, cost)
  const kept = { identity, storeKey }
  await write(folder, kept, lock, { create: true })
  return vaultOf(folder, kept, lock)
}

const unlock = async (folder: string, passphrase: Passphrase): Promise<[VaultSecrets, Lock]> => {
  const { stored, log } = await readFile(folder)
  const { seal, sealed } = stored
  const key = await keyFor(folder, seal, passphrase)
  const plaintext = guarded(identityPath(folder), () =>
    openBytes(key, LABEL_STORE_IDENTITY, { sealed, check: seal.check }),
  )
  if (plaintext === null)
    throw seal.by === 'key-file'
      ? new StoreError('ERR_STORE_KEY_FILE', { hint: `${keyPath(folder)} does not belong to this identity` })
      : new StoreError('ERR_STORE_PASSPHRASE')
  return [guarded(identityPath(folder), () => assemble(log, plaintext)), lockOf(seal, key)]
}

/**
 * Opens the identity of a folder, whatever the clock says. Nothing on disk is changed, whatever goes wrong.
 * @param passphrase not looked at when a key file does
 * @throws StoreError ERR_STORE_MISSING, _CORRUPT, _VERSION, _LOCKED (a passphrase is needed), _PASSPHRASE, _KEY_FILE,
 *   _PERMISSION, _IO; whatever the function throws
 */
export const openVault = async (folder: string, passphrase: Passphrase): Promise<Vault> => {
  const [kept, lock] = await unlock(folder, passphrase)
  return vaultOf(folder, kept, lock)
}

/** What a folder says without being opened: the log, and whether a passphrase is needed. @throws as `openVault` */
export const readVault = async (folder: string): Promise<{ readonly log: KeyLog; readonly sealedBy: Seal['by'] }> => {
  const { stored, log } = await readFile(folder)
  return { log, sealedBy: stored.seal.by }
}

/**
 * Refuses a folder in which old keys would stay behind when they are replaced, before anything is asked or done for that.
 * @throws StoreError ERR_STORE_LINK, _PERMISSION, _IO
 */
export const checkRenewable = async (folder: string): Promise<void> => {
  for (const path of [identityPath(folder), keyPath(folder)]) await checkReplaceable(path)
}

/**
 * Seals the identity anew, under a passphrase or, when that is null, a key file. A crash leaves the old seal or the new one.
 * @param next called once the identity has been opened
 * @param cost as `newKdf`
 * @throws StoreError as `openVault`, and _FULL; whatever `next` throws: nothing is changed then
 */
export const changePassphrase = async (
  folder: string,
  passphrase: Passphrase,
  next: () => Promise<string | null>,
  cost?: KdfCost,
): Promise<Vault> => {
  const [kept] = await unlock(folder, passphrase)
  await checkRenewable(folder)
  const lock = await newLock(folder, await next(), cost)
  await write(folder, kept, lock, {})
  // Only now is the key in that file good for nothing.
  if (lock.kdf !== null) await removePrivate(keyPath(folder))
  return vaultOf(folder, kept, lock)
}
