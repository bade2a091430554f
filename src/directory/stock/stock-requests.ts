import { equal } from '../../core/bytes.ts'
import { placeOfSlot } from '../../core/epoch-keys.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { blake2b256 } from '../../core/kdf.ts'
import type { MutableValue } from '../../core/mutable-value.ts'
import type { Survey } from '../client/places.ts'
import type { Question } from '../client/walk-runner.ts'
import type { ClosestNode } from '../network-port.ts'
import { STOCK_ERROR, type StockCommand, type StockNetwork } from '../stock-port.ts'
import { ANY_SEQ, encodeMutablePut } from './stock-format.ts'

/** What is asked of stock nodes, and put at them. */

export type ValueKind = 'immutable' | 'mutable'

/** A value with its place, as it is put: anybody may put it, for it proves itself. */
export type StockValue = {
  readonly target: Uint8Array
  readonly kind: ValueKind
  /** the value of the request that puts it */
  readonly put: Uint8Array
}

export const immutableValue = (bytes: Uint8Array): StockValue => ({
  target: blake2b256(bytes),
  kind: 'immutable',
  put: bytes,
})

export const mutableValue = (value: MutableValue): StockValue => ({
  target: placeOfSlot(value.key),
  kind: 'mutable',
  put: encodeMutablePut(value),
})

/**
 * The question of a walk for one value. A stock node names nodes near what it is asked for, and nothing else: where the walk aims elsewhere, so
 * that a crowd at the place does not hide its other neighbours, it is asked for the nodes near there as well.
 */
export const askForValue = (
  network: StockNetwork,
  { target, kind }: Pick<StockValue, 'target' | 'kind'>,
  direct: boolean = false,
): Question => {
  const value = kind === 'mutable' ? ANY_SEQ : null
  const command = kind === 'mutable' ? 'mutable-get' : 'immutable-get'
  return async (node, aim, signal) => {
    const asked = network.request(node, { command, target, value, signal })
    if (direct || equal(aim, target)) return asked
    const there = network.request(node, { command: 'immutable-get', target: aim, value: null, signal })
    const [answer, near] = await Promise.all([asked, there])
    return answer === null ? null : { ...answer, closer: near?.closer ?? answer.closer }
  }
}

/** Asks for nothing but the nodes near where the walk aims: to measure a place, and before something is put there. */
export const askForNodes =
  ({ request }: Pick<StockNetwork, 'request'>): Question =>
  (node, target, signal) =>
    request(node, { command: 'immutable-get', target, value: null, signal })

/** What came of looking for an immutable value: whether it is nowhere is known only when the walk ended by itself. */
export type Fetched = { readonly bytes: Uint8Array | null; readonly complete: boolean }

/** Fetches the value with a hash (BLAKE2b-256, 32 bytes): whoever sends it first sends the right one. */
export const fetchImmutable = async (network: StockNetwork, survey: Survey, target: Uint8Array): Promise<Fetched> => {
  const found = new AbortController()
  let bytes: Uint8Array | null = null
  const { ended } = survey.walk({
    target,
    ask: askForValue(network, { target, kind: 'immutable' }, true),
    signal: found.signal,
    onAnswer: ({ value }) => {
      if (value.length === 0 || !equal(blake2b256(value), target)) return
      bytes = value
      found.abort()
    },
  })
  const { complete } = await ended
  return { bytes, complete }
}

/** Once is enough: the token in a refusal is fresh. */
const TRIES = 2

const PUTS: Readonly<Record<ValueKind, StockCommand>> = { immutable: 'immutable-put', mutable: 'mutable-put' }

/** Why a stock node refused: it knows few reasons. */
const codeOf = (error: number): ErrorCode =>
  error === STOCK_ERROR.seqTooLow || error === STOCK_ERROR.seqReused ? 'ERR_CARD_SERIAL' : 'ERR_REMOTE'

/**
 * Puts a value at one node. HyperDHT's own puts resolve whatever the nodes said: here each is asked, and answers.
 * @returns why it refused; null when it took it
 */
export const putValue = async (
  { request }: StockNetwork,
  { target, kind, put }: StockValue,
  { node, token: first }: ClosestNode,
  signal: AbortSignal,
): Promise<ErrorCode | null> => {
  let token = first
  for (let tries = 1; ; tries++) {
    const answer = await request(node, { command: PUTS[kind], target, value: put, token, signal })
    if (answer === null) return 'ERR_TIMEOUT'
    if (answer.error === 0) return null
    if (answer.error !== STOCK_ERROR.invalidToken || answer.token === null || tries === TRIES)
      return codeOf(answer.error)
    token = answer.token
  }
}
