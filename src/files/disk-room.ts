import { stat, statfs } from 'node:fs/promises'
import { FileError } from '../core/errors.ts'
import { CHUNK_BYTES, STRANGERS_SPARE_BYTES, STRANGERS_SPARE_PARTS } from '../core/limits/file-limits.ts'
import type { World } from '../core/world.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { TransferStore } from '../store/transfer-store.ts'
import { hasBegun, isStalled } from './admission.ts'
import type { Slots } from './slots.ts'

/**
 * Room on the disks that files are received to. What has not begun has no claim to any. What has begun comes before what has not, as long as
 * it goes on, and of two that have begun the one that was accepted first comes first. Files of those who only called have no claim against contacts: for a contact's file they are given up.
 */
export type DiskRoom = {
  /** Refuses what will not fit even on the empty disk. @throws FileError ERR_FILE_FULL; what the system says */
  checkSize(folder: string, size: number): Promise<void>
  /**
   * Whether what is missing of an accepted one fits now.
   * @param begins its first chunks have come: if it fits, it has a claim to its room from now on
   * @throws what the system says
   */
  fits(row: StoredTransfer, begins: boolean): Promise<boolean>
}

export type DiskRoomParts = {
  readonly world: World
  readonly transfers: Pick<TransferStore, 'receiving'>
  readonly slots: Pick<Slots, 'isEnding' | 'lineOf' | 'fail'>
  readonly isContact: (peer: Uint8Array) => boolean
}

/** Bytes; null where the file system says nothing of its size. */
const diskOf = async (folder: string): Promise<{ readonly free: number; readonly total: number } | null> => {
  const { bavail, bsize, blocks } = await statfs(folder)
  return blocks > 0 ? { free: bavail * bsize, total: blocks * bsize } : null
}

/** Which disk a folder is on; null when it cannot be told. */
const deviceOf = (folder: string): Promise<number | null> =>
  stat(folder).then(
    ({ dev }) => dev,
    () => null,
  )

const bytesOn = ({ size, chunks }: StoredTransfer): number => Math.min(size, chunks * CHUNK_BYTES)
const missingOf = (row: StoredTransfer): number => row.size - bytesOn(row)
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Other files that are received to the same disk as that one. */
const othersBeside = async (
  { transfers, slots }: DiskRoomParts,
  { number, path }: StoredTransfer,
): Promise<readonly StoredTransfer[]> => {
  const others = transfers.receiving().filter((row) => row.number !== number && !slots.isEnding(row))
  const folders = [...new Set([path, ...others.map((row) => row.path)])]
  const devices = new Map(await Promise.all(folders.map(async (one) => [one, await deviceOf(one)] as const)))
  return others.filter((row) => devices.get(row.path) === devices.get(path))
}

/** Gives up files of strangers, the longest idle first, until so many bytes are free. @returns whether they are */
const clear = async ({ slots }: DiskRoomParts, strange: readonly StoredTransfer[], bytes: number): Promise<boolean> => {
  // Nothing is gained by giving up what does not suffice.
  if (sum(strange.map(bytesOn)) < bytes) return false
  const isThere = (row: StoredTransfer): number => (slots.lineOf(row) === null ? 0 : 1)
  const order = strange.toSorted((one, other) => isThere(one) - isThere(other) || one.queued - other.queued)
  let freed = 0
  for (const row of order) {
    if (freed >= bytes) break
    if (await slots.fail(row, 'ERR_FILE_FULL')) freed += bytesOn(row)
  }
  return freed >= bytes
}

export const createDiskRoom = (parts: DiskRoomParts): DiskRoom => {
  const { world, isContact } = parts
  /** what has come so far of these is not in their rows yet */
  const beginning = new Set<number>()
  /** Whether that other one comes before it. */
  const isBefore = (row: StoredTransfer, other: StoredTransfer): boolean =>
    (hasBegun(other) || beginning.has(other.number)) &&
    (!hasBegun(row) || other.number < row.number) &&
    !isStalled(other, world.clock()) &&
    (!isContact(row.peer) || isContact(other.peer))
  return {
    checkSize: async (folder, size) => {
      const disk = await diskOf(folder)
      if (disk !== null && size > disk.total)
        throw new FileError('ERR_FILE_FULL', { hint: `${size} bytes are needed, the disk holds ${disk.total}` })
    },
    fits: async (row, begins) => {
      beginning.delete(row.number)
      const [disk, others] = await Promise.all([diskOf(row.path), othersBeside(parts, row)])
      if (disk === null) return true
      const isStrange = !isContact(row.peer)
      const spare = isStrange ? Math.min(STRANGERS_SPARE_BYTES, disk.total / STRANGERS_SPARE_PARTS) : 0
      const before = others.filter((other) => isBefore(row, other))
      const lacking = missingOf(row) + sum(before.map(missingOf)) + spare - disk.free
      const strange = others.filter((one) => !isContact(one.peer))
      const fits = lacking <= 0 || (!isStrange && (await clear(parts, strange, lacking)))
      for (const number of beginning)
        if (others.every((other) => other.number !== number || hasBegun(other))) beginning.delete(number)
      if (fits && begins) beginning.add(row.number)
      return fits
    },
  }
}
