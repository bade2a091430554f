import { randomBytes } from 'node:crypto'
import { type SecretKey, secretKey } from '../core/kdf.ts'
import { type ContactStore, createContactStore } from './contact-store.ts'
import { openDatabase } from './database.ts'
import { createFloors, type Floors } from './floor-store.ts'
import { createForks, type Forks } from './fork-store.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createMail, type MailStore } from './mailbox-outbox.ts'
import { createLetters, type LetterStore } from './message-store.ts'
import { createMailSessions, type MailSessionStore } from './offline-session-store.ts'
import { createPrekeys, type PrekeyStore } from './prekey-store.ts'
import { createSettings, type Settings } from './settings.ts'
import { createTransfers, type TransferStore } from './transfer-store.ts'

/** What a peer remembers of others, and what its owner chose: each part by itself, all in one database. */
export type Store = {
  readonly floors: Floors
  readonly forks: Forks
  readonly contacts: ContactStore
  readonly settings: Settings
  readonly letters: LetterStore
  readonly transfers: TransferStore
  readonly prekeys: PrekeyStore
  readonly mail: MailStore
  readonly mailSessions: MailSessionStore
  readonly group: GroupCommit
  /** All of `work` or nothing of it; on disk when this returns. */
  transaction<T>(work: () => T): T
  close(): void
}

/**
 * @param folder a data folder that exists; null: in memory, gone with the process
 * @param storeKey what seals its letters, files and sessions; who only reads the other parts needs none
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _PERMISSION, _FULL, _IN_USE, _IO
 */
export const openStore = (folder: string | null, storeKey?: SecretKey): Store => {
  const database = openDatabase(folder)
  const key = storeKey ?? secretKey(Uint8Array.from(randomBytes(32)))
  return {
    floors: createFloors(database),
    forks: createForks(database),
    contacts: createContactStore(database),
    settings: createSettings(database),
    letters: createLetters(database, key),
    transfers: createTransfers(database, key),
    prekeys: createPrekeys(database, key),
    mail: createMail(database),
    mailSessions: createMailSessions(database, key),
    group: createGroupCommit(database.transaction),
    transaction: database.transaction,
    close: () => database.close(),
  }
}
