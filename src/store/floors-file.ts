import { join } from 'node:path'
import { hex } from '../core/bytes.ts'
import { EncodingError, StoreError } from '../core/errors.ts'
import { bytes, literal, type Reader, record, text, uint } from '../core/fields.ts'
import type { Floor } from '../core/floor.ts'
import { checkVersion, readPrivate, writePrivate } from './files.ts'

/** The rollback floors on disk: `floors.json`, one per identity ever accepted. */

export type Floors = {
  get(id: Uint8Array): Floor | null
  /** Resolves once the floor is on disk. */
  set(id: Uint8Array, floor: Floor): Promise<void>
}

const VERSION = 1
const HASH_BYTES = 32
const ID = /^[0-9a-f]{64}$/

const readFloor = record<Floor>({
  epoch: uint(),
  seq: uint(),
  head: (value, name) => bytes(HASH_BYTES)(Uint8Array.from(Buffer.from(text(64)(value, name), 'hex')), name),
  serial: uint(),
})
const readFloors: Reader<Map<string, Floor>> = (value, name) => {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  const floors = isMap ? Object.entries(value) : null
  if (floors === null || !floors.every(([id]) => ID.test(id)))
    throw new EncodingError('ERR_FIELD', { hint: `${name}: a map of identity hashes` })
  return new Map(floors.map(([id, floor]) => [id, readFloor(floor, id)]))
}

const readFile = record<{ version: 1; floors: Map<string, Floor> }>({ version: literal(VERSION), floors: readFloors })

/** Floors that are kept in memory only. */
export const memoryFloors = (known: Map<string, Floor> = new Map()): Floors => ({
  get: (id) => known.get(hex(id)) ?? null,
  set: async (id, floor) => void known.set(hex(id), floor),
})

/**
 * Reads the floors of a data folder; writes are queued, one whole file each.
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _PERMISSION, _IO
 */
export const loadFloors = async (folder: string): Promise<Floors> => {
  const path = join(folder, 'floors.json')
  const content = await readPrivate(path)
  const known = content === null ? new Map<string, Floor>() : parse(content, path)
  let stored: ReadonlyMap<string, Floor> = new Map(known)
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
    get: (id) => known.get(hex(id)) ?? null,
    set: async (id, floor) => {
      const key = hex(id)
      known.set(key, floor)
      try {
        await save()
      } catch (error) {
        // Nothing is known that is not on disk: else the next attempt would find nothing left to write.
        if (known.get(key) === floor) restore(known, key, stored.get(key))
        throw error
      }
    },
  }
}

const restore = (known: Map<string, Floor>, key: string, floor: Floor | undefined): void => {
  if (floor === undefined) known.delete(key)
  else known.set(key, floor)
}

const parse = (content: string, path: string): Map<string, Floor> => {
  try {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    return readFile(value, 'floors').floors
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path, cause })
  }
}
