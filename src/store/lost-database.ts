import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '../core/errors.ts'
import { BESIDE, HANDFAST, openDatabase } from './database.ts'
import { asStoreError, systemCode } from './failures.ts'
import { lockIdentity } from './lock.ts'
import { claimDatabase, isThere, openOwnDatabase } from './ownership.ts'
import { syncFolder } from './private-files.ts'
import { openVault, type Passphrase } from './vault.ts'

/** What was done about a database that was lost. */
export type WentOn = {
  /** why it could not be used */
  readonly error: StoreError
  /** where the file is that was in its place; null when there was none */
  readonly aside: string | null
}

/** What a new database helps against. Whatever else keeps one from being opened is to be mended. */
const LOST: readonly string[] = ['ERR_STORE_LOST', 'ERR_STORE_CORRUPT', 'ERR_STORE_VERSION']

/**
 * Goes on with an identity whose database is missing, damaged, or another's, without what was in it: contacts, what was seen of others (an
 * older key of somebody is believed again until a newer one is seen), messages and files that waited, what was said, mailboxes that are named, and
 * the nodes that led into the network. The device counts as another store from then on. A file that is in the way is put aside, and nothing is
 * done to a database that opens.
 * @returns null when it does
 * @throws StoreError as `openPeer`
 */
export const goOnWithoutDatabase = async (
  folder: string,
  { passphrase = null }: { readonly passphrase?: Passphrase | undefined } = {},
): Promise<WentOn | null> => {
  using _lock = await lockIdentity(folder)
  const { identity, storeKey } = await openVault(folder, passphrase)
  const owner = { id: identity.log.id, storeKey }
  const error = failureOf(() => openOwnDatabase(folder, owner).close())
  if (error === null) return null
  const aside = await putAside(folder)
  const database = openDatabase(folder)
  try {
    claimDatabase(database, owner)
  } finally {
    database.close()
  }
  await syncFolder(folder)
  return { error, aside }
}

const failureOf = (work: () => void): StoreError | null => {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof StoreError && LOST.includes(error.code)) return error
    throw error
  }
}

/** Its journal first: beside another database it would be taken for that one's. */
const putAside = async (folder: string): Promise<string | null> => {
  const path = join(folder, HANDFAST.name)
  const aside = firstFree(path)
  const wasThere = isThere(path)
  for (const end of [...BESIDE, ''])
    try {
      renameSync(`${path}${end}`, `${aside}${end}`)
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw asStoreError(cause, path)
    }
  await syncFolder(folder)
  return wasThere ? aside : null
}

const firstFree = (path: string): string => {
  for (let number = 1; ; number++) {
    const name = `${path}.aside-${number}`
    if (!['', ...BESIDE].some((end) => isThere(`${name}${end}`))) return name
  }
}
