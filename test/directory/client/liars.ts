import {
  COMMAND,
  decodeGet,
  decodeGetAnswer,
  encodeMessage,
  type GetAnswer,
  PLACES_MAX,
} from '../../../src/directory/request-format.ts'
import { flip, makeBytes, makeIdentity } from '../../core/identities.ts'
import { type Behaviour, saying, silent } from '../memory-network.ts'

/** Storage nodes that fail or lie in every way a lookup has to survive; each changes what the node would honestly answer. */

export const rewriting =
  (change: (answer: GetAnswer) => GetAnswer): Behaviour =>
  ({ command, honest }) => {
    const answer = honest()
    return command !== COMMAND.get || answer === null ? answer : encodeMessage(change(decodeGetAnswer(answer)))
  }

const mallory = makeIdentity('Mallory').log

export const LIARS = {
  silent,
  garbage: saying(makeBytes('garbage', 300)),
  'an empty answer': saying(new Uint8Array(0)),
  'nothing held': saying(encodeMessage({ tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: 0 })),
  'another identity': saying(
    encodeMessage({
      tip: mallory.last.hash,
      entryCount: 1,
      cardCount: 0,
      entries: [mallory.last.envelope],
      cards: [],
      now: 0,
    }),
  ),
  'entries with a bit changed': rewriting((answer) => ({ ...answer, entries: answer.entries.map((one) => flip(one)) })),
  'cards with a bit changed': rewriting((answer) => ({ ...answer, cards: answer.cards.map((one) => flip(one)) })),
  'entries in reverse': rewriting((answer) => ({ ...answer, entries: answer.entries.toReversed() })),
  'another tip': rewriting((answer) => ({ ...answer, tip: makeBytes('tip', 32) })),
  'too high counts': rewriting((answer) => ({ ...answer, entryCount: 127, cardCount: 7 })),
  'too low counts': rewriting((answer) => ({ ...answer, entryCount: 0, cardCount: 0 })),
  'no cards': rewriting((answer) => ({ ...answer, cards: [], cardCount: 0 })),
  'endless pages': ({ command, value, honest }) => {
    if (command !== COMMAND.get) return honest()
    const answer = honest(encodeMessage({ ...decodeGet(value), from: 0 }))
    if (answer === null) return null
    return encodeMessage({ ...decodeGetAnswer(answer), tip: makeBytes('tip', 32), entryCount: PLACES_MAX - 8 })
  },
  'half a datagram': ({ honest }) => {
    const answer = honest()
    return answer === null ? null : answer.slice(0, answer.length >> 1)
  },
} satisfies { readonly [name: string]: Behaviour }

export type Liar = keyof typeof LIARS
export const LIAR_NAMES = Object.keys(LIARS) as readonly Liar[]
