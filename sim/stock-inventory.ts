/** What nodes keep that know nothing of Handfast, seen from inside: to ask them all would be a crowd of its own. */

import { hex } from '../src/core/bytes.ts'
import { placeOfSlot } from '../src/core/epoch-keys.ts'
import { decodeMutableAnswer } from '../src/directory/stock/stock-format.ts'
import { internalsOf } from '../src/network/hyperdht-internals.ts'
import type { inspect } from './inspector.ts'
import { newest, type Person } from './people.ts'
import type { Member } from './world/world.ts'

/** The number of what a stock node keeps in a slot; null when it keeps nothing there, or nothing for others at all. */
const keptIn = ({ node }: Member, slot: Uint8Array): number | null => {
  const kept = internalsOf(node.dht)._persistent?.mutables.get(hex(placeOfSlot(slot)))
  return kept == null ? null : decodeMutableAnswer(kept).seq
}

/** Such a node verifies nothing, so that all there is to say of it is whether it keeps the newest card. */
export const inspectStock: typeof inspect = async (
  world,
  { people = world.truth.people, nodes = world.honest() } = {},
) => {
  const keeping = (is: (kept: number | null, person: Person) => boolean): ReadonlyMap<Person, readonly Member[]> =>
    new Map(
      people.map((person) => [
        person,
        nodes.filter((member) => is(keptIn(member, newest(person).log.last.entry.slot), person)),
      ]),
    )
  return {
    holders: keeping((kept) => kept !== null),
    current: keeping((kept, person) => kept === newest(person).slot.seq),
    violations: [],
  }
}
