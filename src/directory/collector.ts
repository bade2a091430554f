import { equal, hex } from '../core/bytes.ts'
import { isCurrent, type SignedCard, verifyCard } from '../core/card.ts'
import { HandfastError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { type Branches, forkOf, offerEntry } from './branches.ts'
import { decodeGetAnswer, type GetAnswer } from './messages.ts'

/** Sorts the answers of one lookup: answers in, the next place to ask for out. It knows no sockets and no clock. */

/** One node may be asked this often in one lookup: a longest log in smallest pages. */
const PAGES_MAX = 80

type NodeState = {
  pages: number
  from: number
  /** what it says stands */
  tip: Uint8Array | null
  /** whether it ever sent something that does not verify */
  invalid: boolean
}

/** How the nodes that answered stand to the result. */
export type Tally = {
  /** nodes that gave a well-formed answer */
  readonly answered: number
  /** of those: hold the log that stands to its last entry */
  readonly agreeing: number
  /** hold an older part of it, or a branch that lost */
  readonly older: number
  /** hold nothing */
  readonly empty: number
  /** sent what does not verify; nothing of it was used */
  readonly invalid: number
}

export type Finding = {
  readonly log: KeyLog
  /** the card of that log with the latest serial: a current one if there is any */
  readonly card: SignedCard | null
  /** a branch that contradicts `log` with equally many rotations */
  readonly fork: KeyLog | null
}

export type Collector = {
  /** Takes an answer of `node`; returns the place to ask it for next, or null when it has told all that matters. */
  accept(node: string, value: Uint8Array): number | null
  finding(): Finding | null
  tally(): Tally
}

/**
 * @param id the 32-byte identity hash that is looked up
 * @param now this clock, seconds
 */
export const createCollector = (id: Uint8Array, now: number): Collector => {
  const nodes = new Map<string, NodeState>()
  const refused = new Set<string>()
  const cards = new Map<string, Uint8Array>()
  let branches: Branches | null = null

  /** Whether the entry is valid where it stands; each distinct byte string is verified once. */
  const offer = (envelope: Uint8Array): boolean => {
    const key = hex(sha256(envelope))
    if (refused.has(key)) return false
    try {
      branches = offerEntry(branches, id, envelope, now)
      return true
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      if (error.code !== 'ERR_PUT_GAP') refused.add(key)
      return false
    }
  }

  const seqOf = (hash: Uint8Array): number | null => {
    const logs = branches === null ? [] : [branches.standing, ...branches.rivals]
    for (const log of logs) {
      const at = log.entries.find((entry) => equal(entry.hash, hash))
      if (at !== undefined) return at.entry.seq
    }
    return null
  }

  /** Where a node's next page begins: entries known already are passed over. */
  const nextPlace = (state: NodeState, answer: GetAnswer): number | null => {
    const { tip, entryCount, cardCount, entries, cards: served } = answer
    const place = state.from + entries.length + served.length
    if (tip === null || state.invalid || state.pages >= PAGES_MAX || place === state.from) return null
    const next = place < entryCount && seqOf(tip) === entryCount - 1 ? entryCount : place
    return next < entryCount + cardCount ? next : null
  }

  const finding = (): Finding | null => {
    if (branches === null) return null
    const log = branches.standing
    const verified = [...cards.values()].flatMap((envelope) => {
      try {
        return [verifyCard(envelope, log, now)]
      } catch (error) {
        if (error instanceof HandfastError) return []
        throw error
      }
    })
    const rank = ({ card }: SignedCard): number => (isCurrent(card, now) ? Number.MAX_SAFE_INTEGER : 0) + card.serial
    const card = verified.reduce<SignedCard | null>(
      (best, one) => (best === null || rank(one) > rank(best) ? one : best),
      null,
    )
    return { log, card, fork: forkOf(branches) }
  }

  return {
    accept: (node, value) => {
      const state = nodes.get(node) ?? { pages: 0, from: 0, tip: null, invalid: false }
      let answer: GetAnswer
      try {
        answer = decodeGetAnswer(value)
      } catch {
        state.invalid = true
        nodes.set(node, state)
        return null
      }
      nodes.set(node, state)
      state.pages += 1
      state.tip = answer.tip
      if (!answer.entries.every(offer)) state.invalid = true
      for (const envelope of answer.cards) cards.set(hex(sha256(envelope)), envelope)
      const next = nextPlace(state, answer)
      if (next !== null) state.from = next
      return next
    },
    finding,
    tally: () => {
      const head = branches?.standing.last.hash
      const states = [...nodes.values()]
      const honest = states.filter(({ invalid }) => !invalid)
      const agreeing = honest.filter(({ tip }) => tip !== null && head !== undefined && equal(tip, head)).length
      const empty = honest.filter(({ tip }) => tip === null).length
      const answered = states.length
      return { answered, agreeing, empty, older: honest.length - agreeing - empty, invalid: answered - honest.length }
    },
  }
}
