import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError, StoreError } from '../core/errors.ts'
import { presentOf, type World } from '../core/world.ts'
import { isDiskFull, whenRoom } from '../store/disk-full.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { Admission } from './admission.ts'
import type { DiskRoom } from './disk-room.ts'
import { type Changed, describeTransfer, type FileOffer } from './file-api.ts'
import type { FileVolumes } from './file-volumes.ts'
import { checkUndecided, decide, type Offer, type Offers } from './offers.ts'
import { asWriteError, partName } from './part-file.ts'
import type { Refusals } from './refusals.ts'
import type { Slots } from './slots.ts'

/** What the application says of the files it is offered: once of each, and on disk before it is said to their sender. */

export type DecisionsParts = {
  readonly own: Uint8Array
  readonly store: Store
  readonly world: World
  readonly changed: Changed
  /** aborted when the peer closes */
  readonly closing: AbortSignal
  readonly offers: Offers
  readonly slots: Slots
  readonly admission: Pick<Admission, 'hasRoom'>
  readonly room: Pick<DiskRoom, 'checkSize'>
  readonly fileVolumes: FileVolumes
  readonly refusals: Pick<Refusals, 'refused'>
}

type Decision = { readonly state: 'receiving' | 'refused' | 'failed'; readonly reason: FileErrorCode | null }

/** Writes the decision down: it is not asked for again. */
const settle = async (
  { own, store, world, changed, offers }: DecisionsParts,
  offer: Offer,
  path: string,
  { state, reason }: Decision,
): Promise<StoredTransfer> => {
  const { peer, device, id, name, size, hash } = offer
  const part = state === 'receiving' ? partName(own) : null
  const at = world.clock()
  const about = { peer, out: false, id, at, queued: presentOf(world), size, changed: 0, name, path, hash, secret: null }
  const row = await store.group.run(() => {
    const added = store.transfers.add({ ...about, part, state, reason })
    store.exposures.fileAt(added.number, device)
    return added
  })
  offers.remove(offer)
  changed(row, null)
  return row
}

const decline = async (parts: DecisionsParts, offer: Offer, path: string, decision: Decision): Promise<void> => {
  try {
    await settle(parts, offer, path, decision)
  } finally {
    parts.offers.remove(offer)
    offer.transfer = null
    offer.at?.answer({ k: 'file-refuse', id: offer.id, code: decision.reason ?? 'ERR_FILE_REFUSED' })
  }
}

/** Its sender is told that there is no room, not even to write the decision down. */
const tellFull = (offer: Offer) => (): void => offer.at?.answer({ k: 'file-wait', id: offer.id, code: 'ERR_FILE_FULL' })

const settleAccepted = async (parts: DecisionsParts, offer: Offer, path: string): Promise<StoredTransfer> => {
  if (offer.withdrawn !== null) throw new FileError(offer.withdrawn)
  return settle(parts, offer, path, { state: 'receiving', reason: null })
}

/** What is more than its sender may send stays undecided, and is told so. @throws FileError ERR_FILE_DAY, ERR_FILE_TOTAL */
const reserve = ({ fileVolumes }: DecisionsParts, { peer, id, size, at }: Offer): (() => void) => {
  try {
    return fileVolumes.reserve(peer, size)
  } catch (error) {
    if (error instanceof FileError) at?.answer({ k: 'file-wait', id, code: error.code })
    throw error
  }
}

/** @throws FileError ERR_FILE_REFUSED (decided before), _LIMIT, _DAY, _TOTAL, _FULL, _WRITE, or why the sender took it back; StoreError */
const accept = async (
  parts: DecisionsParts,
  offer: Offer,
  folder: string,
  beyondLimits: boolean,
): Promise<StoredTransfer> => {
  const { slots, admission, room } = parts
  checkUndecided(offer)
  // Those whose sender has left count for nothing until then.
  if (offer.state === 'resting' && !admission.hasRoom(offer.peer)) throw new FileError('ERR_FILE_LIMIT')
  const release = beyondLimits ? () => {} : reserve(parts, offer)
  decide(offer)
  const path = resolve(folder)
  try {
    await whenRoom(() => mkdir(path, { recursive: true, mode: 0o700 }), tellFull(offer), parts.closing)
    await room.checkSize(path, offer.size)
    const row = await whenRoom(() => settleAccepted(parts, offer, path), tellFull(offer), parts.closing)
    if (offer.withdrawn !== null) await slots.end(row, 'failed', offer.withdrawn)
    else if (offer.at !== null && offer.transfer !== null) slots.bind(row, offer.transfer, offer.at)
    return row
  } catch (error) {
    // What waited for room until the end of this process is undecided, and offered again to the next.
    if (parts.closing.aborted && isDiskFull(error)) {
      parts.offers.remove(offer)
      throw error
    }
    const failure = asWriteError(error)
    await decline(parts, offer, path, { state: 'failed', reason: failure.code }).catch(() => {})
    // A store that fails is not the file's fault: whoever decides is told so.
    throw error instanceof StoreError ? error : failure
  } finally {
    release()
    // The application may hold the offer for ever.
    offer.transfer = null
  }
}

/** @throws FileError ERR_FILE_REFUSED (decided before), or why it is no more; StoreError */
const refuse = async (parts: DecisionsParts, offer: Offer): Promise<void> => {
  decide(offer)
  parts.refusals.refused(offer.peer)
  await decline(parts, offer, '', { state: 'refused', reason: null })
}

/** @returns what the application is given of an offer: the same object each time */
export const createDecisions = (parts: DecisionsParts): ((offer: Offer) => FileOffer) => {
  const given = new WeakMap<Offer, FileOffer>()
  return (offer) => {
    const known = given.get(offer)
    if (known !== undefined) return known
    const { peer, name, size, hash } = offer
    const face: FileOffer = {
      ...{ peer: encodeAddress(peer), name, size, sha256: hex(hash) },
      accept: async (folder, { beyondLimits = false } = {}) => {
        const row = await accept(parts, offer, folder, beyondLimits)
        return describeTransfer(row, parts.slots.live(row))
      },
      refuse: () => refuse(parts, offer),
    }
    given.set(offer, face)
    return face
  }
}
