import { equal } from '../../src/core/bytes.ts'
import { signMutable } from '../../src/core/mutable-value.ts'
import { signSlotCard, signSlotMoved } from '../../src/core/slot.ts'
import { createStockCollector } from '../../src/directory/stock/stock-collector.ts'
import { decodeMutableAnswer, encodeMutableAnswer } from '../../src/directory/stock/stock-format.ts'
import { decidingPlaces } from '../../src/directory/stock/value-places.ts'
import { at, NOW, slotKeyOf } from '../../test/core/identities.ts'
import { ALICE, CARD } from '../corpus.ts'
import { must, type Target, target } from '../target.ts'

/** What nodes send that know nothing of Handfast, and the lookup that reads it: datagrams from anyone. */

const KEY = slotKeyOf(at(ALICE.roots, 0))
const { log } = ALICE
const card = signSlotCard(KEY, CARD)
const answers = [card, signSlotMoved(KEY, log.last.hash), signMutable(KEY, 300, new Uint8Array(0))].map(
  encodeMutableAnswer,
)

/** What a lookup says once honest nodes have answered, and another has sent this to whatever it was asked. */
const collect = (value: Uint8Array): unknown => {
  const collector = createStockCollector(log.id, { now: NOW })
  const [first, slot] = decidingPlaces(log)
  if (first === undefined || slot === undefined) throw new Error('a log has places')
  collector.accept(first, 'honest', at(log.entries, 0).envelope)
  collector.accept(slot, 'honest', encodeMutableAnswer(card))
  for (const place of collector.places()) collector.accept(place, 'other', value)
  for (const hash of collector.wanted()) collector.takeEntry(hash, value)
  const found = collector.finding()
  must(found !== null && equal(found.log.last.hash, log.last.hash), 'another log stands')
  must(found?.card != null && equal(found.card.hash, CARD.hash), 'another card stands')
  must(collector.wanted().length === 0, 'it asks again for what it was given')
  must(
    decidingPlaces(log).every((place) => collector.stance(place, 'other') !== null),
    'a node was not counted',
  )
  return null
}

export const stockTargets: readonly Target[] = [
  target({
    name: 'mutable-answer',
    form: 'bytes',
    corpus: answers,
    decode: decodeMutableAnswer,
    encode: encodeMutableAnswer,
    codes: ['ERR_REQUEST_DECODE'],
    share: 12,
  }),
  target({
    name: 'stock-lookup-answer',
    form: 'bytes',
    corpus: [...answers, at(log.entries, 0).envelope, CARD.envelope],
    decode: collect,
    codes: [],
    share: 1,
  }),
]
