import { equal } from '../core/bytes.ts'
import {
  CHUNK_BYTES,
  FILES_AT_ONCE,
  FILES_RECEIVING_MAX,
  STRANGER_FILES_MAX,
  STRANGERS_FILES_MAX,
} from '../core/limits/file-limits.ts'
import type { TransferStore } from '../store/transfer-store.ts'
import type { Offers } from './offers.ts'
import { checkRoom } from './part-file.ts'
import type { Slots } from './slots.ts'

/** What others may fill: how many files they may offer and send, and how much of the disk they may announce. */
export type Admission = {
  /** Whether one more file of `peer` is taken in. */
  hasRoom(peer: Uint8Array): boolean
  /** @throws FileError ERR_FILE_FULL when it does not fit beside what was announced before; what the system says */
  checkDisk(folder: string, size: number): Promise<void>
}

export type AdmissionParts = {
  readonly transfers: TransferStore
  readonly offers: Pick<Offers, 'count'>
  readonly slots: Pick<Slots, 'countActive'>
  readonly isContact: (peer: Uint8Array) => boolean
}

export const createAdmission = ({ transfers, offers, slots, isContact }: AdmissionParts): Admission => ({
  hasRoom: (peer) => {
    const undecided = offers.count((one) => equal(one, peer))
    if (undecided + slots.countActive(peer) >= FILES_AT_ONCE) return false
    const theirs = transfers.countReceiving(peer) + undecided
    if (isContact(peer)) return theirs < FILES_RECEIVING_MAX
    const strangers = transfers.countStrangers() + offers.count((one) => !isContact(one))
    return theirs < STRANGER_FILES_MAX && strangers < STRANGERS_FILES_MAX
  },
  checkDisk: async (folder, size) => {
    const before = transfers.receiving().filter(({ path }) => path === folder)
    // What is on disk of them is no longer free.
    const awaited = before.reduce((sum, row) => sum + Math.max(0, row.size - row.chunks * CHUNK_BYTES), 0)
    await checkRoom(folder, awaited + size)
  },
})
