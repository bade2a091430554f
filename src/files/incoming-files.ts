import type { ChunkFrame } from '../connection/frames.ts'
import type { FilePayload } from '../connection/payloads.ts'
import type { Line } from '../connection/service.ts'
import { equal } from '../core/bytes.ts'
import type { Transfer } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError } from '../core/errors.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import { deviceId } from '../core/key-log-entry.ts'
import { STRANGER_OFFERS, STRANGERS_OFFERS } from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'
import type { World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import { type Admission, createAdmission } from './admission.ts'
import { createDecisions } from './decisions.ts'
import { createDiskRoom, type DiskRoom } from './disk-room.ts'
import type { Changed, FileOffer, Live } from './file-api.ts'
import type { FileEvent } from './file-events.ts'
import { type FileLine, openFileLine } from './file-line.ts'
import { createFileVolumes } from './file-volumes.ts'
import { createOffers, type Offer, type Offers } from './offers.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { answerOver, createSlots, type Slots } from './slots.ts'
import { tidyFiles } from './tidy-files.ts'

/** Their files: decided on once, received on whatever connection their sender has, and put under their name when they are whole. */

export type IncomingPayload = Extract<FilePayload, { k: 'file' | 'file-abort' }>

export type IncomingFiles = {
  attach(line: Line): { handle(payload: IncomingPayload): void; chunk(frame: ChunkFrame): void; detach(): void }
  /** Takes the first offer of `peer` or, null, of anybody that no loop was given yet. */
  take(peer: Uint8Array | null): FileOffer | null
  /** What it does on a connection, if it is on one. */
  live(row: StoredTransfer): Live | null
  /** Gives up one that is under way, and says so. @returns whether it was */
  giveUp(row: StoredTransfer): Promise<boolean>
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

export type IncomingParts = {
  readonly own: Uint8Array
  readonly store: Store
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
  readonly changed: Changed
  /** aborted when the peer closes */
  readonly closing: AbortSignal
  /** Told of each offer that came; `again` when it was told of before. */
  readonly offered: (offer: FileOffer, again: boolean) => void
  readonly emit: (event: FileEvent) => void
}

type Incoming = IncomingParts & {
  readonly offers: Offers
  readonly slots: Slots
  readonly admission: Admission
  /** Whether another offer of that peer is looked at now. */
  readonly mayOffer: (peer: Uint8Array) => boolean
  readonly refusals: Pick<Refusals, 'isOpen'>
  /** what the application is given of an offer */
  readonly give: (offer: Offer) => FileOffer
}

/** What a sender may say of its reasons. */
const ABORTS: readonly FileErrorCode[] = ['ERR_FILE_CHANGED', 'ERR_FILE_READ', 'ERR_FILE_CORRUPT', 'ERR_FILE_EXPIRED']

type Said = Extract<FilePayload, { k: 'file' }>

const isSame = (one: Pick<Offer, 'size' | 'hash'>, { size, hash }: Said): boolean =>
  one.size === size && equal(one.hash, hash)

const transferOf = ({ id, size, secret }: Said): Transfer => ({ id, size, secret: secretKey(secret) })

/** One that was decided on: what became of it is said again, or it goes on. */
const takeKnown = ({ slots }: Incoming, at: FileLine, said: Said, row: StoredTransfer): void => {
  if (row.state !== 'receiving') answerOver(at, row)
  else if (isSame(row, said)) slots.bind(row, transferOf(said), at)
  else {
    const code = 'ERR_FILE_CHANGED'
    const refuse = (): void => at.answer({ k: 'file-refuse', id: said.id, code })
    void slots.end(row, 'failed', code).then(refuse, refuse)
  }
}

/** One that is not decided on. */
const takeOpen = (
  { world, offers, admission, give, offered, mayOffer, refusals }: Incoming,
  at: FileLine,
  said: Said,
  name: string,
): void => {
  const { peer } = at
  const { id, size, hash } = said
  const device = deviceId(at.device)
  const offer = offers.find(peer, id)
  const isNew = offer === null || offer.state === 'resting'
  // It is offered again with the next connection.
  if (offer === null && !mayOffer(peer)) return
  const isOpen = offer !== null ? isSame(offer, said) : refusals.isOpen(peer)
  if (!isOpen || (isNew && !admission.admit(peer, at))) at.answer({ k: 'file-refuse', id, code: 'ERR_FILE_LIMIT' })
  else if (offer === null)
    offered(
      give(offers.add({ peer, device, id, name, size, hash, made: world.clock(), transfer: transferOf(said), at })),
      false,
    )
  else {
    offers.renew(offer, at, transferOf(said))
    if (isNew) offered(give(offer), true)
  }
}

/** One that is not decided on, if its name is one: what else is said on the connection is no worse for it. */
const takeNew = (incoming: Incoming, at: FileLine, said: Said): void => {
  let name: string
  try {
    name = safeFileName(said.name)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    at.answer({ k: 'file-refuse', id: said.id, code: error.code })
    return
  }
  takeOpen(incoming, at, said, name)
}

const handle = (incoming: Incoming, at: FileLine, payload: IncomingPayload): void => {
  const { peer } = at
  const row = incoming.store.transfers.find(peer, false, payload.id)
  if (payload.k === 'file') {
    if (row === null) takeNew(incoming, at, payload)
    else takeKnown(incoming, at, payload, row)
    return
  }
  const reason = ABORTS.find((known) => known === payload.code) ?? 'ERR_FILE_WITHDRAWN'
  incoming.offers.withdraw(peer, payload.id, reason)
  if (row?.state === 'receiving') void incoming.slots.end(row, 'failed', reason).catch(() => {})
}

export const createIncomingFiles = (parts: IncomingParts): IncomingFiles => {
  const { own, store, world, isContact, changed } = parts
  const { transfers } = store
  const offers = createOffers(isContact)
  const slots = createSlots({ store, world, changed, fits: (row, begins) => room.fits(row, begins) })
  const room: DiskRoom = createDiskRoom({ world, transfers, slots, isContact })
  const admission = createAdmission({ world, transfers, offers, slots, isContact })
  const fileVolumes = createFileVolumes({ volumes: store.volumes, world, isContact })
  const refusals = createRefusals(parts)
  const give = createDecisions({ ...parts, offers, slots, admission, room, fileVolumes, refusals })
  const meter = createMeter({ each: STRANGER_OFFERS, all: STRANGERS_OFFERS })
  const mayOffer = (peer: Uint8Array): boolean => isContact(peer) || meter.admit(peer, world.clock())
  const incoming: Incoming = { ...parts, offers, slots, admission, give, mayOffer, refusals }
  let tidied: Promise<void> | undefined
  return {
    attach: (line) => {
      const at = openFileLine(line)
      tidied ??= tidyFiles(store, own, world, (row) => slots.end(row, 'failed', 'ERR_FILE_EXPIRED')).catch(() => {})
      // Whether they are still sent: what was taken back while we were away is not waited for.
      const awaited = [...transfers.open(at.peer, 'receiving').map(({ id }) => id), ...offers.awaited(at.peer)]
      for (const id of awaited) line.say({ k: 'file-ask', id }).catch(() => {})
      return {
        handle: (payload) => handle(incoming, at, payload),
        chunk: ({ id, i, d }) => slots.chunk(at, id, i, d),
        detach: () => {
          at.closed = true
          offers.detach(at)
          slots.detach(at)
        },
      }
    },
    take: (peer) => {
      const offer = offers.take(peer)
      return offer === null ? null : give(offer)
    },
    live: slots.live,
    giveUp: async (row) => {
      const at = slots.lineOf(row)
      const gaveUp = await slots.end(row, 'refused', null)
      if (gaveUp) at?.answer({ k: 'file-refuse', id: row.id, code: 'ERR_FILE_REFUSED' })
      return gaveUp
    },
    stop: async () => {
      await tidied
      await slots.stop()
    },
  }
}
