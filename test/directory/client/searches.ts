import type { SignedCard } from '../../../src/core/card.ts'
import type { KeyLog } from '../../../src/core/key-log.ts'
import type { Evidence } from '../../../src/directory/client/evidence.ts'
import { type Lookup, lookup } from '../../../src/directory/client/lookup.ts'
import type { Policy } from '../../../src/directory/client/policies.ts'
import { NOW } from '../../core/identities.ts'
import type { MemoryNetwork, MemoryNode } from '../memory-network.ts'
import { allPuts, putAll } from '../records.ts'

/** Lookups in a network in memory. */

export const never = (): AbortSignal => new AbortController().signal

/** Looks an identity up; `now` is the looker's clock. */
export const find = (
  { network }: Pick<MemoryNetwork, 'network'>,
  id: Uint8Array,
  signal: AbortSignal = never(),
  now: number = NOW,
  policy?: Policy,
): Promise<Lookup> => lookup(network, id, { now, signal, policy })

/** Lets nodes hold a log and cards of it. */
export const fill = (nodes: readonly MemoryNode[], held: KeyLog, cards: readonly SignedCard[] = []): void => {
  for (const { storage } of nodes) putAll(storage, [...allPuts(held), ...cards.flatMap((one) => allPuts(held, one))])
}

const COUNTS = ['answered', 'agreeing', 'older', 'empty', 'unread', 'invalid', 'failed', 'complete'] as const

/** How many nodes said what, and whether all were heard. */
export type Counts = Pick<Evidence, (typeof COUNTS)[number]>

export const countsOf = ({ evidence }: Pick<Lookup, 'evidence'>): Partial<Counts> =>
  Object.fromEntries(COUNTS.map((name) => [name, evidence[name]]))

/** What 20 nodes that all answer give, but for what is named. */
export const counts = (named: Partial<Counts>): Counts => ({
  answered: 20,
  agreeing: 0,
  older: 0,
  empty: 0,
  unread: 0,
  invalid: 0,
  failed: 0,
  complete: true,
  ...named,
})
