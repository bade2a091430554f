import type { SignedCard } from '../../core/card.ts'
import { DirectoryError, type ErrorCode } from '../../core/errors.ts'
import { kemHalves } from '../../core/kem.ts'
import type { KeyLog } from '../../core/key-log.ts'
import { ACCEPTANCES_WANTED } from '../../core/limits/record-limits.ts'
import type { MutableValue } from '../../core/mutable-value.ts'
import { DENSITY_SUSPECT } from '../limits.ts'
import { type ClosestNode, type DirectoryNetwork, nameOf } from '../network-port.ts'
import { COMMAND, decodePutAnswer, encodeMessage, type PutRequest } from '../request-format.ts'
import { askAgain } from './get-requests.ts'
import type { HeardTimes } from './heard-times.ts'
import { EFFORT } from './policies.ts'
import { search } from './search.ts'

/** Acceptances at one replica target: `accepted` of the `asked` closest nodes confirmed every record. */
export type ReplicaAcceptance = { readonly asked: number; readonly accepted: number }

/** How well an identity can be found after it was published. */
export type Publication = {
  readonly replicas: readonly ReplicaAcceptance[]
  /** nodes that accepted everything, at whichever target */
  readonly accepted: number
  /** why nodes refused, and how many did; ERR_TIMEOUT stands for silence */
  readonly refusals: ReadonlyMap<ErrorCode, number>
  /** fewer than 8 of the closest nodes accepted at some target (or not all, where there are fewer), or its walk was cut short */
  readonly weak: boolean
  /** some target's neighbours are so dense that an attacker may surround it: the records were put at more of them than usual */
  readonly crowded: boolean
}

/** What is published: anyone may publish a log, since it proves itself; a card comes with the key it names. */
export type Records = {
  readonly log: KeyLog
  readonly card?: CardRecord | undefined
  /** what closes the slots of former epochs */
  readonly closed?: readonly MutableValue[] | undefined
}

export type CardRecord = {
  readonly signed: SignedCard
  readonly kem: Uint8Array
  /** the same card in the slot of its epoch, for nodes that know no cards; none where the slot's key is not at hand */
  readonly slot?: MutableValue | undefined
}

/** The same; the card may be signed once the nodes are found, and have said what time it is. */
export type Publishing = Pick<Records, 'log' | 'closed'> & {
  readonly card?: CardRecord | (() => CardRecord) | undefined
}

/** What a card is refused with when the clock it was signed by was wrong: by one that is behind, earlier cards have later serials. */
const TIME_CODES: readonly ErrorCode[] = ['ERR_CARD_AHEAD', 'ERR_CARD_EXPIRED', 'ERR_CARD_SERIAL']

/** PUTs in the order in which a node can verify them. */
type Puts = { readonly entries: readonly Uint8Array[]; readonly rest: readonly Uint8Array[] }

const putsOf = ({ log, card }: Records): Puts => {
  const { id } = log
  const entries = log.entries.map(({ envelope }) => encodeMessage({ t: 'entry', id, d: envelope }))
  if (card === undefined) return { entries, rest: [] }
  const { signed, kem } = card
  const [first, second] = kemHalves(kem)
  const rest: readonly PutRequest[] = [
    { t: 'card', id, d: signed.envelope },
    { t: 'kem', id, card: signed.hash, half: 0, d: first },
    { t: 'kem', id, card: signed.hash, half: 1, d: second },
  ]
  return { entries, rest: rest.map(encodeMessage) }
}

/**
 * Stores the records at the nodes closest to each replica target and counts who really took them.
 * @param signal the overall deadline
 * @param heard notes what the nodes say of the time, so that a refusal because of it can name both times
 * @throws DirectoryError ERR_PUBLISH_REFUSED when nobody did, ERR_CLOCK when that was because of the time; what signing the card throws
 */
