/** Five of Mallory's nodes join the network, nearest to Bob's records, and answer lookups with her keys. */

import type { Mallory } from '../mallory.ts'
import type { Network } from '../network.ts'
import type { Person } from '../person.ts'
import type { Step } from '../stage.ts'
import { describeEvidence, type Published } from './meeting.ts'

/** What each lie is, and the check it fails. */
const LIES = [
  { name: 'her own log and card', code: 'ERR_LOG_ADDRESS' },
  { name: 'an update of Bob’s log, signed by her', code: 'ERR_LOG_SIGNATURE' },
  { name: 'a rotation of Bob’s log to her root key', code: 'ERR_LOG_ROOT' },
  { name: 'Bob’s log, and a card signed by her', code: 'ERR_CARD_SIGNATURE' },
  { name: 'random bytes', code: 'ERR_REQUEST_DECODE' },
] as const

export type Lying = {
  readonly alice: Pick<Person, 'lookup'>
  readonly mallory: Pick<Mallory, 'startLiars' | 'liesTold'>
  readonly network: Network
  /** Bob's address */
  readonly address: string
  readonly published: Published
}

export const answerLookups = async (
  step: Step,
  { alice, mallory, network, address, published }: Lying,
): Promise<void> => {
  const liars = await mallory.startLiars(network.nodes.map(({ port }) => port))
  step.say('Five storage nodes of hers join, at ports chosen so that their ids lie')
  step.say('nearest to where Bob’s records are kept (1: nearer than every honest node).')
  step.show('ports', liars.map(({ port }) => port).join(', '))
  step.show('nearness', liars.map(({ rank }) => rank).join(', '))

  const found = await alice.lookup(address)
  step.show('Alice', describeEvidence(found.evidence))
  step.say('What Alice’s own checks say of each lie:')
  for (const { name, code } of LIES) step.check(name, `${code} from ${found.verdicts[code] ?? 0}`, `${code} from 1`)
  step.checkAtLeast('lies told to her', await mallory.liesTold(), LIES.length)
  step.check('nodes she counts as invalid', found.evidence.invalid, LIES.length)
  step.check('Bob’s head is the one published', found.head, published.head)
  step.check('Bob’s card is the one published', found.card, published.card)
}
