import { getHeapStatistics } from 'node:v8'
import { equal } from '../src/core/bytes.ts'
import { type ErrorCode, HandfastError } from '../src/core/errors.ts'
import type { Target } from './target.ts'

/** Whether a decoder keeps its promises on one input. */

export type Verdict =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly code: ErrorCode }
  /** it broke a promise: `what` says which */
  | { readonly outcome: 'broken'; readonly what: string }

/** Bytes one input may make the process hold: what it says of lengths is no reason to allocate them. */
const HELD_MAX = 16 * 1024 * 1024
const HELD_PER_BYTE = 512

/** Around an input, as datagrams and frames lie in larger buffers: who reads beyond it, or from its beginning, reads these. */
const AROUND = 0xa5

const inBuffer = (input: Uint8Array): Uint8Array => {
  const before = 1 + (input.length % 8)
  const whole = new Uint8Array(before + input.length + 8).fill(AROUND)
  whole.set(input, before)
  return whole.subarray(before, before + input.length)
}

const held = (): number => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

const broken = (what: string): Verdict => ({ outcome: 'broken', what })

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : `threw ${typeof error}`

/** What the decoder makes of it, and what is wrong with that. */
const decodeOnce = async (target: Target, given: Uint8Array): Promise<Verdict & { readonly decoded?: unknown }> => {
  try {
    return { outcome: 'accepted', decoded: await target.decode(given) }
  } catch (error) {
    if (!(error instanceof HandfastError)) return broken(describe(error))
    if (!target.codes.includes(error.code)) return broken(`${error.code} is not among its codes`)
    return { outcome: 'refused', code: error.code }
  }
}

const checkEncoding = async (target: Target, input: Uint8Array, decoded: unknown): Promise<Verdict> => {
  const accepted: Verdict = { outcome: 'accepted' }
  const encoded = target.encode?.(decoded)
  if (encoded === undefined || encoded === null) return accepted
  if (!equal(encoded, input)) return broken(`accepted, but encodes to ${Buffer.from(encoded).toString('hex')}`)
  const again = await decodeOnce(target, Uint8Array.from(encoded))
  if (again.outcome !== 'accepted') return broken('its own encoding is refused')
  const twice = target.encode?.(again.decoded)
  return twice != null && equal(twice, encoded) ? accepted : broken('its own encoding is decoded to something else')
}

export const judge = async (target: Target, input: Uint8Array): Promise<Verdict> => {
  const given = inBuffer(input)
  const before = held()
  const { decoded, ...verdict } = await decodeOnce(target, given)
  const grown = held() - before
  if (verdict.outcome === 'broken') return verdict
  if (grown > HELD_MAX + HELD_PER_BYTE * input.length) return broken(`${grown} bytes for ${input.length}`)
  if (!target.wipes && !equal(given, input)) return broken('it changed its input')
  if (verdict.outcome !== 'accepted') return verdict
  try {
    return await checkEncoding(target, input, decoded)
  } catch (error) {
    return broken(`accepted, and then ${describe(error)}`)
  }
}
