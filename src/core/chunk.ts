import { concat } from './bytes.ts'
import { FileError, HandfastError } from './errors.ts'
import { FERNET_KEY_BYTES, type FernetKey, openFernet, sealFernet, takeFernetKey } from './fernet.ts'
import { hkdf, type SecretKey } from './kdf.ts'
import { LABEL_CHUNK } from './labels.ts'
import { CHUNK_BYTES } from './limits/file-limits.ts'

/** File chunks (docs/spec/files.md §1): each a Fernet token under a key of its own, so that none can be moved, repeated or cut off. */

export const TRANSFER_ID_BYTES = 16

/** What both sides know of a transfer: its id (16 bytes), its secret and the size in bytes that the sender offered. */
export type Transfer = { readonly id: Uint8Array; readonly secret: SecretKey; readonly size: number }

/** Number of chunks of a file; an empty file is one empty chunk. */
export const chunkCount = (size: number): number => Math.max(1, Math.ceil(size / CHUNK_BYTES))

/** Plaintext bytes of chunk `index`. */
export const chunkSize = (size: number, index: number): number => Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES)

/** HKDF(id ‖ index (4 B) ‖ last (1 B), secret, "handfast/v1/chunk", 32). */
const chunkKey = ({ id, secret, size }: Transfer, index: number): FernetKey => {
  const place = new Uint8Array(5)
  new DataView(place.buffer).setUint32(0, index)
  place[4] = index === chunkCount(size) - 1 ? 1 : 0
  return takeFernetKey(hkdf(concat(id, place), secret, LABEL_CHUNK, FERNET_KEY_BYTES))
}

/** Encrypts chunk `index` to a raw Fernet token. */
export const sealChunk = (
  transfer: Transfer,
  index: number,
  plaintext: Uint8Array,
  now: number,
  iv: Uint8Array,
): Uint8Array => sealFernet(chunkKey(transfer, index), plaintext, now, iv)

/** Decrypts chunk `index`. @throws FileError ERR_FILE_CORRUPT when it is not that chunk of that transfer */
export const openChunk = (transfer: Transfer, index: number, token: Uint8Array): Uint8Array => {
  let plaintext: Uint8Array
  try {
    plaintext = openFernet(chunkKey(transfer, index), token)
  } catch (cause) {
    if (cause instanceof HandfastError) throw new FileError('ERR_FILE_CORRUPT', { cause })
    throw cause
  }
  if (plaintext.length !== chunkSize(transfer.size, index)) throw new FileError('ERR_FILE_CORRUPT')
  return plaintext
}
