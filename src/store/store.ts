import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type SecretKey, secretKey } from '../core/kdf.ts'
import { type Applications, createApplications } from './applications.ts'
import { type BlockStore, createBlockStore } from './block-store.ts'
import { type ContactStore, createContactStore } from './contact-store.ts'
import { type Access, type Database, HANDFAST, openDatabase } from './database.ts'
import { createExposureStore, type ExposureStore } from './exposure-store.ts'
import { createFloorStore, type FloorStore } from './floor-store.ts'
import { createForkStore, type ForkStore } from './fork-store.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createKeptFiles, type KeptFiles } from './kept-files.ts'
import { createMailboxOutbox, type MailboxOutbox } from './mailbox-outbox.ts'
import { createMessageStore, type MessageStore } from './message-store.ts'
import { onNewIncarnation } from './new-incarnation.ts'
import { createOfflineSessionStore, type OfflineSessionStore } from './offline-session-store.ts'
import { type ClaimingOwner, claimDatabase, type Owner, openOwnDatabase } from './ownership.ts'
import { placeOf } from './place.ts'
import { createPrekeyStore, type PrekeyStore } from './prekey-store.ts'
import { createSelfStore, type SelfStore } from './self-store.ts'
import { createSettingStore, type SettingStore } from './settings.ts'
import { createTransferStore, type TransferStore } from './transfer-store.ts'
import { createTransportKeys, type TransportKeys } from './transport-keys.ts'
import { createVolumeStore, type VolumeStore } from './volume-store.ts'

/** What a peer remembers of others, and what its owner chose: each part by itself, all in one database. */
export type Store = {
  readonly self: SelfStore
  readonly floors: FloorStore
  readonly forks: ForkStore
  readonly contacts: ContactStore
  readonly transportKeys: TransportKeys
  readonly blocked: BlockStore
  readonly settings: SettingStore
  readonly kept: KeptFiles
  readonly applications: Applications
  readonly messages: MessageStore
  readonly volumes: VolumeStore
  readonly exposures: ExposureStore
  readonly transfers: TransferStore
  readonly prekeys: PrekeyStore
  readonly mailboxOutbox: MailboxOutbox
  readonly offlineSessions: OfflineSessionStore
  readonly group: GroupCommit
  /** Whether it was opened with the key that seals it: who only reads what is in the clear decides nothing about the rest. */
  readonly isOwn: boolean
  /** All of `work` or nothing of it; on disk when this returns. */
  transaction<T>(work: () => T): T
  close(): void
}

/**
 * Opens the store of whatever folder, and makes it where there is none.
 * @param folder a data folder that exists; null: in memory, gone with the process
 * @param storeKey what seals its messages, files and sessions; who only reads the other parts needs none
 * @param clock milliseconds since 1970
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _EXPOSED, _LINK, _PERMISSION, _FULL, _IN_USE, _IO
 */
export const openStore = (folder: string | null, storeKey?: SecretKey, clock: () => number = Date.now): Store =>
  storeOn(openDatabase(folder), folder, storeKey, clock)

/**
 * Opens the store of an identity that is in the folder, which has one.
 * @param owner without a store key: for who only reads what is in the clear
 * @throws StoreError ERR_STORE_LOST when it is missing, empty, or another's; as `openStore`
 */
export const openOwnStore = (folder: string, owner: Owner, access?: Access): Store =>
  storeOn(openOwnDatabase(folder, owner, access), folder, owner.storeKey, Date.now)

/**
 * Opens the store of an identity that is about to be made in the folder, and makes it where there is none.
 * @throws StoreError ERR_STORE_FOREIGN when it remembers what another identity saw; as `openStore`
 */
export const claimStore = (folder: string, owner: ClaimingOwner): Store => {
  const database = openDatabase(folder)
  try {
    claimDatabase(database, owner)
    return storeOn(database, folder, owner.storeKey, Date.now)
  } catch (error) {
    database.close()
    throw error
  }
}

const storeOn = (
  database: Database,
  folder: string | null,
  storeKey: SecretKey | undefined,
  clock: () => number,
): Store => {
  const key = storeKey ?? secretKey(Uint8Array.from(randomBytes(32)))
  const mailboxOutbox = createMailboxOutbox(database)
  const offlineSessions = createOfflineSessionStore(database, key)
  const messages = createMessageStore(database, key)
  const random = (size: number): Uint8Array => Uint8Array.from(randomBytes(size))
  const place = () => (folder === null ? null : placeOf(join(folder, HANDFAST.name), key))
  return {
    self: createSelfStore(database, {
      place,
      onNewIncarnation: () => onNewIncarnation({ messages, offlineSessions, mailboxOutbox }, { now: clock(), random }),
    }),
    floors: createFloorStore(database),
    forks: createForkStore(database),
    contacts: createContactStore(database),
    transportKeys: createTransportKeys(database),
    blocked: createBlockStore(database),
    settings: createSettingStore(database),
    kept: createKeptFiles(database),
    applications: createApplications(database),
    messages,
    volumes: createVolumeStore(database),
    exposures: createExposureStore(database),
    transfers: createTransferStore(database, key),
    prekeys: createPrekeyStore(database, key),
    mailboxOutbox,
    offlineSessions,
    group: createGroupCommit(database),
    isOwn: folder === null || storeKey !== undefined,
    transaction: database.transaction,
    close: () => database.close(),
  }
}
