import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { updateLog } from '../../../src/core/key-log.ts'
import { createStorage, type StorageNode, type StorageOptions } from '../../../src/directory/node/storage.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { at, lengthen, makeDevice, makeIdentity, makePrekeys, NOW, publicOf } from '../../core/identities.ts'
import { makeTemporary } from '../../store/folders.ts'
import { allPuts, cardFor, cardPut, kemPut, putAll } from '../records.ts'

/** A storage node whose records are on disk: a fork, two cards, a key and half of another, and somebody else. */

export const alice = makeIdentity('Alice', { devices: 2 })
export const root0 = at(alice.roots, 0)
export const content = { devices: publicOf(alice.devices), time: NOW }
export const log = lengthen(alice.log, root0, 3)
export const theft = lengthen(
  updateLog(alice.log, root0, { ...content, devices: publicOf([makeDevice('Mallory')]) }),
  root0,
  4,
)
export const prekeys = makePrekeys('Alice')
export const card = cardFor(log, alice, prekeys)
export const other = cardFor(log, alice, prekeys, { device: 1 })
export const bob = makeIdentity('Bob').log

export const openOn = (folder: string, options: StorageOptions = {}): StorageNode =>
  createStorage({ recordStore: openRecordDatabase(folder), ...options })

/** Does something to the file while nobody has it open. */
export const tamper = (folder: string, work: (raw: DatabaseSync) => void): void => {
  const raw = new DatabaseSync(join(folder, 'records.db'))
  raw.exec('PRAGMA foreign_keys = OFF')
  work(raw)
  raw.close()
}

export const fill = async (t: TestContext): Promise<string> => {
  const folder = await makeTemporary(t)
  const storage = openOn(folder)
  putAll(storage, [...allPuts(log, card, prekeys), ...allPuts(theft), cardPut(other), kemPut(other, prekeys, 1)])
  putAll(storage, allPuts(bob))
  storage.close()
  return folder
}
