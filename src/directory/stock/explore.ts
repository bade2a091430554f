import { hex } from '../../core/bytes.ts'
import { isCurrent } from '../../core/card.ts'
import { createSurvey, type Going, type Place, type Survey } from '../client/places.ts'
import { EFFORT, type Policy } from '../client/policies.ts'
import type { Heard } from '../client/walk-runner.ts'
import { type NodeAddress, nameOf } from '../network-port.ts'
import type { StockNetwork } from '../stock-port.ts'
import { createStockCollector, type Prior, type StockCollector } from './stock-collector.ts'
import { askForNodes, askForValue, fetchImmutable } from './stock-requests.ts'
import { decidingPlaces, type ValuePlace } from './value-places.ts'

/** Follows an identity through the places where stock nodes keep it: entry 0, the slots it leads to, and the entries that lie between. */

export type Exploring = Prior & {
  /** the overall deadline */
  readonly signal: AbortSignal
  readonly policy: Policy
  /** Begins walks at random places, so that they come from elsewhere than those of a publication. */
  readonly detour?: boolean | undefined
}

export type Explored = {
  readonly collector: StockCollector
  /** a place that was walked to; undefined when there was no reason to, or the time ran out before */
  walked(place: ValuePlace): Place | undefined
  /** every node that answered, by name */
  readonly heard: ReadonlyMap<string, NodeAddress>
}

type Walk = Going & { readonly place: ValuePlace; stop(): void }

/** All that is under way: each place and each entry once. */
type UnderWay = { readonly walks: Map<string, Walk>; readonly fetches: Map<string, Promise<void>> }

export const explore = async (network: StockNetwork, id: Uint8Array, exploring: Exploring): Promise<Explored> => {
  const { signal, policy, detour, now } = exploring
  const effort = EFFORT[policy]
  const enough = new AbortController()
  const asking = AbortSignal.any([signal, enough.signal])
  const askElsewhere = () => askForNodes(network)
  const survey = createSurvey(network, { effort, signal: asking, detour, askElsewhere })
  const collector = createStockCollector(id, exploring)
  const heard = new Map<string, NodeAddress>()
  const underWay: UnderWay = { walks: new Map(), fetches: new Map() }
  const { walks, fetches } = underWay

  const begin = (place: ValuePlace): Walk =>
    beginWalk(network, survey, { place, direct: effort.early }, ({ node, value }) => {
      heard.set(nameOf(node), node)
      collector.accept(place, nameOf(node), value)
      goOn()
    })

  const fetch = async (hash: Uint8Array): Promise<void> => {
    const { bytes } = await fetchImmutable(network, survey, hash)
    collector.takeEntry(hash, bytes)
    goOn()
  }

  const isEnough = (): boolean => {
    const found = effort.early ? collector.finding() : null
    return found?.fork === null && found.card !== null && isCurrent(found.card.card, now)
  }

  /** Every answer may show where else to look. */
  const goOn = (): void => {
    if (isEnough()) enough.abort()
    if (asking.aborted) return
    for (const hash of collector.wanted()) if (!fetches.has(hex(hash))) fetches.set(hex(hash), fetch(hash))
    for (const place of collector.places())
      if (!walks.has(place.name) && !isDone(collector, place, effort.early)) walks.set(place.name, begin(place))
    for (const { place, stop } of walks.values()) if (isDone(collector, place, effort.early)) stop()
  }

  goOn()
  await settle(underWay)
  const places = new Map<string, Place>()
  const measure = async ({ place, finish }: Walk): Promise<void> => void places.set(place.name, await finish())
  // A place that is crowded is walked on to, which may show more.
  while (places.size < walks.size) {
    await Promise.all([...walks.values()].filter(({ place }) => !places.has(place.name)).map(measure))
    await settle(underWay)
  }
  return { collector, heard, walked: ({ name }) => places.get(name) }
}

const beginWalk = (
  network: StockNetwork,
  survey: Survey,
  { place, direct }: { readonly place: ValuePlace; readonly direct: boolean },
  onAnswer: (heard: Heard) => void,
): Walk => {
  const stop = new AbortController()
  const ask = askForValue(network, place, direct)
  const going = survey.walk({ target: place.target, ask, signal: stop.signal, onAnswer })
  return { ...going, place, stop: () => stop.abort() }
}

/** Whether a place need not be walked to any further: its keys are of the past, or it has told what one answer can tell. */
const isDone = (collector: StockCollector, place: ValuePlace, early: boolean): boolean => {
  const log = collector.finding()?.log
  if (log === undefined) return false
  const matters = decidingPlaces(log).some(({ name }) => name === place.name)
  return !matters || (early && place.kind === 'immutable')
}

/** Waits for what is under way, and for what that leads to. */
const settle = async ({ walks, fetches }: UnderWay): Promise<void> => {
  for (let count = -1; count !== walks.size + fetches.size; ) {
    count = walks.size + fetches.size
    await Promise.all([...[...walks.values()].map(({ ended }) => ended), ...fetches.values()])
  }
}
