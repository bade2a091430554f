import { join } from 'node:path'
import { hex } from '../core/bytes.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, literal, record, text, uint } from '../core/fields.ts'
import type { Floor } from '../core/floor.ts'
import { readPrivate, writePrivate } from './files.ts'

/** The rollback floors on disk: `floors.json`, one per identity ever accepted. */

export type Floors = {
  get(id: Uint8Array): Floor | null
  /** Resolves once the floor is on disk. */
  set(id: Uint8Array, floor: Floor): Promise<void>
}

const VERSION = 1
const HASH_BYTES = 32

const readFloor = record<Floor>({
  epoch: uint(),
  seq: uint(),
  head: (value, name) => bytes(HASH_BYTES)(Uint8Array.from(Buffer.from(text(64)(value, name), 'hex')), name),
  serial: uint(),
})
const readFile = record<{ version: 1; floors: Map<string, Floor> }>({
  version: literal(VERSION),
  floors: (value) => new Map(Object.entries(value ?? {}).map(([id, floor]) => [id, readFloor(floor, id.slice(0, 64))])),
})

/** Floors that are kept in memory only. */
export const memoryFloors = (known: Map<string, Floor> = new Map()): Floors => ({
  get: (id) => known.get(hex(id)) ?? null,
  set: async (id, floor) => void known.set(hex(id), floor),
})

/**
 * Reads the floors of a data folder; writes are queued, one whole file each.
 * @throws StoreError ERR_STORE_CORRUPT, _PERMISSION, _IO
 */
export const loadFloors = async (folder: string): Promise<Floors> => {
  const path = join(folder, 'floors.json')
  const content = await readPrivate(path)
  const known = content === null ? new Map<string, Floor>() : parse(content, path)
  let writing: Promise<void> = Promise.resolve()
  const write = (): Promise<void> => {
    const floors = Object.fromEntries([...known].map(([id, floor]) => [id, { ...floor, head: hex(floor.head) }]))
    return writePrivate(path, `${JSON.stringify({ version: VERSION, floors }, null, 2)}\n`)
  }
  return {
    get: (id) => known.get(hex(id)) ?? null,
    set: (id, floor) => {
      known.set(hex(id), floor)
      const next = writing.then(write)
      writing = next.catch(() => {})
      return next
    },
  }
}

const parse = (content: string, path: string): Map<string, Floor> => {
  try {
    return readFile(JSON.parse(content), 'floors').floors
  } catch (cause) {
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path, cause })
  }
}
