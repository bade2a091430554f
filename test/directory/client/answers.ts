import type { SignedCard } from '../../../src/core/card.ts'
import type { KeyLog } from '../../../src/core/key-log.ts'
import type { AnswerCollector } from '../../../src/directory/client/answer-collector.ts'
import { encodeMessage, type GetAnswer } from '../../../src/directory/request-format.ts'
import { envelopesOf, NOW } from '../../core/identities.ts'

/** Answers of nodes, made by hand, and a collector that reads them. */

export const answerOf = (answer: Partial<GetAnswer>): Uint8Array =>
  encodeMessage({ tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: NOW, ...answer })

/** What an honest node with this log and these cards answers, `size` items to a page. */
export const page = (held: KeyLog, cards: readonly SignedCard[], from: number, size = 2): Uint8Array => {
  const entries = envelopesOf(held)
  const places = [...entries, ...cards.map(({ envelope }) => envelope)].slice(from, from + size)
  const split = Math.max(0, entries.length - from)
  return answerOf({
    tip: held.last.hash,
    entryCount: entries.length,
    cardCount: cards.length,
    entries: places.slice(0, split),
    cards: places.slice(split),
  })
}

/** Reads a node to the end; the places it was asked for. */
export const read = (
  collector: AnswerCollector,
  node: string,
  answer: (from: number) => Uint8Array,
): readonly number[] => {
  const places: number[] = []
  let from: number | null = 0
  while (from !== null) {
    places.push(from)
    from = collector.accept(node, answer(from))
  }
  return places
}
