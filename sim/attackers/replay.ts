import { replicaTargets } from '../../src/directory/replicas.ts'
import { COMMAND, encodeMessage } from '../../src/directory/request-format.ts'
import type { Statement } from '../people.ts'
import { type Attack, nearestHonest } from './attack.ts'

/** Its nodes behave. But it recorded every PUT, and sends the old ones again wherever the newer records are. */
export const replay: Attack = {
  name: 'replay',
  summary: 'puts superseded entries, cards and key halves again at the nodes that hold newer ones',
  strike: async (plot) => {
    const { world } = plot
    const client = world.client()
    for (const { id, statements } of world.truth.people) {
      const puts = statements.slice(0, -1).flatMap((statement) => putsOf(id, statement))
      for (const target of replicaTargets(id)) {
        const holders = nearestHonest(plot, target, 20)
        await Promise.all(
          holders.map(async ({ address }) => {
            for (const put of puts) await client.askWithToken(address, COMMAND.put, put, target)
          }),
        )
      }
    }
    client.close()
  },
}

const putsOf = (id: Uint8Array, { log, card }: Statement): readonly Uint8Array[] => [
  ...log.entries.map(({ envelope }) => encodeMessage({ t: 'entry', id, d: envelope })),
  encodeMessage({ t: 'card', id, d: card.envelope }),
]
