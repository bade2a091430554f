import { dirname } from 'node:path'
import { FILE_AGE_MAX } from '../core/limits/file-limits.ts'
import { pastOf, type World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import { partsIn, removePart } from './part-file.ts'

/** Latest transfers in whose folders partial files are looked for. */
const LOOKED_AT = 1000

const folderOf = ({ state, path }: StoredTransfer): string => (state === 'saved' ? dirname(path) : path)

/** Removes the partial file of a transfer that is over. */
export const dropPart = async ({ transfers, group }: Store, row: StoredTransfer): Promise<void> => {
  if (row.part === null) return
  await removePart(folderOf(row), row.part)
  await group.run(() => transfers.forgetPart(row.number))
}

/** Removes what a crash left: partial files that nothing stands for, and what nobody has gone on with for a month. */
export const tidyFiles = async (
  store: Store,
  own: Uint8Array,
  world: World,
  expire: (row: StoredTransfer) => Promise<unknown>,
): Promise<void> => {
  const { transfers } = store
  for (const row of transfers.parts()) if (row.state !== 'receiving') await dropPart(store, row)
  for (const row of transfers.receiving()) if (row.queued < pastOf(world) - FILE_AGE_MAX * 1000) await expire(row)
  const known = transfers.list(null, Number.MAX_SAFE_INTEGER, LOOKED_AT).filter(({ out, path }) => !out && path !== '')
  for (const folder of new Set(known.map(folderOf))) {
    const names = await partsIn(folder, own)
    // Looked up after the folder was read: a row is there before its file is.
    const needed = new Set(transfers.receiving().map(({ part }) => part))
    for (const name of names) if (!needed.has(name)) await removePart(folder, name)
  }
}
