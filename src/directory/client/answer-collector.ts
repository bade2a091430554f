import { equal, hex } from '../../core/bytes.ts'
import { isCurrent, type SignedCard, verifyCard } from '../../core/card.ts'
import { HandfastError, KeyLogError } from '../../core/errors.ts'
import { sha256 } from '../../core/kdf.ts'
import { type Anchor, appendEntry, compareLogs, containsEntry, decodeEntry, type KeyLog } from '../../core/key-log.ts'
import { DEVICES_MAX } from '../../core/limits.ts'
import { decodeGetAnswer, type GetAnswer, PLACES_MAX } from '../request-format.ts'

/** Sorts the answers of one lookup: answers in, the next place to ask for out. It knows no sockets and no clock. */

/** How a node that answered stands to the result. */
export type Stance =
  /** it says that the log that stands here stands there */
  | 'agreeing'
  /** it holds an older part of it, or a branch that lost */
  | 'older'
  /** it says it holds nothing */
  | 'empty'
  /** it claims a log it did not show: it fell silent, the deadline came, or it lies */
  | 'unread'
  /** it sent what does not decode or verify, and nothing of that was used */
  | 'invalid'

export type Finding = {
  readonly log: KeyLog
  /** the card of that log with the latest serial: a current one if there is any */
  readonly card: SignedCard | null
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
  /** what it says stands */
  tip: Uint8Array | null
  invalid: boolean
  /** hashes of what it sent, so that it cannot keep us busy with the same */
  readonly sent: Set<string>
  readonly cards: Set<string>
}

/** What became of a card: verified, refused, or about a head that is not ours to judge. */
type Verdict = SignedCard | 'invalid' | 'elsewhere'

/**
 * @param id the 32-byte identity hash that is looked up
 * @param now this clock, seconds
 * @param anchor an entry that a person has confirmed: of a fork that parts before it, the branch through it stands
 */
export const createAnswerCollector = (id: Uint8Array, now: number, anchor: Anchor | null = null): AnswerCollector => {
  const nodes = new Map<string, NodeState>()
  /** The log that ends with each verified entry. All are kept: no thief can push out the branch an honest node is telling. */
  const logs = new Map<string, KeyLog>()
  const cards = new Map<string, Uint8Array>()
  const verdicts = new Map<string, Verdict>()
  let standing: KeyLog | null = null

  /** Whether a person has decided between two logs that contradict each other. */
  const isDecided = (log: KeyLog, against: KeyLog): boolean =>
    anchor !== null && containsEntry(log, anchor) && !containsEntry(against, anchor)

  const standsOver = (log: KeyLog, other: KeyLog): boolean => {
    const relation = compareLogs(log, other)
    return relation === 'longer' || relation === 'supersedes' || (relation === 'fork' && isDecided(log, other))
  }

  /** Verifies an entry where it belongs; a valid one is verified once, whoever repeats it. */
  const offer = (key: string, envelope: Uint8Array): 'valid' | 'invalid' | 'gap' => {
    if (logs.has(key)) return 'valid'
    try {
      const { prev } = decodeEntry(envelope).entry
      const before = prev === null ? null : logs.get(hex(prev))
      if (before === undefined) return 'gap'
      if (before === null && key !== hex(id)) throw new KeyLogError('ERR_LOG_ADDRESS')
      const log = appendEntry(before, envelope, now)
      logs.set(key, log)
      if (standing === null || standsOver(log, standing)) {
        standing = log
        verdicts.clear()
      }
      return 'valid'
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      return 'invalid'
    }
  }

  /** Takes in what a node sent; false when it need not be asked further. */
  const takeIn = (state: NodeState, { entries, cards: served }: GetAnswer): boolean => {
    for (const envelope of entries) {
      const key = hex(sha256(envelope))
      if (state.sent.has(key)) return false
      state.sent.add(key)
      const outcome = offer(key, envelope)
      if (outcome === 'invalid') state.invalid = true
      if (outcome !== 'valid') return false
    }
    for (const envelope of served) {
      const key = hex(sha256(envelope))
      if (state.cards.has(key) || state.cards.size === DEVICES_MAX) return false
      state.cards.add(key)
      cards.set(key, envelope)
    }
    return true
  }

  /** Where a node's next page begins: the standing branch comes first, and what is known of it is passed over. */
  const nextPlace = (state: NodeState, answer: GetAnswer): number | null => {
    const { tip, entryCount, cardCount, entries, cards: served } = answer
    const place = state.from + entries.length + served.length
    if (tip === null || place === state.from || state.pages >= PLACES_MAX) return null
    const next = Math.max(place, logs.get(hex(tip))?.entries.length ?? 0)
    return next < entryCount + cardCount ? next : null
  }

  const judge = (key: string): Verdict => {
    const known = verdicts.get(key)
    const envelope = cards.get(key)
    if (known !== undefined) return known
    if (standing === null || envelope === undefined) return 'elsewhere'
    const verdict = verify(envelope, standing, now)
    verdicts.set(key, verdict)
    return verdict
  }

  const stanceOf = (state: NodeState): Stance => {
    if (state.invalid || [...state.cards].some((key) => judge(key) === 'invalid')) return 'invalid'
    if (state.tip === null) return 'empty'
    if (standing !== null && equal(state.tip, standing.last.hash)) return 'agreeing'
    return logs.has(hex(state.tip)) ? 'older' : 'unread'
  }

  return {
    accept: (node, value) => {
      const state = nodes.get(node) ?? newState()
      nodes.set(node, state)
      const answer = read(value)
      if (answer === null) {
        state.invalid = true
        return null
      }
      state.pages += 1
      state.tip = answer.tip
      const next = takeIn(state, answer) ? nextPlace(state, answer) : null
      if (next !== null) state.from = next
      return next
    },
    finding: () => {
      const log = standing
      if (log === null) return null
      const verified = [...cards.keys()].map(judge).filter((verdict) => typeof verdict !== 'string')
      const card = verified.reduce<SignedCard | null>(
        (best, one) => (best === null || isFresher(one, best, now) ? one : best),
        null,
      )
      const fork = [...logs.values()]
        .filter((other) => compareLogs(other, log) === 'fork' && !isDecided(log, other))
        .reduce<KeyLog | null>(
          (proof, other) => (proof === null || compareLogs(other, proof) === 'longer' ? other : proof),
          null,
        )
      return { log, card, fork }
    },
    stance: (node) => {
      const state = nodes.get(node)
      return state === undefined ? null : stanceOf(state)
    },
  }
}

const newState = (): NodeState => ({
  pages: 0,
  from: 0,
  tip: null,
  invalid: false,
  sent: new Set(),
  cards: new Set(),
})

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

const verify = (envelope: Uint8Array, log: KeyLog, now: number): Verdict => {
  try {
    return verifyCard(envelope, log, now)
  } catch (error) {
    if (!(error instanceof HandfastError)) throw error
    return error.code === 'ERR_CARD_HEAD' ? 'elsewhere' : 'invalid'
  }
}

/** A current card comes before an expired one, then the later serial. */
const isFresher = (a: SignedCard, b: SignedCard, now: number): boolean => {
  const [current, other] = [isCurrent(a.card, now), isCurrent(b.card, now)]
  return current === other ? a.card.serial > b.card.serial : current
}
