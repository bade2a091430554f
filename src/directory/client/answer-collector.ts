import { equal, hex } from '../../core/bytes.ts'
import type { SignedCard } from '../../core/card.ts'
import { blake2b256, sha256 } from '../../core/kdf.ts'
import { type Anchor, isComplete, type KeyLog } from '../../core/key-log.ts'
import { DEVICES_MAX } from '../../core/limits/protocol-limits.ts'
import { decodeGetAnswer, type GetAnswer, PLACES_MAX } from '../request-format.ts'
import { type CollectedCards, createCollectedCards, freshestCard, judgeCard, latestCards } from './collected-cards.ts'
import { type CollectedLogs, createCollectedLogs, forkOf, offerEntry } from './collected-logs.ts'

/** Sorts the answers of one lookup: answers in, the next place to ask for out. It knows no sockets and no clock. */

/** How what a node said agrees with the result. */
export type Stance =
  /** it names the log that is the result */
  | 'agreeing'
  /** it names an older part of that log, or a branch that lost */
  | 'older'
  /** it says it holds nothing */
  | 'empty'
  /** it claims a log it did not show: it fell silent, the deadline came, or it lies */
  | 'unread'
  /** it sent what does not decode or verify, and nothing of that was used; or it claims a log that ends in a bridge */
  | 'invalid'

export type Finding = {
  readonly log: KeyLog
  /** the card of that log with the latest serial: a current one if there is any */
  readonly card: SignedCard | null
  /** of each device of that log its card of the latest serial, current or not */
  readonly latest: readonly SignedCard[]
  /** a branch that contradicts `log`, up to where that was shown */
  readonly fork: KeyLog | null
}

export type AnswerCollector = {
  /** Takes an answer of `node`; returns the place to ask it for next, or null when it has told all that matters. */
  accept(node: string, value: Uint8Array): number | null
  finding(): Finding | null
  /** null when the node has not answered */
  stance(node: string): Stance | null
}

type NodeState = {
  pages: number
  /** the place its next answer begins at */
  from: number
  /** hash of the last entry of the log that it says stands; null: it holds nothing */
  tip: Uint8Array | null
  invalid: boolean
  /** hashes of what it sent, so that it cannot make us work by repeating itself */
  readonly sent: Set<string>
  readonly cards: Set<string>
}

/**
 * @param id the 32-byte identity hash that is looked up
 * @param now this clock, seconds
 * @param anchor an entry that a person has confirmed: of a fork that parts before it, the branch through it stands
 */
export const createAnswerCollector = (id: Uint8Array, now: number, anchor: Anchor | null = null): AnswerCollector => {
  const nodes = new Map<string, NodeState>()
  const collected: Collected = { logs: createCollectedLogs(id, anchor), cards: createCollectedCards(), now }
  const { logs, cards } = collected
  return {
    accept: (node, value) => {
      const state = nodes.get(node) ?? newState()
      nodes.set(node, state)
      return acceptAnswer(collected, state, read(value))
    },
    finding: () => {
      const log = logs.standing
      return log === null
        ? null
        : { log, card: freshestCard(cards, log, now), latest: latestCards(cards, log, now), fork: forkOf(logs, log) }
    },
    stance: (node) => {
      const state = nodes.get(node)
      return state === undefined ? null : stanceOf(collected, state)
    },
  }
}

type Collected = { readonly logs: CollectedLogs; readonly cards: CollectedCards; readonly now: number }

const newState = (): NodeState => ({
  pages: 0,
  from: 0,
  tip: null,
  invalid: false,
  sent: new Set(),
  cards: new Set(),
})

/** The place to ask the node for next; null when there is no need. */
const acceptAnswer = (collected: Collected, state: NodeState, answer: GetAnswer | null): number | null => {
  if (answer === null) {
    state.invalid = true
    return null
  }
  state.pages += 1
  state.tip = answer.tip
  const next = takeIn(collected, state, answer) ? nextPlace(collected, state, answer) : null
  if (next !== null) state.from = next
  return next
}

/** Takes in what a node sent; false when it need not be asked further. */
const takeIn = ({ logs, cards }: Collected, state: NodeState, { entries, cards: served }: GetAnswer): boolean => {
  for (const envelope of entries) {
    const key = hex(blake2b256(envelope))
    if (state.sent.has(key)) return false
    state.sent.add(key)
    const outcome = offerEntry(logs, key, envelope)
    if (outcome === 'invalid') state.invalid = true
    if (outcome !== 'valid') return false
  }
  for (const envelope of served) {
    const key = hex(sha256(envelope))
    if (state.cards.has(key) || state.cards.size === DEVICES_MAX) return false
    state.cards.add(key)
    cards.envelopes.set(key, envelope)
  }
  return true
}

/** Where a node's next page begins: the standing branch comes first, and what is known of it is passed over. */
const nextPlace = ({ logs }: Collected, state: NodeState, answer: GetAnswer): number | null => {
  const { tip, entryCount, cardCount, entries, cards } = answer
  const place = state.from + entries.length + cards.length
  if (tip === null || place === state.from || state.pages >= PLACES_MAX) return null
  const next = Math.max(place, logs.byLast.get(hex(tip))?.entries.length ?? 0)
  return next < entryCount + cardCount ? next : null
}

const stanceOf = ({ logs, cards, now }: Collected, state: NodeState): Stance => {
  const { standing, byLast } = logs
  const isInvalid = (key: string): boolean => judgeCard(cards, key, standing, now) === 'invalid'
  if (state.invalid || [...state.cards].some(isInvalid)) return 'invalid'
  if (state.tip === null) return 'empty'
  if (standing !== null && equal(state.tip, standing.last.hash)) return 'agreeing'
  const claimed = byLast.get(hex(state.tip))
  if (claimed === undefined) return 'unread'
  return isComplete(claimed) ? 'older' : 'invalid'
}

/** An answer that makes sense: who holds nothing has nothing to serve. */
const read = (value: Uint8Array): GetAnswer | null => {
  try {
    const answer = decodeGetAnswer(value)
    const { tip, entryCount, cardCount, entries, cards } = answer
    return tip === null && entryCount + cardCount + entries.length + cards.length > 0 ? null : answer
  } catch {
    return null
  }
}
