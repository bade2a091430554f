/** Mallory puts forged records for Bob at every storage node, by proper requests with the nodes' own round-trip tokens. */

import { kemHalves } from '../../src/core/kem.ts'
import { EFFORT } from '../../src/directory/client/policies.ts'
import { search } from '../../src/directory/client/search.ts'
import { type ClosestNode, nameOf } from '../../src/directory/network-port.ts'
import { COMMAND, decodePutAnswer, encodeMessage, type PutRequest } from '../../src/directory/request-format.ts'
import { forgeRotation, forgeUpdate, withSignatureOf } from './forgeries.ts'
import { forgeCard, type Hand } from './hand.ts'

/** What the nodes said to one forged record: a code or 'accepted' or 'silent', and how many of them did. */
export type Reception = { readonly forgery: Forgery; readonly answers: Readonly<Record<string, number>> }

export type Forgery = 'card' | 'card-under-his-signature' | 'log' | 'update' | 'rotation' | 'kem-half'

const ASK_MS = 10_000

const forgedRecords = (hand: Hand): Readonly<Record<Forgery, PutRequest>> => {
  const { id } = hand.bob.log
  const card = forgeCard(hand, hand.bob.log).envelope
  const [first] = kemHalves(hand.kem.publicKey)
  return {
    card: { t: 'card', id, d: card },
    'card-under-his-signature': { t: 'card', id, d: withSignatureOf(hand.bob.card.envelope, card) },
    log: { t: 'entry', id, d: hand.identity.log.last.envelope },
    update: { t: 'entry', id, d: forgeUpdate(hand) },
    rotation: { t: 'entry', id, d: forgeRotation(hand) },
    'kem-half': { t: 'kem', id, card: hand.bob.card.hash, half: 0, d: first },
  }
}

/** Sends every forgery to every node that is responsible for Bob's records. */
export const storeForgeries = async (hand: Hand): Promise<readonly Reception[]> => {
  const nodes = await nodesAround(hand)
  const records = Object.entries(forgedRecords(hand)) as [Forgery, PutRequest][]
  return Promise.all(
    records.map(async ([forgery, record]) => {
      const answers: Record<string, number> = {}
      await Promise.all(
        nodes.map(async ({ target, node, token }) => {
          const options = { signal: AbortSignal.timeout(ASK_MS), target, token }
          const put = { command: COMMAND.put, value: encodeMessage(record), ...options }
          const value = (await hand.directory.request(node, put))?.value ?? null
          const said = value === null ? 'silent' : (decodePutAnswer(value).refused ?? 'accepted')
          answers[said] = (answers[said] ?? 0) + 1
        }),
      )
      return { forgery, answers }
    }),
  )
}

type Reached = ClosestNode & { readonly target: Uint8Array }

/** The nodes closest to each of the places where Bob's records live, each once, with the token it gave her. */
const nodesAround = async ({ bob, directory }: Hand): Promise<readonly Reached[]> => {
  const reached = new Map<string, Reached>()
  const options = { effort: EFFORT.thorough, signal: AbortSignal.timeout(ASK_MS), onAnswer: () => undefined }
  for (const { target, closest } of await search(directory, bob.log.id, options))
    for (const node of closest) reached.set(nameOf(node.node), { ...node, target })
  return [...reached.values()]
}
