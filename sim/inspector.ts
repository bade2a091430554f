/**
 * Asks every honest storage node what it keeps of everybody, over the network like any stranger, and holds it against what was really
 * signed.
 */

import {
  COMMAND,
  decodeGetAnswer,
  decodeGetKemHalfAnswer,
  encodeMessage,
  type GetAnswer,
} from '../src/directory/request-format.ts'
import type { Violation } from './observer.ts'
import { newest, type Person } from './people.ts'
import type { Client } from './world/client.ts'
import type { Member, World } from './world/world.ts'

export type Inventory = {
  /** honest nodes that keep anything of the person, and those that keep the newest log */
  readonly holders: ReadonlyMap<Person, readonly Member[]>
  readonly current: ReadonlyMap<Person, readonly Member[]>
  readonly violations: readonly Violation[]
}

/** Whom to ask about whom; default: everybody about everybody. */
export type Scope = { readonly people?: readonly Person[]; readonly nodes?: readonly Member[] }

/** Nodes asked at the same time. */
const AT_ONCE = 32
/** One machine asks about this many people: nodes may limit what they tell one address. */
const PEOPLE_PER_CLIENT = 25

export const inspect = async (
  world: World,
  { people = world.truth.people, nodes = world.honest() }: Scope = {},
): Promise<Inventory> => {
  const holders = new Map<Person, Member[]>(people.map((person) => [person, []]))
  const current = new Map<Person, Member[]>(people.map((person) => [person, []]))
  const violations: Violation[] = []

  const look = async (client: Client, member: Member, person: Person): Promise<void> => {
    const held = await readAll(client, member, person.id)
    if (held === null || held.tip === null) return
    holders.get(person)?.push(member)
    if (Buffer.compare(held.tip, newest(person).log.last.hash) === 0) current.get(person)?.push(member)
    const halves = await readHalves(client, member, person)
    if (![...held.entries, ...held.cards, ...halves].every((item) => world.truth.isGenuine(item))) {
      const what = `${member.address.host}:${member.address.port} keeps of ${person.name} what nobody signed`
      violations.push({ invariant: 'unverified-stored', what })
    }
  }

  for (let from = 0; from < people.length; from += PEOPLE_PER_CLIENT) {
    const client = world.client()
    const some = people.slice(from, from + PEOPLE_PER_CLIENT)
    const queue = [...nodes]
    const work = async (): Promise<void> => {
      for (let member = queue.pop(); member !== undefined; member = queue.pop()) {
        for (const person of some) await look(client, member, person)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    client.close()
  }
  return { holders, current, violations }
}

type Held = Pick<GetAnswer, 'tip' | 'entries' | 'cards'>

/** Page after page of what one node serves; null when it does not answer. */
const readAll = async (client: Client, { address }: Member, id: Uint8Array): Promise<Held | null> => {
  const entries: Uint8Array[] = []
  const cards: Uint8Array[] = []
  for (;;) {
    const from = entries.length + cards.length
    // With a token: a node tells a stranger little that has not shown where it receives.
    const first = await client.askWithToken(address, COMMAND.get, encodeMessage({ id, from }), null)
    if (first === null || first.value === null) return null
    const page = decodeGetAnswer(Uint8Array.from(first.value))
    entries.push(...page.entries)
    cards.push(...page.cards)
    const more = page.entries.length + page.cards.length
    if (more === 0 || from + more >= page.entryCount + page.cardCount) return { tip: page.tip, entries, cards }
  }
}

const readHalves = async (client: Client, { address }: Member, person: Person): Promise<readonly Uint8Array[]> => {
  const { card } = newest(person)
  const halves: Uint8Array[] = []
  for (const half of [0, 1]) {
    const question = encodeMessage({ id: person.id, card: card.hash, half })
    const reply = await client.askWithToken(address, COMMAND.getKemHalf, question, null)
    const held = reply?.value == null ? null : decodeGetKemHalfAnswer(Uint8Array.from(reply.value)).half
    if (held !== null) halves.push(held)
  }
  return halves
}
