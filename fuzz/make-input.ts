import { type CborValue, decodeCbor, encodeCbor } from '../src/core/cbor.ts'
import type { Draw } from './draw.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateText } from './mutate-text.ts'
import { mutateValue } from './mutate-value.ts'
import type { Target } from './target.ts'
import { writeLoosely } from './write-loosely.ts'

/** One input of a decoder: something valid, changed; once in a while as it is. */

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
const utf8Of = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

/** A corpus is decoded once. */
const remembered = <T>(decode: (input: Uint8Array) => T): ((input: Uint8Array) => T) => {
  const known = new WeakMap<Uint8Array, { readonly value: T }>()
  return (input) => {
    const value = known.get(input) ?? { value: decode(input) }
    known.set(input, value)
    return value.value
  }
}
const cborOf = remembered((input) => decodeCbor(input) as CborValue)
const jsonOf = remembered((input) => JSON.parse(textOf(input)) as CborValue)

const changedCbor = (draw: Draw, input: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array => {
  if (draw.once(3)) return mutateBytes(draw, input, corpus)
  const others = corpus.map(cborOf)
  let value = cborOf(input)
  if (draw.once(5)) return writeLoosely(draw, value)
  for (let count = 1 + draw.below(2); count > 0; count--) value = mutateValue(draw, value, others)
  return encodeCbor(value)
}

const changedJson = (draw: Draw, input: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array => {
  if (draw.once(2)) return utf8Of(mutateText(draw, textOf(input), corpus.map(textOf)))
  const others = corpus.map(jsonOf)
  const value = mutateValue(draw, jsonOf(input), others)
  const plain = (_: string, one: unknown): unknown =>
    one instanceof Uint8Array ? Buffer.from(one).toString('base64url') : one
  return utf8Of(JSON.stringify(value, plain))
}

const CHANGES: { readonly [F in Target['form']]: typeof changedCbor } = {
  bytes: mutateBytes,
  cbor: changedCbor,
  text: (draw, input, corpus) => utf8Of(mutateText(draw, textOf(input), corpus.map(textOf))),
  json: changedJson,
}

const UNCHANGED = 64

/** @returns whether it is `valid` as it is, so that it has to be accepted */
export const makeInput = (
  { form, corpus, wrap }: Target,
  draw: Draw,
): { readonly input: Uint8Array; readonly valid: boolean } => {
  const chosen = draw.pick(corpus) ?? new Uint8Array(0)
  const valid = draw.once(UNCHANGED)
  const changed = valid ? chosen : CHANGES[form](draw, chosen, corpus)
  return { input: wrap === undefined ? changed : wrap(changed), valid }
}
