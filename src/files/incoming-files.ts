import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ChunkFrame } from '../connection/frames.ts'
import type { FilePayload } from '../connection/payloads.ts'
import { equal } from '../core/bytes.ts'
import type { Transfer } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { StoreError } from '../core/errors.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import {
  CHUNK_BYTES,
  FILES_AT_ONCE,
  FILES_RECEIVING_MAX,
  STRANGER_FILES_MAX,
  STRANGERS_FILES_MAX,
} from '../core/limits.ts'
import type { StoredTransfer } from '../store/transfer-store.ts'
import type { FileLine } from './file-line.ts'
import { createOffers, keyOf, type Offer, type OpenLine, openLine } from './file-offers.ts'
import type { TransferParts } from './outgoing-files.ts'
import { asWriteError, checkRoom, partName, removePart } from './part-file.ts'
import { openReceiving, type Receiving } from './receiving.ts'
import { dropPart, tidyFiles } from './tidy-files.ts'

/** Their files: decided on once, received on whatever connection their sender has, and put under their name when they are whole. */

export type IncomingPayload = Extract<FilePayload, { k: 'file' | 'file-abort' }>

export type IncomingFiles = {
  attach(
    peer: Uint8Array,
    line: FileLine,
  ): { handle(payload: IncomingPayload): void; chunk(frame: ChunkFrame): void; detach(): void }
  /** The first offer of `peer` or, null, of anybody that was not handed out yet. */
  next(peer: Uint8Array | null): Offer | null
  /** @throws FileError ERR_FILE_REFUSED (decided before), ERR_FILE_FULL, ERR_FILE_WRITE, or why the sender took it back */
  accept(offer: Offer, folder: string): Promise<StoredTransfer>
  /** @throws FileError as `accept` */
  refuse(offer: Offer): Promise<void>
  /** What it does on a connection, if it is on one. */
  live(row: StoredTransfer): Pick<Receiving, 'kept'> | null
  /** Gives up one that is under way, and says so. @returns whether it was */
  giveUp(row: StoredTransfer): Promise<boolean>
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

export type IncomingParts = TransferParts & {
  readonly own: Uint8Array
  readonly isContact: (peer: Uint8Array) => boolean
  /** Told of each offer that came. */
  readonly onOffer: () => void
}

/** One that was accepted, while this process runs. */
type Slot = {
  readonly peer: Uint8Array
  readonly number: number
  at: OpenLine | null
  receiving: Receiving | null
  work: Promise<void>
}

/** What a sender may say of its reasons. */
const ABORTS: readonly FileErrorCode[] = ['ERR_FILE_CHANGED', 'ERR_FILE_READ', 'ERR_FILE_CORRUPT', 'ERR_FILE_EXPIRED']

export const createIncomingFiles = (parts: IncomingParts): IncomingFiles => {
  const { own, store, world, isContact, onChange, onOffer } = parts
  const { transfers, group } = store
  const offers = createOffers()
  const slots = new Map<string, Slot>()
  let tidied: Promise<void> | undefined

  /** The partial file goes first: when the disk is full, that makes room for the row that says so. */
  const finish = async (
    row: StoredTransfer,
    state: 'refused' | 'failed',
    reason: FileErrorCode | null,
  ): Promise<boolean> => {
    slots.delete(keyOf(row))
    if (row.part !== null) await removePart(row.path, row.part).catch(() => {})
    const ended = await group.run(() => transfers.finish(row.number, state, reason))
    if (ended === null) return false
    onChange(ended)
    await dropPart(store, ended).catch(() => {})
    return true
  }

  const open = (row: StoredTransfer, transfer: Transfer, at: OpenLine): Receiving =>
    openReceiving(row, transfer, at.line, {
      keep: async (chunks) => {
        await group.run(() => transfers.keep(row.number, chunks))
        onChange({ ...row, chunks })
      },
      restart: () => group.run(() => transfers.restart(row.number)),
      save: async (path) => {
        const saved = await group.run(() => transfers.finish(row.number, 'saved', null, path))
        slots.delete(keyOf(row))
        at.answer({ k: 'file-done', id: row.id })
        if (saved === null) return
        onChange(saved)
        // Its name is another link to it; whatever hinders this now, the next start does it.
        await dropPart(store, saved).catch(() => {})
      },
      fail: async (error) => {
        await finish(row, 'failed', error.code).catch(() => {})
        at.answer({ k: 'file-refuse', id: row.id, code: error.code })
      },
    })

  /** One that is over is answered with what became of it. */
  const answerOver = (at: OpenLine, { id, state, reason }: StoredTransfer): void => {
    if (state === 'saved') at.answer({ k: 'file-done', id })
    else if (state !== 'receiving') at.answer({ k: 'file-refuse', id, code: reason ?? 'ERR_FILE_REFUSED' })
  }

  const countActive = (peer: Uint8Array): number =>
    [...slots.values()].filter((slot) => slot.at !== null && equal(slot.peer, peer)).length

  /** Goes on with it on this connection. Where it is still open it is stopped first, and what came there is kept. */
  const bind = (row: StoredTransfer, transfer: Transfer, at: OpenLine): void => {
    const slot: Slot = slots.get(keyOf(row)) ?? {
      ...{ peer: row.peer, number: row.number },
      ...{ at: null, receiving: null, work: Promise.resolve() },
    }
    // Whoever keeps the rules does not offer more: what they send would be in memory.
    if (slot.at === null && countActive(row.peer) >= FILES_AT_ONCE) return
    slots.set(keyOf(row), slot)
    slot.at = at
    const before = slot.receiving?.stop()
    slot.work = slot.work
      .then(() => before)
      .then(() => {
        const now = transfers.get(row.number)
        if (now !== null) answerOver(at, now)
        if (now?.state !== 'receiving' || slot.at !== at || at.closed) return
        slot.receiving = open(now, transfer, at)
        onChange(now)
      })
      .catch(() => {})
  }

  /** Its sender is gone: it waits for him with what came so far. */
  const rest = async (slot: Slot): Promise<void> => {
    slot.at = null
    await slot.receiving?.stop()
    const row = transfers.get(slot.number)
    if (row?.state === 'receiving') onChange(row)
  }

  /** Gives up one that may be open on a connection. @returns whether it was under way still */
  const abandon = async (
    row: StoredTransfer,
    state: 'refused' | 'failed',
    reason: FileErrorCode | null,
  ): Promise<boolean> => {
    const slot = slots.get(keyOf(row))
    if (slot !== undefined) {
      slot.at = null
      await slot.work
      await slot.receiving?.stop()
    }
    const now = transfers.get(row.number)
    return now?.state === 'receiving' && finish(now, state, reason)
  }

  const hasRoom = (peer: Uint8Array): boolean => {
    const undecided = offers.count((one) => equal(one, peer))
    if (undecided + countActive(peer) >= FILES_AT_ONCE) return false
    const theirs = transfers.countReceiving(peer) + undecided
    if (isContact(peer)) return theirs < FILES_RECEIVING_MAX
    const strangers = transfers.countStrangers() + offers.count((one) => !isContact(one))
    return theirs < STRANGER_FILES_MAX && strangers < STRANGERS_FILES_MAX
  }

  const takeOffer = (at: OpenLine, { id, size, hash, ...said }: Extract<FilePayload, { k: 'file' }>): void => {
    const { peer } = at
    const name = safeFileName(said.name)
    const transfer: Transfer = { id, size, secret: secretKey(said.secret) }
    const refuse = (code: FileErrorCode): void => at.answer({ k: 'file-refuse', id, code })
    const row = transfers.find(peer, false, id)
    const offer = offers.find(peer, id)
    const isSame = (one: Pick<Offer, 'size' | 'hash'>): boolean => one.size === size && equal(one.hash, hash)
    if (row !== null && row.state !== 'receiving') answerOver(at, row)
    else if (row !== null && isSame(row)) bind(row, transfer, at)
    else if (row !== null) void abandon(row, 'failed', 'ERR_FILE_CHANGED').then(() => refuse('ERR_FILE_CHANGED'))
    else if (offer !== null && isSame(offer)) Object.assign(offer, { at, transfer })
    else if (offer !== null || !hasRoom(peer)) refuse('ERR_FILE_LIMIT')
    else {
      offers.add({ peer, id, name, size, hash, transfer, at })
      onOffer()
    }
  }

  const takeAbort = (peer: Uint8Array, { id, code }: Extract<FilePayload, { k: 'file-abort' }>): void => {
    const reason = ABORTS.find((known) => known === code) ?? 'ERR_FILE_WITHDRAWN'
    offers.withdraw(peer, id, reason)
    const row = transfers.find(peer, false, id)
    if (row?.state === 'receiving') void abandon(row, 'failed', reason).catch(() => {})
  }

  /** Writes the decision down: it is not asked for again. */
  const settle = async (
    offer: Offer,
    path: string,
    state: 'receiving' | 'refused' | 'failed',
    reason: FileErrorCode | null,
  ): Promise<StoredTransfer> => {
    const { peer, id, name, size, hash } = offer
    const part = state === 'receiving' ? partName(own) : null
    const about = { peer, out: false, id, at: world.clock(), size, changed: 0, name, path, hash, secret: null }
    const row = await group.run(() => transfers.add({ ...about, part, state, reason }))
    offers.remove(offer)
    onChange(row)
    return row
  }

  const decline = async (offer: Offer, path: string, state: 'refused' | 'failed', reason: FileErrorCode | null) => {
    try {
      await settle(offer, path, state, reason)
    } finally {
      offers.remove(offer)
      offer.at?.answer({ k: 'file-refuse', id: offer.id, code: reason ?? 'ERR_FILE_REFUSED' })
    }
  }

  /** What is announced must fit beside what was announced before, as far as that is not on disk yet. */
  const checkAnnounced = async (path: string, size: number): Promise<void> => {
    const before = transfers.receiving().filter((row) => row.path === path)
    const awaited = before.reduce((sum, row) => sum + Math.max(0, row.size - row.chunks * CHUNK_BYTES), 0)
    await checkRoom(path, awaited + size)
  }

  return {
    attach: (peer, line) => {
      const at = openLine(peer, line)
      tidied ??= tidyFiles(store, own, world, (row) => abandon(row, 'failed', 'ERR_FILE_EXPIRED')).catch(() => {})
      // Whether they are still sent: what was taken back while we were away is not waited for.
      const awaited = [...transfers.open(peer, 'receiving').map(({ id }) => id), ...offers.held(peer)]
      for (const id of awaited) line.say({ k: 'file-ask', id }).catch(() => {})
      return {
        handle: (payload) => (payload.k === 'file' ? takeOffer(at, payload) : takeAbort(peer, payload)),
        chunk: ({ id, i, d }) => {
          const slot = slots.get(keyOf({ peer, id }))
          // Chunks of a transfer that ended here, or goes on elsewhere, may still be on their way.
          if (slot?.at === at) slot.receiving?.chunk(i, d)
        },
        detach: () => {
          at.closed = true
          offers.detach(at)
          for (const slot of slots.values()) if (slot.at === at) rest(slot).catch(() => {})
        },
      }
    },
    next: offers.next,
    accept: async (offer, folder) => {
      offers.decide(offer)
      const path = resolve(folder)
      try {
        await mkdir(path, { recursive: true })
        await checkAnnounced(path, offer.size)
        const row = await settle(offer, path, 'receiving', null)
        if (offer.withdrawn !== null) await abandon(row, 'failed', offer.withdrawn)
        else if (offer.at !== null) bind(row, offer.transfer, offer.at)
        return row
      } catch (error) {
        const failure = asWriteError(error)
        await decline(offer, path, 'failed', failure.code).catch(() => {})
        // A store that fails is not the file's fault: whoever decides is told so.
        throw error instanceof StoreError ? error : failure
      }
    },
    refuse: async (offer) => {
      offers.decide(offer)
      await decline(offer, '', 'refused', null)
    },
    live: (row) => {
      const slot = slots.get(keyOf(row))
      return slot === undefined || slot.at === null ? null : slot.receiving
    },
    giveUp: async (row) => {
      const at = slots.get(keyOf(row))?.at
      const gaveUp = await abandon(row, 'refused', null)
      if (gaveUp) at?.answer({ k: 'file-refuse', id: row.id, code: 'ERR_FILE_REFUSED' })
      return gaveUp
    },
    stop: async () => {
      await tidied
      await Promise.all([...slots.values()].flatMap(({ work, receiving }) => [work, receiving?.stop()]))
    },
  }
}
