/** Kademlia's measure: how near a node's id lies to a target. */

/** The XOR of two 32-byte ids: as a number, big-endian, how far apart they are. */
export const distanceOf = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  // Some hundred times for each answer, and `map` takes six times as long.
  const distance = new Uint8Array(a.length)
  for (let index = 0; index < a.length; index++) distance[index] = (a[index] ?? 0) ^ (b[index] ?? 0)
  return distance
}

/** Below 0 when `a` is the smaller distance. */
export const compareDistances = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

/** Bytes of a distance that a number holds exactly: with more nodes than 2⁴⁸ it would be too coarse. */
const FRACTION_BYTES = 6

/** The part of the whole id space that lies nearer than this distance: between 0 and 1. */
export const fractionOf = (distance: Uint8Array): number =>
  Buffer.from(distance.subarray(0, FRACTION_BYTES)).readUIntBE(0, FRACTION_BYTES) / 2 ** (8 * FRACTION_BYTES)

/** The first `bits` bits of `head`, and the rest of `tail`. */
export const splice = (head: Uint8Array, tail: Uint8Array, bits: number): Uint8Array =>
  tail.map((byte, index) => {
    const taken = Math.min(8, Math.max(0, bits - 8 * index))
    const mask = (0xff << (8 - taken)) & 0xff
    return ((head[index] ?? 0) & mask) | (byte & ~mask)
  })
