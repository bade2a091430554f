import { PEER_IDENTITIES_MAX } from '../core/limits/record-limits.ts'
import { createStorage, type StorageNode, type StorageOptions } from '../directory/node/storage.ts'
import { openRecordDatabase } from '../store/record-database.ts'

/**
 * The records that a peer keeps for others once they reach it: a few, in memory. One that is a storage node has room for many, and has them in
 * its folder.
 * @param own.storage whether it is one @throws StoreError ERR_STORE_*
 */
export const openRecords = (
  own: { readonly storage: boolean; readonly folder: string | undefined },
  options: StorageOptions,
): StorageNode => {
  if (!own.storage) return createStorage({ ...options, capacity: PEER_IDENTITIES_MAX })
  return createStorage({
    ...options,
    ...(own.folder === undefined ? {} : { recordStore: openRecordDatabase(own.folder) }),
  })
}
