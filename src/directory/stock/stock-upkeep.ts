import { equal } from '../../core/bytes.ts'
import { compareLogs, type KeyLog } from '../../core/key-log.ts'
import { createSurvey } from '../client/places.ts'
import { EFFORT } from '../client/policies.ts'
import { confirms, type PublicationCheck } from '../client/publication-check.ts'
import type { Records } from '../client/publish.ts'
import { type ClosestNode, nameOf } from '../network-port.ts'
import type { StockNetwork } from '../stock-port.ts'
import { lookupStock } from './stock-lookup.ts'
import { putAllValues, surveyFor } from './stock-publish.ts'
import { closedValues, entryValues, kemValues, slotValue } from './stock-records.ts'
import { askForNodes, askForValue, mutableValue, putValue, type StockValue } from './stock-requests.ts'
import { decidingPlaces } from './value-places.ts'

/** Reading back, and putting back: what a publication is worth once nodes have come and gone. */

type Checking = { readonly now: number; readonly signal: AbortSignal }

/** Looks published values up along fresh paths, and puts them at close nodes that lack them. @throws as `lookupStock` */
export const readBackStock = async (
  network: StockNetwork,
  records: Records,
  { now, signal }: Checking,
): Promise<PublicationCheck> => {
  const { log, card } = records
  const { lookup: found } = await lookupStock(network, log.id, {
    now,
    signal,
    known: log,
    policy: 'thorough',
    detour: true,
  })
  const ours = compareLogs(found.log, log)
  // A log that ours does not replace is somebody else's truth, or our own of later: not to be pushed aside by repetition.
  const isReplaceable = found.fork === null && (ours === 'same' || ours === 'shorter' || ours === 'superseded')
  const repaired = isReplaceable ? await repair(network, records, found.lacking, signal) : 0
  return { found, repaired, confirmed: ours === 'same' && confirms(found.verdict.kind, card !== undefined) }
}

const repair = async (
  network: StockNetwork,
  records: Records,
  lacking: readonly (ClosestNode & { readonly target: Uint8Array })[],
  signal: AbortSignal,
): Promise<number> => {
  const { card } = records
  const took = new Set<string>()
  const put = async (value: StockValue, to: ClosestNode): Promise<void> => {
    if ((await putValue(network, value, to, signal)) === null) took.add(nameOf(to.node))
  }
  const values = [
    ...entryValues(records),
    ...(card === undefined ? [] : [slotValue(card), ...kemValues(card)]),
    ...closedValues(records),
  ]
  // The lookup saw who lacks the first entry and the card; the other values are looked for one by one.
  const lookedAt = [records.log.id, ...(card?.slot === undefined ? [] : [mutableValue(card.slot).target])]
  const wasWalked = ({ target }: StockValue): boolean => lookedAt.some((place) => equal(place, target))
  const seen = lacking.flatMap((to) => {
    const value = values.find(({ target }) => equal(target, to.target))
    return value === undefined ? [] : [put(value, to)]
  })
  const rest = values
    .filter((value) => !wasWalked(value))
    .map(async (value) => {
      for (const to of await lackingAt(network, value, signal)) await put(value, to)
    })
  await Promise.all([...seen, ...rest])
  return took.size
}

/** The nodes closest to the place of a value that do not send it. */
const lackingAt = async (
  network: StockNetwork,
  value: StockValue,
  signal: AbortSignal,
): Promise<readonly ClosestNode[]> => {
  const effort = EFFORT.thorough
  const survey = createSurvey(network, { effort, signal, detour: true, askElsewhere: () => askForNodes(network) })
  const holding = new Set<string>()
  const { ended } = survey.walk({
    target: value.target,
    ask: askForValue(network, value),
    onAnswer: ({ node, value: said }) => {
      if (said.length > 0) holding.add(nameOf(node))
    },
  })
  const { closest } = await ended
  return closest.filter(({ node }) => !holding.has(nameOf(node)))
}

/**
 * Puts back what nodes have of somebody else, unchanged: they forget it after two days, and who read a signed value can put it again. So an
 * owner who is away is found as long as one of those who know him is not.
 * @throws as `lookupStock`
 */
export const keepStock = async (network: StockNetwork, log: KeyLog, { now, signal }: Checking): Promise<void> => {
  const { lookup, explored } = await lookupStock(network, log.id, { now, signal, known: log })
  // What contradicts something is its owner's business.
  if (lookup.fork !== null) return
  const { collector } = explored
  const slots = decidingPlaces(lookup.log)
    .map(collector.latest)
    .filter((slot) => slot !== null)
  const values = [...entryValues(lookup), ...slots.map(mutableValue)]
  await putAllValues({ network, signal, survey: surveyFor(network, signal) }, values)
}
