import { createHash } from 'node:crypto'

/** Random numbers that a seed decides: fast and of good spread, and no secret is ever made of them. */
export type Random = {
  /** 0 ≤ x < 1 */
  uniform(): number
  /** 0 ≤ n < below */
  integer(below: number): number
  /** from a normal distribution with mean 0 and deviation 1 */
  normal(): number
  bytes(size: number): Uint8Array
  pick<T>(list: readonly T[]): T
  /** `count` different items, or all of them in another order */
  sample<T>(list: readonly T[], count?: number): T[]
  /** A stream of its own: what one part of a run draws then does not shift what another part gets. */
  fork(name: string): Random
}

/** The generator sfc32 (PractRand), its state the hash of the seed. */
export const createRandom = (seed: string): Random => {
  const state = createHash('sha256').update(`handfast/sim/${seed}`).digest()
  let [a, b, c, d] = [state.readInt32LE(0), state.readInt32LE(4), state.readInt32LE(8), state.readInt32LE(12)]
  const next = (): number => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return t >>> 0
  }
  for (let i = 0; i < 16; i++) next()

  const uniform = (): number => next() / 2 ** 32
  const integer = (below: number): number => Math.floor(uniform() * below)
  const pick = <T>(list: readonly T[]): T => {
    const item = list[integer(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    bytes: (size) => Uint8Array.from({ length: size }, () => next() & 0xff),
    pick,
    sample: (list, count = list.length) => {
      const rest = [...list]
      return Array.from({ length: Math.min(count, rest.length) }, () => {
        const at = integer(rest.length)
        const [item] = rest.splice(at, 1)
        return item as never
      })
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}
