import { replicaTargets } from '../../src/directory/replicas.ts'
import { COMMAND, encodeMessage } from '../../src/directory/request-format.ts'
import { newest } from '../people.ts'
import { holding, pretend } from './answers.ts'
import { type Attack, giveOrders, nearestHonest, type Order, type Plot } from './attack.ts'

/** Questions get noise, damaged records and records of others. And it tries to make honest nodes keep what nobody signed. */
export const garbage: Attack = {
  name: 'garbage',
  summary: 'answers with noise and damaged or foreign records, and puts forged ones',
  subvert: (member, plot) => giveOrders(member, plot, (ask) => pretend(ask, (id) => rubbish(plot, id))),
  strike: async (plot) => {
    const { world } = plot
    const client = world.client()
    for (const person of world.truth.people) {
      const { log, card, kem } = newest(person)
      const { id } = person
      const forged = [
        encodeMessage({ t: 'entry', id, d: damaged(plot, log.last.envelope) }),
        encodeMessage({ t: 'card', id, d: damaged(plot, card.envelope) }),
        encodeMessage({
          t: 'kem',
          id,
          card: card.hash,
          half: 0,
          d: damaged(plot, kem.slice(0, 592)),
        }),
      ]
      for (const target of replicaTargets(id)) {
        const victims = nearestHonest(plot, target, FORGERIES_AT)
        await Promise.all(
          victims.flatMap(({ address }) => forged.map((put) => client.askWithToken(address, COMMAND.put, put, target))),
        )
      }
    }
    client.close()
  },
}

/** Nodes near each target that are sent forged records. */
const FORGERIES_AT = 5

const damaged = ({ random }: Plot, bytes: Uint8Array): Uint8Array => {
  const at = random.integer(bytes.length)
  return bytes.map((byte, index) => (index === at ? byte ^ (1 + random.integer(255)) : byte))
}

const rubbish = (plot: Plot, id: Uint8Array): Order => {
  const { random, world } = plot
  const person = world.truth.people.find((one) => Buffer.compare(one.id, id) === 0)
  const real = person === undefined ? random.bytes(500) : holding(newest(person))
  const kinds: readonly (() => Uint8Array)[] = [
    () => random.bytes(1 + random.integer(995)),
    () => damaged(plot, real),
    () => real.slice(0, random.integer(real.length)),
    () => holding(newest(random.pick(world.truth.people))),
    // Claims more than any log can have, and shows nothing of it.
    () => encodeMessage({ tip: random.bytes(32), entryCount: 253, cardCount: 7, entries: [], cards: [], now: 0 }),
  ]
  return { value: random.pick(kinds)() }
}
