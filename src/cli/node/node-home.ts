import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type SecretKey, secretKey } from '../../core/kdf.ts'
import type { RecordStore } from '../../directory/node/record-store.ts'
import { type KnownNodes, openKnownNodes } from '../../store/known-nodes.ts'
import { readNodeState, writeNodeState } from '../../store/node-state.ts'
import { makeFolder } from '../../store/private-files.ts'
import { openRecordDatabase } from '../../store/record-database.ts'

/** The data folder of a storage node that is the same one after a restart. */
export type NodeHome = {
  /** closed with the storage that uses it */
  readonly records: RecordStore
  readonly transportSeed: SecretKey
  /** the port it had before; undefined at the first start */
  readonly port: number | undefined
  /** nodes seen alive before */
  readonly known: Pick<KnownNodes, 'places'>
  /** bytes of its databases */
  size(): Promise<number>
  /** Remembers the port, and nodes that are alive. @throws StoreError */
  remember(port: number, alive: Parameters<KnownNodes['remember']>[0]): Promise<void>
}

const SEED_BYTES = 32

const DATABASES = /^(records|mailbox)\.db/

const sizeOf = async (folder: string): Promise<number> => {
  const names = (await readdir(folder)).filter((name) => DATABASES.test(name))
  // SQLite takes its journal away when it likes.
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/**
 * @param network the one that was chosen, as it was written; '' for one that begins here
 * @throws StoreError ERR_STORE_IN_USE when another node has the folder; ERR_STORE_*
 */
export const openNodeHome = async (folder: string, network: string): Promise<NodeHome> => {
  await makeFolder(folder)
  const records = openRecordDatabase(folder)
  try {
    const before = await readNodeState(folder)
    const transportSeed = before?.transportSeed ?? secretKey(Uint8Array.from(randomBytes(SEED_BYTES)))
    const known = await openKnownNodes(folder, network)
    let port = before?.port
    return {
      ...{ records, transportSeed, port, known },
      size: () => sizeOf(folder),
      remember: async (present, alive) => {
        if (present !== port) await writeNodeState(folder, { transportSeed, port: present })
        port = present
        await known.remember(alive)
      },
    }
  } catch (error) {
    records.close()
    throw error
  }
}
