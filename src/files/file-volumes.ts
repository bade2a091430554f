import { volumesOf } from '../contacts/contact-volumes.ts'
import { equal } from '../core/bytes.ts'
import { FileError } from '../core/errors.ts'
import { STRANGERS_FILES_TOTAL } from '../core/limits/file-limits.ts'
import { presentOf, type World } from '../core/world.ts'
import type { VolumeStore } from '../store/volume-store.ts'

/** How many bytes of files others may send: a contact as its owner says, all who are no contacts together. */
export type FileVolumes = {
  /**
   * Counts a file that is accepted until its row does. @returns what ends that
   * @throws FileError ERR_FILE_DAY, ERR_FILE_TOTAL when it is more than its sender may send
   */
  reserve(peer: Uint8Array, size: number): () => void
}

export type FileVolumesParts = {
  readonly volumes: VolumeStore
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
}

export const createFileVolumes = ({ volumes, world, isContact }: FileVolumesParts): FileVolumes => {
  /** those that are being accepted */
  const pending = new Set<{ readonly peer: Uint8Array; readonly size: number }>()
  const reserve: FileVolumes['reserve'] = (peer, size) => {
    const ofPeer = isContact(peer)
    const before = [...pending].reduce(
      (sum, one) => sum + ((ofPeer ? equal(one.peer, peer) : !isContact(one.peer)) ? one.size : 0),
      size,
    )
    const { kept, keptMax, today, todayMax } = ofPeer
      ? volumesOf(volumes, peer, presentOf(world)).files
      : { kept: volumes.strangersFiles(), keptMax: STRANGERS_FILES_TOTAL, today: 0, todayMax: Number.MAX_SAFE_INTEGER }
    if (kept + before > keptMax) throw new FileError('ERR_FILE_TOTAL')
    if (today + before > todayMax) throw new FileError('ERR_FILE_DAY')
    const one = { peer, size }
    pending.add(one)
    return () => void pending.delete(one)
  }
  return { reserve }
}
