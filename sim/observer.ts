/**
 * Watches lookups from outside. It knows what is true and what reached the reader; of the code that it judges it uses nothing but the
 * answer.
 */

import { newest, type Person } from './people.ts'
import type { Outcome } from './production.ts'
import { nameOf } from './world/network.ts'
import { isReply } from './world/wire.ts'
import type { Member, World } from './world/world.ts'

export type Observation = {
  readonly person: string
  readonly verdict: Outcome['verdict']
  /** whether the log returned is the newest that had been published */
  readonly newest: boolean
  /** whether an honest node's word of the newest log reached the reader in time */
  readonly reached: boolean
  /** milliseconds of virtual time */
  readonly duration: number
  /** datagrams the reader sent meanwhile */
  readonly sent: number
}

/** What must never happen, and did. */
export type Violation = {
  readonly invariant:
    | 'superseded-as-current'
    | 'expired-as-current'
    | 'eclipse-as-fresh'
    | 'unverified-returned'
    | 'unverified-stored'
  readonly what: string
}

export type Observer = {
  /** Has `reader` look `person` up, and judges what it got. */
  lookup(reader: Member, person: Person): Promise<Observation>
  readonly observations: readonly Observation[]
  readonly violations: Violation[]
}

type Watch = { readonly head: Buffer; sent: number; reached: boolean }

export const createObserver = (world: World): Observer => {
  /** By the reader's host: each does one lookup at a time. */
  const watches = new Map<string, Watch>()
  const observations: Observation[] = []
  const violations: Violation[] = []

  world.network.watch('sent', ({ from }) => {
    const watch = watches.get(from.host)
    if (watch !== undefined) watch.sent += 1
  })
  world.network.watch('arrived', ({ from, to, data }) => {
    const watch = watches.get(to.host)
    if (watch === undefined || watch.reached || !isReply(data)) return
    if (world.members.get(nameOf(from))?.honest !== true) return
    // An answer names the last entry by its hash, so that hash is in every answer of a node that has it.
    watch.reached = data.includes(watch.head)
  })

  const lookup: Observer['lookup'] = async (reader, person) => {
    const expected = person.published ?? newest(person).log
    const watch: Watch = { head: Buffer.from(expected.last.hash), sent: 0, reached: false }
    watches.set(reader.machine.host, watch)
    const began = world.clock.now()
    const outcome = await world.production.lookup(reader.directory, person.id)
    watches.delete(reader.machine.host)

    const isNewest = outcome.log !== null && reaches(outcome.log, expected.last.hash, expected.entries.length - 1)
    const observation = {
      person: person.name,
      verdict: outcome.verdict,
      newest: isNewest,
      reached: watch.reached,
      duration: world.clock.now() - began,
      sent: watch.sent,
    }
    observations.push(observation)
    violations.push(...judge(world, person, outcome, observation))
    return observation
  }
  return { lookup, observations, violations }
}

/** Whether entry number `seq` of a log is the one with this hash: the log is that one or continues it. */
const reaches = (log: NonNullable<Outcome['log']>, hash: Uint8Array, seq: number): boolean => {
  const entry = log.entries[seq]
  return entry !== undefined && Buffer.compare(entry.hash, hash) === 0
}

const judge = (world: World, person: Person, outcome: Outcome, seen: Observation): Violation[] => {
  const violations: Violation[] = []
  const { log, card, verdict } = outcome
  if (verdict === 'fresh' && !seen.newest) {
    const invariant = seen.reached ? 'superseded-as-current' : 'eclipse-as-fresh'
    const how = seen.reached ? 'though an honest copy of the newest reached the reader' : 'no honest copy reached it'
    violations.push({ invariant, what: `${person.name}: a superseded log was called current, ${how}` })
  }
  if (verdict === 'fresh' && newest(person).card.card.until * 1000 < world.clock.now()) {
    violations.push({
      invariant: 'expired-as-current',
      what: `${person.name}: called current, and every card has run out`,
    })
  }
  const items = [...(log?.entries.map(({ envelope }) => envelope) ?? []), ...(card === null ? [] : [card])]
  if (!items.every((item) => world.truth.isGenuine(item))) {
    violations.push({ invariant: 'unverified-returned', what: `${person.name}: a lookup returned what nobody signed` })
  }
  if (log !== null && Buffer.compare(log.id, person.id) !== 0) {
    violations.push({
      invariant: 'unverified-returned',
      what: `${person.name}: a lookup returned the log of somebody else`,
    })
  }
  return violations
}
