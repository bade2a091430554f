import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { type SecretKey, secretKey } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { LABEL_STORE_IDENTITY } from '../core/labels.ts'
import { openDatabase } from './database.ts'
import { claimDatabase } from './ownership.ts'
import { checkReplaceable, makeFolder, readPrivate, removePrivate, writePrivate } from './private-files.ts'
import {
  checkOf,
  type Kdf,
  type KdfCost,
  newKdf,
  openBytes,
  passphraseKey,
  type Seal,
  sealBytes,
  toBase64,
} from './sealing.ts'
import { guarded, identityPath, KEY_BYTES, keyFromFile, keyPath, readStoredVault, VERSION } from './vault-file.ts'
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
    const { stored } = await readStoredVault(folder)
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
 * @throws StoreError ERR_STORE_EXISTS, _FOREIGN, _PASSPHRASE (an empty one), _KEY_FILE, _EXPOSED, _LINK, _PERMISSION, _FULL, _IO
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
  // The database first: an identity whose database is not there has lost it.
  const owner = { id: identity.log.id, storeKey }
  const database = openDatabase(folder)
  try {
    claimDatabase(database, owner, () => {
      if (existsSync(identityPath(folder))) throw new StoreError('ERR_STORE_EXISTS', { hint: folder })
    })
    await write(folder, kept, lock, { create: true })
    // Somebody who was making another one here, and came too late, may have taken it meanwhile.
    claimDatabase(database, owner)
  } finally {
    database.close()
  }
  return vaultOf(folder, kept, lock)
}

const unlock = async (folder: string, passphrase: Passphrase): Promise<[VaultSecrets, Lock]> => {
  const { stored, log } = await readStoredVault(folder)
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
  const { stored, log } = await readStoredVault(folder)
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
