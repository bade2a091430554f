import { chmodSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { encodeCbor } from '../core/cbor.ts'
import { hkdf, hmac, type SecretKey, secretKey } from '../core/kdf.ts'
import { LABEL_STORE_PLACE } from '../core/labels.ts'
import { asStoreError } from './failures.ts'

/**
 * Tells the place of a database from that of a copy: the machine, and the file as the file system knows it. A folder that only moved has
 * the same; what was copied, synchronised, or put back from a backup of files has another.
 */

const KEY_BYTES = 32
/** Longer than any step of a file system's clock. */
const TICK_MS = 20

const machine = (): string => {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim()
    return id === '' ? hostname() : id
  } catch {
    return hostname()
  }
}

/** When the file was made, nanoseconds; 0 where nobody knows: Node then gives the time of the last change in its place. */
const birthOf = (path: string): bigint => {
  const { birthtimeNs, ctimeNs } = statSync(path, { bigint: true })
  if (birthtimeNs !== ctimeNs) return birthtimeNs
  // Made this moment, or unknown: a change tells.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TICK_MS)
  chmodSync(path, 0o600)
  return statSync(path, { bigint: true }).birthtimeNs === birthtimeNs ? birthtimeNs : 0n
}

/**
 * The place of a file: 32 bytes that say nothing to who has not the store key.
 * @param storeKey the data folder's
 * @throws StoreError ERR_STORE_*
 */
export const placeOf = (path: string, storeKey: SecretKey): Uint8Array => {
  try {
    const place = encodeCbor([machine(), String(statSync(path, { bigint: true }).ino), String(birthOf(path))])
    const key = secretKey(hkdf(new Uint8Array(0), storeKey, LABEL_STORE_PLACE, KEY_BYTES))
    return hmac(key, place)
  } catch (cause) {
    throw asStoreError(cause, path)
  }
}