export const publish = async (
  directory: DirectoryNetwork,
  { log, card }: Publishing,
  signal: AbortSignal,
  heard?: HeardTimes,
): Promise<Publication> => {
  const { id } = log
  const network = heard?.network ?? directory
  const outcomes = new Map<string, Promise<ErrorCode | null>>()

  /** A node close to several targets is asked once. */
  const store = (target: Uint8Array, closest: ClosestNode): Promise<ErrorCode | null> => {
    const name = nameOf(closest.node)
    const known = outcomes.get(name)
    if (known !== undefined) return known
    const outcome = putAll(network, closest, target, puts, signal)
    outcomes.set(name, outcome)
    return outcome
  }

  const places = await search(network, id, { effort: EFFORT.fresh, signal, onAnswer: () => {} })
  const puts = putsOf({ log, card: typeof card === 'function' ? card() : card })
  const cutShort = places.some(({ complete }) => !complete)
  const replicas = await Promise.all(
    places.map(async ({ target, closest }): Promise<ReplicaAcceptance> => {
      const results = await Promise.all(closest.map((node) => store(target, node)))
      return { asked: closest.length, accepted: results.filter((refusal) => refusal === null).length }
    }),
  )
  const results = await Promise.all(outcomes.values())
  const refusals = new Map<ErrorCode, number>()
  for (const refusal of results) if (refusal !== null) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
  const accepted = results.filter((refusal) => refusal === null).length
  if (accepted === 0) throw refusal(refusals, heard)
  const enough = ({ asked, accepted: took }: ReplicaAcceptance): boolean =>
    took > 0 && took >= Math.min(ACCEPTANCES_WANTED, asked)
  const weak = cutShort || !replicas.every(enough)
  const crowded = places.some(({ density }) => (density ?? 0) >= DENSITY_SUSPECT)
  return { replicas, accepted, refusals, weak, crowded }
}

/** Why nobody took it. Whoever is silent says nothing against the time being the reason. */
const refusal = (refusals: ReadonlyMap<ErrorCode, number>, heard: HeardTimes | undefined): DirectoryError => {
  const reasons = [...refusals].map(([code, count]) => `${code} from ${count}`).join(', ')
  const said = [...refusals.keys()].filter((code) => code !== 'ERR_TIMEOUT')
  const isTime = said.length > 0 && said.every((code) => TIME_CODES.includes(code))
  if (heard !== undefined && isTime && heard.reading().off) return heard.error(reasons)
  return new DirectoryError('ERR_PUBLISH_REFUSED', { hint: reasons || 'no node answered' })
}

/**
 * Puts records at one node that is close to a target.
 * @returns why it refused; null when it took them all
 */
export const putRecords = (
  network: DirectoryNetwork,
  { target, ...closest }: ClosestNode & { readonly target: Uint8Array },
  records: Records,
  signal: AbortSignal,
): Promise<ErrorCode | null> => putAll(network, closest, target, putsOf(records), signal)

/** Puts all records at one node; the first refusal ends it. */
const putAll = async (
  network: DirectoryNetwork,
  known: ClosestNode,
  target: Uint8Array,
  { entries, rest }: Puts,
  signal: AbortSignal,
): Promise<ErrorCode | null> => {
  const putInOrder = async (requests: readonly Uint8Array[]): Promise<ErrorCode | null> => {
    for (const request of requests) {
      const answer = await askAgain(network, known, { command: COMMAND.put, value: request, signal, target })
      if (answer === null) return 'ERR_TIMEOUT'
      const refused = readRefusal(answer)
      if (refused !== null) return refused
    }
    return null
  }
  // A node stores no entry without those before it: one that has the log says so at its last entry.
  const refused = await putInOrder(entries.slice(-1))
  if (refused !== null && refused !== 'ERR_PUT_GAP') return refused
  return putInOrder(refused === null ? rest : [...entries, ...rest])
}

const readRefusal = (answer: Uint8Array): ErrorCode | null => {
  try {
    return decodePutAnswer(answer).refused
  } catch {
    return 'ERR_REQUEST_DECODE'
  }
}
