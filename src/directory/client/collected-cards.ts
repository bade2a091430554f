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

const valid = (cards: CollectedCards, log: KeyLog, now: number): readonly SignedCard[] =>
  [...cards.envelopes.keys()]
    .map((key) => judgeCard(cards, key, log, now))
    .filter((judgement) => typeof judgement !== 'string')

/** Of each device of `log` the card of the highest serial, current or not, in the order of the devices. */
export const latestCards = (cards: CollectedCards, log: KeyLog, now: number): readonly SignedCard[] => {
  const latest = new Map<number, SignedCard>()
  for (const one of valid(cards, log, now)) {
    const { device, serial } = one.card
    if ((latest.get(device)?.card.serial ?? -1) < serial) latest.set(device, one)
  }
  return [...latest.values()].sort((a, b) => a.card.device - b.card.device)
}

/** The freshest card of `log`; null when there is none that verifies. */
export const freshestCard = (cards: CollectedCards, log: KeyLog, now: number): SignedCard | null =>
  valid(cards, log, now).reduce<SignedCard | null>(
    (best, one) => (best === null || isFresher(one, best, now) ? one : best),
    null,
  )
