import { concat } from './bytes.ts'
import { hkdf } from './kdf.ts'
import { LABEL_SAFETY_NUMBER } from './labels.ts'

const GROUPS = 12
const BYTES_PER_GROUP = 5

/**
 * 60 digits in 12 groups that two people compare: the same for both, and stable across rotations because addresses are.
 * @param a identity hash, 32 bytes
 * @param b identity hash, 32 bytes
 */
export const safetyNumber = (a: Uint8Array, b: Uint8Array): string => {
  const ordered = Buffer.compare(a, b) <= 0 ? concat(a, b) : concat(b, a)
  const stream = Buffer.from(hkdf(new Uint8Array(0), ordered, LABEL_SAFETY_NUMBER, GROUPS * BYTES_PER_GROUP))
  return Array.from({ length: GROUPS }, (_, group) =>
    String(stream.readUIntBE(group * BYTES_PER_GROUP, BYTES_PER_GROUP) % 100_000).padStart(5, '0'),
  ).join(' ')
}
