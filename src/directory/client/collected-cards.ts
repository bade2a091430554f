import { isCurrent, type SignedCard, verifyCard } from '../../core/card.ts'
import { HandfastError } from '../../core/errors.ts'
import type { KeyLog } from '../../core/key-log.ts'

/** The cards of one lookup, each judged once by the log that stands. */
export type CollectedCards = {
  /** by the SHA-256 of the envelope, in hex */
  readonly envelopes: Map<string, Uint8Array>
  /** by the same, what was found by `judge` */
  readonly judged: Map<string, CardJudgement>
  judge: KeyLog | null
}

/** What became of a card: verified, refused, or about a head that is not ours to judge. */
export type CardJudgement = SignedCard | 'invalid' | 'elsewhere'

export const createCollectedCards = (): CollectedCards => ({ envelopes: new Map(), judged: new Map(), judge: null })

const verify = (envelope: Uint8Array, log: KeyLog, now: number): CardJudgement => {
  try {
    return verifyCard(envelope, log, now)
  } catch (error) {
    if (!(error instanceof HandfastError)) throw error
    return error.code === 'ERR_CARD_HEAD' ? 'elsewhere' : 'invalid'
  }
}

export const judgeCard = (cards: CollectedCards, key: string, log: KeyLog | null, now: number): CardJudgement => {
  if (cards.judge !== log) cards.judged.clear()
  cards.judge = log
  const known = cards.judged.get(key)
  const envelope = cards.envelopes.get(key)
  if (known !== undefined) return known
  if (log === null || envelope === undefined) return 'elsewhere'
  const judgement = verify(envelope, log, now)
  cards.judged.set(key, judgement)
  return judgement
}

/** A current card comes before an expired one, then the later serial. */
const isFresher = (a: SignedCard, b: SignedCard, now: number): boolean => {
  const [current, other] = [isCurrent(a.card, now), isCurrent(b.card, now)]
  return current === other ? a.card.serial > b.card.serial : current
}

/** The freshest card of `log`; null when there is none that verifies. */
export const freshestCard = (cards: CollectedCards, log: KeyLog, now: number): SignedCard | null =>
  [...cards.envelopes.keys()]
    .map((key) => judgeCard(cards, key, log, now))
    .filter((judgement) => typeof judgement !== 'string')
    .reduce<SignedCard | null>((best, one) => (best === null || isFresher(one, best, now) ? one : best), null)
