import { join } from 'node:path'
import { equal, hex } from '../core/bytes.ts'
import { EncodingError, StoreError } from '../core/errors.ts'
import { bytes, flag, literal, type Reader, record, text, uint } from '../core/fields.ts'
import type { Floor } from '../core/floor.ts'
import { STRANGER_FLOORS_MAX } from '../core/limits.ts'
import { checkVersion, readPrivate, writePrivate } from './files.ts'

/** The rollback floors on disk: `floors.json`, one per identity ever accepted. */

export type Floors = {
  get(id: Uint8Array): Floor | null
  /**
   * Resolves once the floor is on disk.
   * @param asked whether we asked for this identity ourselves; of those that only called us the latest 1,000 are kept
   */
  set(id: Uint8Array, floor: Floor, asked?: boolean): Promise<void>
}

type Kept = Floor & { readonly asked: boolean }

const VERSION = 1
const HASH_BYTES = 32
const ID = /^[0-9a-f]{64}$/

const readKept = record<Kept>({
  epoch: uint(),
  seq: uint(),
  head: (value, name) => bytes(HASH_BYTES)(Uint8Array.from(Buffer.from(text(64)(value, name), 'hex')), name),
  serial: uint(),
  asked: flag,
})
const readFloors: Reader<Map<string, Kept>> = (value, name) => {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  const floors = isMap ? Object.entries(value) : null
  if (floors === null || !floors.every(([id]) => ID.test(id)))
    throw new EncodingError('ERR_FIELD', { hint: `${name}: a map of identity hashes` })
  return new Map(floors.map(([id, floor]) => [id, readKept(floor, id)]))
}

const readFile = record<{ version: 1; floors: Map<string, Kept> }>({ version: literal(VERSION), floors: readFloors })

const floorOf = (kept: Kept | undefined): Floor | null => {
  if (kept === undefined) return null
  const { epoch, seq, head, serial } = kept
  return { epoch, seq, head, serial }
}

const isKept = (kept: Kept | undefined, floor: Floor, asked: boolean): boolean =>
  kept !== undefined &&
  kept.epoch === floor.epoch &&
  kept.seq === floor.seq &&
  kept.serial === floor.serial &&
  equal(kept.head, floor.head) &&
  (kept.asked || !asked)

/** Keeps a floor as the latest one. Strangers make room for strangers, never for anyone we asked for. */
const keep = (known: Map<string, Kept>, key: string, floor: Floor, asked: boolean): Kept => {
  const kept = { ...floor, asked: asked || known.get(key)?.asked === true }
  known.delete(key)
  known.set(key, kept)
  if (!kept.asked) {
    const strangers = [...known].filter(([, { asked: wanted }]) => !wanted)
    for (const [stranger] of strangers.slice(0, -STRANGER_FLOORS_MAX)) known.delete(stranger)
  }
  return kept
}

/** Floors that are kept in memory only. */
export const memoryFloors = (): Floors => {
  const known = new Map<string, Kept>()
  return {
    get: (id) => floorOf(known.get(hex(id))),
    set: async (id, floor, asked = true) => void keep(known, hex(id), floor, asked),
  }
}

/**
 * Reads the floors of a data folder; writes are queued, one whole file each.
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _PERMISSION, _IO
 */
export const loadFloors = async (folder: string): Promise<Floors> => {
  const path = join(folder, 'floors.json')
  const content = await readPrivate(path)
  const known = content === null ? new Map<string, Kept>() : parse(content, path)
  let stored: ReadonlyMap<string, Kept> = new Map(known)
  let writing: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | null = null

  const write = async (): Promise<void> => {
    waiting = null
    const content = new Map(known)
    const floors = Object.fromEntries([...content].map(([id, floor]) => [id, { ...floor, head: hex(floor.head) }]))
    await writePrivate(path, `${JSON.stringify({ version: VERSION, floors }, null, 2)}\n`)
    stored = content
  }
  /** The write that has not begun yet holds whatever is known when it begins, so all who wait share it. */
  const save = (): Promise<void> => {
    waiting ??= writing.then(write)
    writing = waiting.catch(() => {})
    return waiting
  }
  return {
    get: (id) => floorOf(known.get(hex(id))),
    set: async (id, floor, asked = true) => {
      const key = hex(id)
      if (isKept(stored.get(key), floor, asked)) return
      const kept = keep(known, key, floor, asked)
      try {
        await save()
      } catch (error) {
        // Nothing is known that is not on disk: else the next attempt would find nothing left to write.
        if (known.get(key) === kept) restore(known, key, stored.get(key))
        throw error
      }
    },
  }
}

const restore = (known: Map<string, Kept>, key: string, floor: Kept | undefined): void => {
  if (floor === undefined) known.delete(key)
  else known.set(key, floor)
}

const parse = (content: string, path: string): Map<string, Kept> => {
  try {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    return readFile(value, 'floors').floors
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path, cause })
  }
}
