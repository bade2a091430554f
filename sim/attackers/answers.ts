/** Answers of the directory as attackers put them together. */

import { COMMAND, decodeGet, encodeMessage } from '../../src/directory/request-format.ts'
import type { Statement } from '../people.ts'
import type { Ask, Order, Plot } from './attack.ts'
import { firstStatement } from './attack.ts'

/** "I hold nothing of it." */
export const NOTHING = encodeMessage({ tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: 0 })

/** "I stored it." */
export const STORED = encodeMessage({ refused: null })

/** Identity hash that a GET asks for; null when it is no GET. */
export const askedFor = ({ question: { command, message } }: Ask): Uint8Array | null => {
  if (command !== COMMAND.get) return null
  try {
    return decodeGet(Uint8Array.from(message)).id
  } catch {
    return null
  }
}

/** The answer of a node that holds this statement and nothing newer. */
export const holding = ({ log, card }: Statement): Uint8Array =>
  encodeMessage({
    tip: log.last.hash,
    entryCount: log.entries.length,
    cardCount: 1,
    entries: log.entries.map(({ envelope }) => envelope),
    cards: [card.envelope],
    now: 0,
  })

/** Claims to store what it is given, and answers questions with `answer`. */
export const pretend = (ask: Ask, answer: (id: Uint8Array) => Order): Order => {
  if (ask.question.command === COMMAND.put) return { value: STORED }
  const id = askedFor(ask)
  return id === null ? 'silence' : answer(id)
}

/** Shows what was true before, and knows of nothing else. */
export const showOld = (plot: Plot, id: Uint8Array): { readonly value: Uint8Array } => {
  const statement = firstStatement(plot, id)
  return { value: statement === null ? NOTHING : holding(statement) }
}
