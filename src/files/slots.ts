import { equal } from '../core/bytes.ts'
import type { Transfer } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FILES_AT_ONCE } from '../core/limits/file-limits.ts'
import type { World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import type { Changed, Live } from './file-api.ts'
import { type FileLine, keyOf } from './file-line.ts'
import { removePart } from './part-file.ts'
import { openReceiving, type ReceivingDesk } from './receiving.ts'
import { move, noteFull, type Slot } from './slot-state.ts'
import { dropPart } from './tidy-files.ts'

/** Files that were accepted: what each does on which connection, and how it ends. */

export type Slots = {
  /** Goes on with it on this connection. Where it is still open it is stopped first, and what came there is kept. */
  bind(row: StoredTransfer, transfer: Transfer, at: FileLine): void
  /** Takes a chunk, when it is received there. */
  chunk(at: FileLine, id: Uint8Array, index: number, token: Uint8Array): void
  /** That connection has ended: what was on it waits, with what came so far. */
  detach(at: FileLine): void
  /** Ends one, wherever it is. @returns whether it was under way still */
  end(row: StoredTransfer, state: 'refused' | 'failed', reason: FileErrorCode | null): Promise<boolean>
  /** Ends one for a reason, and says so where it is. @returns whether it was under way still */
  fail(row: StoredTransfer, reason: FileErrorCode): Promise<boolean>
  /** Whether it is being saved, refused or failed. */
  isEnding(row: StoredTransfer): boolean
  /** The connection one is on. */
  lineOf(row: StoredTransfer): FileLine | null
  live(row: StoredTransfer): Live | null
  /** How many of that peer are on a connection. */
  countActive(peer: Uint8Array): number
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

/** Says what became of one that is over. */
export const answerOver = (at: FileLine, { id, state, reason }: StoredTransfer): void => {
  if (state === 'saved') at.answer({ k: 'file-done', id })
  else if (state !== 'receiving') at.answer({ k: 'file-refuse', id, code: reason ?? 'ERR_FILE_REFUSED' })
}

export type SlotsParts = {
  readonly store: Store
  readonly world: World
  readonly changed: Changed
  /** Whether what is missing of it fits on its disk now, also when it `begins` to come. @throws what the system says */
  readonly fits: (row: StoredTransfer, begins: boolean) => Promise<boolean>
}

type Table = SlotsParts & { readonly slots: Map<string, Slot> }

const slotOf = ({ slots }: Table, row: StoredTransfer): Slot => {
  const known = slots.get(keyOf(row))
  if (known !== undefined) return known
  const { peer, number } = row
  const full = { times: 0, chunks: 0 }
  const resting = { at: null, transfer: null, receiving: null }
  const slot: Slot = { peer, number, state: 'waiting', ...resting, full, work: Promise.resolve() }
  slots.set(keyOf(row), slot)
  return slot
}

const liveOf = ({ state, receiving }: Slot, chunks: number): Live | null => {
  if (state !== 'receiving') return null
  return receiving?.isFull === true ? { state: 'waiting', chunks, reason: 'ERR_FILE_FULL' } : { state, chunks }
}

/** The partial file goes first: when the disk is full, that makes room for the row that says so. */
const finish = async (
  { store, changed }: Pick<SlotsParts, 'store' | 'changed'>,
  row: StoredTransfer,
  state: 'refused' | 'failed',
  reason: FileErrorCode | null,
): Promise<boolean> => {
  if (row.part !== null) await removePart(row.path, row.part).catch(() => {})
  const ended = await store.group.run(() => store.transfers.finish(row.number, state, reason))
  if (ended === null) return false
  changed(ended, null)
  await dropPart(store, ended).catch(() => {})
  return true
}

/** Does what ends a slot. It stays until that is on disk, so that nothing begins anew meanwhile. */
const conclude = <T>({ slots }: Table, row: StoredTransfer, slot: Slot, work: () => Promise<T>): Promise<T> => {
  move(slot, 'end')
  const done = work().finally(() => {
    if (slots.get(keyOf(row)) === slot) slots.delete(keyOf(row))
  })
  slot.work = done.then(
    () => {},
    () => {},
  )
  return done
}

/** What receiving one does to its row. */
const deskOf = (table: Table, row: StoredTransfer, slot: Slot, at: FileLine): ReceivingDesk => {
  const { store, world, changed, fits } = table
  const { transfers, group } = store
  return {
    keep: async (chunks) => {
      await group.run(() => transfers.keep(row.number, chunks, world.clock()))
      slot.full = { times: 0, chunks }
      changed({ ...row, chunks }, liveOf(slot, chunks))
    },
    fits: (begins) => fits(transfers.get(row.number) ?? row, begins),
    get fulls() {
      return slot.full.times
    },
    full: (chunks) => {
      noteFull(slot, chunks)
      changed({ ...row, chunks }, liveOf(slot, chunks))
    },
    restart: () => group.run(() => transfers.restart(row.number)),
    save: async (path) => {
      const saved = await group.run(() => transfers.finish(row.number, 'saved', null, path))
      await conclude(table, row, slot, async () => {
        at.answer({ k: 'file-done', id: row.id })
        if (saved === null) return
        changed(saved, null)
        // Its name is another link to it; whatever hinders this now, the next start does it.
        await dropPart(store, saved).catch(() => {})
      })
    },
    fail: async (error) => {
      await conclude(table, row, slot, () => finish(table, row, 'failed', error.code)).catch(() => {})
      at.answer({ k: 'file-refuse', id: row.id, code: error.code })
    },
  }
}

const isActive = ({ state }: Slot): boolean => state === 'bound' || state === 'receiving'

const countActive = ({ slots }: Table, peer: Uint8Array): number =>
  [...slots.values()].filter((slot) => isActive(slot) && equal(slot.peer, peer)).length

const bind = (table: Table, row: StoredTransfer, transfer: Transfer, at: FileLine): void => {
  const { transfers } = table.store
  const { state = 'waiting' } = table.slots.get(keyOf(row)) ?? {}
  // Whoever keeps the rules does not offer more: what they send would be in memory.
  if (at.closed || (state === 'waiting' && countActive(table, row.peer) >= FILES_AT_ONCE)) return
  const slot = slotOf(table, row)
  slot.transfer = transfer
  // It is about to be opened there: who offers it again and again before that has changed nothing.
  if (slot.state === 'bound' && slot.at === at) return
  const before = slot.receiving?.stop()
  if (move(slot, 'bind')) slot.at = at
  slot.work = slot.work
    .then(() => before)
    .then(() => {
      const now = transfers.get(row.number)
      if (now !== null) answerOver(at, now)
      if (now?.state !== 'receiving' || slot.at !== at || slot.transfer === null || !move(slot, 'open')) return
      slot.receiving = openReceiving(now, slot.transfer, { say: at.answered }, deskOf(table, now, slot, at))
      table.changed(now, liveOf(slot, now.chunks))
    })
    .catch(() => {})
}

/** Its sender is gone: it waits for it with what came so far. */
const lose = async ({ store, changed }: Table, slot: Slot): Promise<void> => {
  slot.at = null
  move(slot, 'lose')
  const { receiving } = slot
  await receiving?.stop()
  // Its sender says the secret again.
  if (slot.receiving === receiving) {
    slot.receiving = null
    slot.transfer = null
  }
  const row = store.transfers.get(slot.number)
  if (row?.state === 'receiving') changed(row, liveOf(slot, row.chunks))
}

const end = (
  table: Table,
  row: StoredTransfer,
  state: 'refused' | 'failed',
  reason: FileErrorCode | null,
): Promise<boolean> => {
  const slot = slotOf(table, row)
  const before = slot.work
  slot.at = null
  return conclude(table, row, slot, async () => {
    await before
    await slot.receiving?.stop()
    const now = table.store.transfers.get(row.number)
    return now?.state === 'receiving' && finish(table, now, state, reason)
  })
}

export const createSlots = (parts: SlotsParts): Slots => {
  const slots = new Map<string, Slot>()
  const table: Table = { ...parts, slots }
  return {
    bind: (row, transfer, at) => bind(table, row, transfer, at),
    chunk: (at, id, index, token) => {
      const slot = slots.get(keyOf({ peer: at.peer, id }))
      // Chunks of a transfer that ended here, or goes on elsewhere, may still be on their way.
      if (slot?.at === at && slot.state === 'receiving') slot.receiving?.chunk(index, token)
    },
    detach: (at) => {
      for (const slot of slots.values()) if (slot.at === at) lose(table, slot).catch(() => {})
    },
    end: (row, state, reason) => end(table, row, state, reason),
    fail: (row, reason) => {
      const at = slots.get(keyOf(row))?.at
      const ending = end(table, row, 'failed', reason)
      return ending.finally(() => at?.answer({ k: 'file-refuse', id: row.id, code: reason }))
    },
    isEnding: (row) => slots.get(keyOf(row))?.state === 'ended',
    lineOf: (row) => slots.get(keyOf(row))?.at ?? null,
    live: (row) => {
      const slot = slots.get(keyOf(row))
      return slot === undefined ? null : liveOf(slot, slot.receiving?.kept ?? row.chunks)
    },
    countActive: (peer) => countActive(table, peer),
    stop: async () => {
      await Promise.all([...slots.values()].flatMap(({ work, receiving }) => [work, receiving?.stop()]))
    },
  }
}
