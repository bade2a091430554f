/**
 * What is drawn for one input. The same seed, decoder and number give the same input, whatever ran before it: a finding can be
 * looked at alone. Fast, and good for nothing else.
 */
export type Draw = {
  /** An integer from 0 to `limit` − 1. */
  below(limit: number): number
  /** True once in `times`. */
  once(times: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  pick<T>(from: readonly T[]): T | undefined
  bytes(size: number): Uint8Array
}

/** cyrb128 of a text: four words to begin with. */
const wordsOf = (text: string): [number, number, number, number] => {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    a = b ^ Math.imul(a ^ unit, 597399067)
    b = c ^ Math.imul(b ^ unit, 2869860233)
    c = d ^ Math.imul(c ^ unit, 951274213)
    d = a ^ Math.imul(d ^ unit, 2716044179)
  }
  return [a, b, c, d]
}

export const drawFor = (seed: string, name: string, index: number): Draw => {
  let [a, b, c, d] = wordsOf(`${seed}/${name}/${index}`)
  /** sfc32: 32 bits. */
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) next()
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  const pick = <T>(from: readonly T[]): T | undefined => from[below(from.length)]
  return {
    below,
    once: (times) => below(times) === 0,
    pick: pick as Draw['pick'],
    bytes: (size) => Uint8Array.from({ length: size }, () => next() & 255),
  }
}
