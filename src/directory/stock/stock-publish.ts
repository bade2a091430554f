import { DirectoryError, type ErrorCode } from '../../core/errors.ts'
import { ACCEPTANCES_WANTED } from '../../core/limits/record-limits.ts'
import { createSurvey, type Place, type Survey } from '../client/places.ts'
import { EFFORT } from '../client/policies.ts'
import type { Publication, Publishing, Records, ReplicaAcceptance } from '../client/publish.ts'
import { DENSITY_SUSPECT } from '../limits.ts'
import { nameOf } from '../network-port.ts'
import type { StockNetwork } from '../stock-port.ts'
import { closedValues, entryValues, kemValues, slotValue } from './stock-records.ts'
import { askForNodes, putValue, type StockValue } from './stock-requests.ts'

/** Puts what an identity consists of at stock nodes, value by value, and counts who took each. */

/** Values that are put at a time: each is a walk of some dozen requests, and a log may have 64 entries. */
const VALUES_AT_A_TIME = 4

type Putting = { readonly network: StockNetwork; readonly survey: Survey; readonly signal: AbortSignal }

/** What became of one value: who took it, and why others did not. */
export type PutOutcome = {
  readonly value: StockValue
  readonly place: Place
  /** by the node's name; null: it took it */
  readonly outcomes: ReadonlyMap<string, ErrorCode | null>
}

export const surveyFor = (network: StockNetwork, signal: AbortSignal): Survey =>
  createSurvey(network, { effort: EFFORT.fresh, signal, askElsewhere: () => askForNodes(network) })

/** Walks to the place of a value. */
const walkTo = ({ network, survey }: Putting, value: StockValue): Promise<Place> =>
  survey.walk({ target: value.target, ask: askForNodes(network), onAnswer: () => {} }).finish()

/** Puts a value at all nodes closest to its place. */
const putAtPlace = async (
  { network, signal }: Putting,
  value: StockValue,
  walking: Promise<Place>,
): Promise<PutOutcome> => {
  const place = await walking
  const put = async (one: Place['closest'][number]): Promise<[string, ErrorCode | null]> => [
    nameOf(one.node),
    await putValue(network, value, one, signal),
  ]
  return { value, place, outcomes: new Map(await Promise.all(place.closest.map(put))) }
}

export const putAllValues = async (putting: Putting, values: readonly StockValue[]): Promise<readonly PutOutcome[]> => {
  const done: PutOutcome[] = []
  for (let at = 0; at < values.length; at += VALUES_AT_A_TIME) {
    const some = values.slice(at, at + VALUES_AT_A_TIME)
    done.push(...(await Promise.all(some.map((value) => putAtPlace(putting, value, walkTo(putting, value))))))
  }
  return done
}

const acceptanceOf = ({ outcomes }: PutOutcome): ReplicaAcceptance => ({
  asked: outcomes.size,
  accepted: [...outcomes.values()].filter((refused) => refused === null).length,
})

/** @throws DirectoryError ERR_PUBLISH_REFUSED when some value is nowhere */
const checkTaken = (done: readonly PutOutcome[]): void => {
  const nowhere = done.find((one) => acceptanceOf(one).accepted === 0)
  if (nowhere === undefined) return
  const reasons = [...countRefusals([nowhere])].map(([code, count]) => `${code} from ${count}`).join(', ')
  throw new DirectoryError('ERR_PUBLISH_REFUSED', { hint: reasons || 'no node answered' })
}

const countRefusals = (done: readonly PutOutcome[]): ReadonlyMap<ErrorCode, number> => {
  const refusals = new Map<ErrorCode, number>()
  for (const { outcomes } of done)
    for (const code of outcomes.values()) if (code !== null) refusals.set(code, (refusals.get(code) ?? 0) + 1)
  return refusals
}

/** Nodes that took all that was put at them. */
const countAccepting = (done: readonly PutOutcome[]): number => {
  const all = new Map<string, boolean>()
  for (const { outcomes } of done)
    for (const [name, refused] of outcomes) all.set(name, (all.get(name) ?? true) && refused === null)
  return [...all.values()].filter((tookAll) => tookAll).length
}

/**
 * Entries and halves of keys first, then the slot that names them: who sees the one finds the others.
 * @throws DirectoryError ERR_PUBLISH_REFUSED when nobody took one of them, ERR_PUBLISH_SLOT; what signing the card throws
 */
export const publishStock = async (
  network: StockNetwork,
  { log, card: given, closed }: Publishing,
  signal: AbortSignal,
): Promise<Publication> => {
  const putting = { network, signal, survey: surveyFor(network, signal) }
  const card = typeof given === 'function' ? given() : given
  const records: Records = { log, card, closed }
  const slot = card === undefined ? null : slotValue(card)
  // On the way while the others are put.
  const walking = slot === null ? null : walkTo(putting, slot)
  const before = await putAllValues(putting, [...entryValues(records), ...(card === undefined ? [] : kemValues(card))])
  checkTaken(before)
  const closing = putAllValues(putting, closedValues(records))
  const last = slot === null || walking === null ? [] : [await putAtPlace(putting, slot, walking)]
  await closing
  checkTaken(last)
  const done = [...before, ...last]
  const replicas = done.map(acceptanceOf)
  const enough = ({ asked, accepted }: ReplicaAcceptance): boolean => accepted >= Math.min(ACCEPTANCES_WANTED, asked)
  const weak = !replicas.every(enough) || done.some(({ place }) => !place.complete)
  const crowded = done.some(({ place }) => (place.density ?? 0) >= DENSITY_SUSPECT)
  return { replicas, accepted: countAccepting(done), refusals: countRefusals(done), weak, crowded }
}
