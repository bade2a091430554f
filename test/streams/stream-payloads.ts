import type { CborValue } from '../../src/core/cbor.ts'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { NAME } from './stream-sides.ts'

/** What a peer that keeps no rule says of streams. */

export type Said = { readonly [field: string]: CborValue }

export const open = (id: number): Said => ({ k: 'stream', id, ...NAME })
export const unserved = (id: number): Said => ({ k: 'stream', id, ...NAME, protocol: 'none' })
export const room = (id: number, n = STREAM_WINDOW): Said => ({ k: 'stream-room', id, n })
export const data = (id: number, size = 1): Said => ({ k: 'stream-data', id, d: new Uint8Array(size) })
export const end = (id: number): Said => ({ k: 'stream-end', id })
export const reset = (id: number): Said => ({ k: 'stream-reset', id, code: 'ERR_STREAM_RESET' })
export const window = (id: number): readonly Said[] =>
  Array.from({ length: STREAM_WINDOW / STREAM_DATA_MAX }, () => data(id, STREAM_DATA_MAX))
