/** The course of most runs: people publish, some nodes turn bad, people replace their keys, and readers look them up. */

import type { Attack, Plot } from './attackers/attack.ts'
import { type Inventory, inspect } from './inspector.ts'
import { createObserver, type Observation, type Violation } from './observer.ts'
import { newest, type Person, type Statement } from './people.ts'
import type { Member, World } from './world/world.ts'

export type SiegeSettings = {
  readonly nodes: number
  /** null for the attack-free course everything is compared with */
  readonly attack: Attack | null
  /** share of the storage nodes that attack */
  readonly attackers: number
  readonly people: number
  readonly lookups: number
  /** how to see what honest nodes keep; default: by asking them like a stranger */
  readonly inspect?: typeof inspect | undefined
}

export type Siege = {
  readonly observations: readonly Observation[]
  readonly inventory: Inventory
  readonly violations: readonly Violation[]
  /** acceptances that publishers counted, of each update */
  readonly accepted: readonly number[]
}

/** Publishers at the same time; lookups one reader does, so that what it learned of bad nodes does not decide everything. */
const PUBLISHERS = 8
const LOOKUPS_PER_READER = 5
const READERS_AT_ONCE = 16
const SETTLE_MS = 30_000

export const besiege = async (world: World, settings: SiegeSettings): Promise<Siege> => {
  const { nodes, attack, attackers: share, people: count } = settings
  const members = await world.grow(nodes)
  const people = Array.from({ length: count }, (_, index) => world.truth.create(`person ${index}`, world.clock.now()))
  const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, () => world.reader()))

  const random = world.random.fork('plot')
  const attackers = attack === null ? [] : random.sample(members, Math.round(nodes * share))
  const plot: Plot = { world, random, attackers }
  for (const member of attackers) attack?.subvert?.(member, plot)

  await publishAll(world, publishers, people)
  await world.clock.wait(SETTLE_MS)
  for (const [index, person] of people.entries()) {
    world.truth.supersede(person, world.clock.now(), { rotate: index % 2 === 0 })
  }
  const accepted = await publishAll(world, publishers, people)
  await attack?.strike?.(plot)

  const observer = createObserver(world)
  await lookUpAll(world, people, settings.lookups, (reader, person) => observer.lookup(reader, person))
  const inventory = await (settings.inspect ?? inspect)(world)
  const violations = [...observer.violations, ...inventory.violations]
  return { observations: observer.observations, inventory, violations, accepted }
}

/** Publishes everybody's newest statement, a few at a time. @returns acceptances counted for each */
export const publishAll = async (
  world: World,
  publishers: readonly Member[],
  people: readonly Person[],
): Promise<readonly number[]> => {
  const queue = people.map((person, index) => ({ person, index }))
  const accepted: number[] = []
  await Promise.all(
    publishers.map(async (publisher) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        accepted[next.index] = await publishNewest(world, publisher, next.person)
      }
    }),
  )
  return accepted
}

export const publishNewest = async (world: World, publisher: Member, person: Person): Promise<number> => {
  const statement: Statement = newest(person)
  const { accepted } = await world.production.publish(publisher.directory, statement)
  person.published = statement.log
  return accepted
}

/**
 * Lets owners do what a peer does that stays online: it publishes again on schedule, with a fresh card, and repairs meanwhile.
 * @returns ends that
 */
export const keepPublished = (world: World, owners: ReadonlyMap<Person, Member>): (() => void) => {
  let stopped = false
  const keep = async (person: Person, owner: Member): Promise<void> => {
    const { republishMs, repairMs, repair } = world.production
    for (let next = world.clock.now() + republishMs; ; ) {
      await world.clock.wait(repairMs)
      if (stopped) return
      if (world.clock.now() < next) {
        await repair(owner.directory, newest(person))
        continue
      }
      next += republishMs
      world.truth.renewCard(person, world.clock.now())
      await publishNewest(world, owner, person)
    }
  }
  for (const [person, owner] of owners) void keep(person, owner)
  return () => {
    stopped = true
  }
}

/** Spreads `count` lookups over people and over fresh readers, each of which does a handful and is gone. */
export const lookUpAll = async (
  world: World,
  people: readonly Person[],
  count: number,
  lookUp: (reader: Member, person: Person) => Promise<unknown>,
): Promise<void> => {
  let done = 0
  const read = async (): Promise<void> => {
    while (done < count) {
      const first = done
      done = Math.min(count, done + LOOKUPS_PER_READER)
      const last = done
      const reader = await world.reader()
      for (let index = first; index < last; index++) {
        const person = people[index % people.length]
        if (person !== undefined) await lookUp(reader, person)
      }
      await reader.node.close()
    }
  }
  await Promise.all(Array.from({ length: READERS_AT_ONCE }, read))
}
