import { hex } from '../../src/core/bytes.ts'
import { chunkSize, sealChunk, type Transfer } from '../../src/core/chunk.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { flip, NOW } from '../core/identities.ts'
import { counting } from './message-cases.ts'
import { type Vector, type Vectors, writeFolder } from './vector-files.ts'

/**
 * vectors/chunk (docs/spec/files.md §1): of a transfer with this `id` and `secret`, of a file of `size` bytes, chunk `index` opens to
 * `plaintext`; at the time `now` and with the `iv` it is sealed to the same `token`. Or the token is refused with `error`.
 */

export const folders = ['chunk']

type Place = { readonly id?: Uint8Array; readonly secret?: Uint8Array; readonly size: number; readonly index: number }

const iv = counting(16, 0xa0)
const id = counting(16, 0x40)
const secret = counting(32, 0x70)

const transferOf = ({ id: own = id, secret: key = secret, size }: Place): Transfer => ({
  id: own,
  secret: secretKey(Uint8Array.from(key)),
  size,
})
const tokenOf = (place: Place, plaintext = counting(chunkSize(place.size, place.index), place.index)): Uint8Array =>
  sealChunk(transferOf(place), place.index, plaintext, NOW, iv)
const placed = (description: string, { id: own = id, secret: key = secret, size, index }: Place) => ({
  description,
  id: hex(own),
  secret: hex(key),
  size,
  index,
})
const opened = (description: string, place: Place): Vector => ({
  ...placed(description, place),
  plaintext: hex(counting(chunkSize(place.size, place.index), place.index)),
  now: NOW,
  iv: hex(iv),
  token: hex(tokenOf(place)),
})
const refused = (description: string, place: Place, token: Uint8Array): Vector => ({
  ...placed(description, place),
  token: hex(token),
  error: 'ERR_FILE_CORRUPT',
})

/** Two chunks, of which the last has three bytes. */
const two = { size: CHUNK_BYTES + 3 }
const last = { ...two, index: 1 }
const one = { size: 3, index: 0 }

export const chunkVectors: Vectors = {
  only: opened('the only chunk of three bytes', one),
  empty: opened('the one chunk of an empty file', { size: 0, index: 0 }),
  last: opened('the last of two chunks', last),
  far: opened('the last chunk of the largest file', {
    size: 2 ** 32 * CHUNK_BYTES - CHUNK_BYTES + 2,
    index: 2 ** 32 - 1,
  }),
  'other-index': refused('another place of the same file', { ...two, index: 0 }, tokenOf(last)),
  'not-last': refused(
    'the last chunk of a file that is cut off behind it, where more should follow',
    { size: 3 * CHUNK_BYTES, index: 0 },
    tokenOf({ size: CHUNK_BYTES, index: 0 }, counting(2)),
  ),
  'cut-off': refused(
    'the first of two chunks as the only one',
    { size: 3, index: 0 },
    tokenOf({ ...two, index: 0 }, counting(3)),
  ),
  'other-transfer': refused('a chunk of another transfer', one, tokenOf({ ...one, id: counting(16, 0x41) })),
  'other-secret': refused('a chunk under another secret', one, tokenOf({ ...one, secret: counting(32, 0x71) })),
  short: refused('a byte too few inside', one, tokenOf(one, counting(2))),
  long: refused('a byte too many inside', one, tokenOf(one, counting(4))),
  changed: refused('one bit of the token changed', one, flip(tokenOf(one))),
  'cut-token': refused('a token without its last byte', one, tokenOf(one).slice(0, -1)),
  'no-token': refused('no bytes', one, new Uint8Array(0)),
}

export async function generate(): Promise<void> {
  writeFolder('chunk', chunkVectors)
}
