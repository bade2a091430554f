/** Mallory stores forged records for Bob; every storage node must refuse every one, for the right reason. */

import { decodeAddress } from '../../src/index.ts'
import type { Forgery } from '../attacks/forged-card.ts'
import type { Mallory } from '../mallory.ts'
import type { Network } from '../network.ts'
import type { Person } from '../person.ts'
import type { Step } from '../stage.ts'
import { describeEvidence, type Published } from './meeting.ts'

const EXPECTED: Readonly<Record<Forgery, { readonly name: string; readonly code: string }>> = {
  card: { name: 'a card with her keys, signed by her', code: 'ERR_CARD_SIGNATURE' },
  'card-under-his-signature': { name: 'her keys under Bob’s own signature', code: 'ERR_CARD_SIGNATURE' },
  log: { name: 'her key log under Bob’s address', code: 'ERR_LOG_ADDRESS' },
  update: { name: 'an update of Bob’s log, signed by her', code: 'ERR_LOG_SIGNATURE' },
  rotation: { name: 'a rotation of Bob’s log to her root key', code: 'ERR_LOG_ROOT' },
  'kem-half': { name: 'her ML-KEM key for Bob’s own card', code: 'ERR_PUT_KEY_HALF' },
}

export type Forging = {
  readonly alice: Pick<Person, 'lookup'>
  readonly mallory: Pick<Mallory, 'storeForgeries'>
  readonly network: Network
  /** Bob's address */
  readonly address: string
  readonly published: Published
}

export const forgeCards = async (
  step: Step,
  { alice, mallory, network, address, published }: Forging,
): Promise<void> => {
  const everyNode = network.nodes.length
  step.say('Proper requests to every node, with the round-trip token it gave her.')
  step.say('What the nodes answer to:')
  for (const { forgery, answers } of await mallory.storeForgeries()) {
    const { name, code } = EXPECTED[forgery]
    const said = Object.entries(answers).map(([answer, count]) => `${answer} from ${count}`)
    step.check(name, said.join(', '), `${code} from ${everyNode}`)
  }
  const intact = network
    .holdings(decodeAddress(address))
    .filter(({ head, card }) => head === published.head && card === published.card)
  step.check('nodes that still keep what Bob published', intact.length, everyNode)
  const found = await alice.lookup(address)
  step.show('Alice', describeEvidence(found.evidence))
  step.check('Bob’s head is the one published', found.head, published.head)
  step.check('Bob’s card is the one published', found.card, published.card)
}
