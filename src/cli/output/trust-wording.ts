import { HEAD_DIGITS_MIN } from '../../core/limits/store-limits.ts'
import type { CliEvent, Wording } from './cli-events.ts'
import { describeOdd } from './dated.ts'
import { describeEvidence, describeVerdict } from './evidence-wording.ts'
import { count, duration, minutes, replaced } from './format.ts'
import { describeBranch } from './key-wording.ts'
import { CHANGES } from './notice-wording.ts'

/** How sure it is who somebody is, and that their keys are the latest, as people read it. */

type TrustWording = Pick<Wording, 'lookup' | 'evidence' | 'connected' | 'contact' | 'compare'>
type Trust = CliEvent<'connected'>['trust']

export const IDENTITY: Readonly<Record<Trust['identity'], string>> = {
  unknown: 'nobody has vouched for whose address this is: compare the safety number',
  pinned: 'you gave this address, or let it in: compare the safety number',
  verified: 'you compared the safety number',
}

/** Of somebody who is connected: it was looked up for that. */
export const describeFreshness = ({ freshness, reason }: Trust): string =>
  freshness === 'current'
    ? 'its keys are the latest that the network knows, checked just now'
    : `whether its keys are the latest is not certain: ${reason}`

/** What the owner signs anew every day: that the keys hold, and where they can be reached. */
const describeConfirmation = ({ expires, staleFor, clock }: CliEvent<'lookup'>): string => {
  if (clock.off)
    return `cannot be told by a clock that is off${expires === null ? '' : `: by its owner, until ${minutes(expires)}`}`
  if (expires === null) return 'no: nothing says that these keys are the latest, or where the peer can be reached'
  if (staleFor === null) return `by its owner, until ${minutes(expires)}`
  return `not for ${duration(staleFor)}: the last confirmation by its owner ran out ${minutes(expires)}`
}

const describeContactTrust = ({ trust, verified, added }: CliEvent<'contact'>): string =>
  trust === 'verified'
    ? `${IDENTITY.verified}${verified === null ? '' : ` on ${minutes(verified)}`}`
    : `${IDENTITY.pinned}; known since ${minutes(added)}`

/** What a person reads out of a hash, in groups of four. */
const digits = (hash: string): string => (hash.slice(0, HEAD_DIGITS_MIN).match(/.{4}/g) ?? []).join(' ')

export const trustWording: TrustWording = {
  lookup: (found) => [
    `address    ${found.address}`,
    `keys       ${replaced(found.epoch)}, ${count(found.seq + 1, 'entry', 'entries')} in the key log`,
    `last hash  ${found.head}`,
    ...describeOdd(found).map((line) => `dated      ${line}`),
    `status     ${found.status}${found.forked ? ', forked: another valid key log contradicts this one; trust neither' : ''}`,
    `confirmed  ${describeConfirmation(found)}`,
    `evidence   ${describeVerdict(found)}`,
    `trust      ${IDENTITY[found.trust.identity]}`,
    ...CHANGES[found.change].map((line) => `change     ${line}`),
  ],
  evidence: describeEvidence,
  connected: ({ peer, direction, trust, change, way }) => [
    `* ${direction === 'out' ? 'connected to' : 'connection from'} ${peer}${way === 'direct' ? '' : ', through a relay, which cannot read it'}`,
    `* ${IDENTITY[trust.identity]}`,
    `* ${describeFreshness(trust)}`,
    ...CHANGES[change].map((line) => `* ${line}`),
  ],
  contact: (contact) => [
    contact.address,
    `    name   ${contact.name ?? '-'}`,
    `    trust  ${describeContactTrust(contact)}`,
    `    keys   ${replaced(contact.epoch)}, ${count(contact.seq + 1, 'entry', 'entries')} in the key log`,
    ...describeOdd(contact).map((line) => `    dated  ${line}`),
    ...(contact.blocked ? ['    blocked: nothing is sent to it, and nothing of it is taken'] : []),
    ...(contact.forked
      ? [`    forked two key logs contradict each other, and nothing is sent: handfast verify ${contact.address}`]
      : []),
  ],
  compare: ({ safetyNumber, heads }) =>
    heads.length === 0
      ? ['safety number, which the other side must see as well:', `  ${safetyNumber}`]
      : [
          'two key logs of this address contradict each other: somebody else signs with its root key.',
          'Ask the owner, by voice, for the last hash that `handfast log` shows there. One of these must be it:',
          '',
          ...heads.map((head) => `  ${digits(head.head)}   ${describeBranch(head)}`),
          '',
          'If neither is, or the owner does not know of this, the owner should run handfast rotate.',
        ],
}
