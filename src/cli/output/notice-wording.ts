import type { Change } from '../../core/floor.ts'
import type { CliEvent } from './events.ts'
import { shortAddress } from './format.ts'

/** What people are told of others without having asked. */

export const CHANGES: Readonly<Record<Change, readonly string[]>> = {
  none: [],
  updated: ['its owner changed the keys of a device since you saw it last; the root key is the same'],
  rotated: ['its owner replaced all its keys since you saw it last, by the recovery phrase'],
  superseded: [
    'its owner took back keys that you had accepted: somebody else had them, or they were lost;',
    'what you received under them may not be from the owner',
  ],
}

type About = { readonly address: string; readonly change: Change; readonly why: string }

export const NOTICES: Readonly<Record<CliEvent<'notice'>['about'], (about: About) => readonly string[]>> = {
  superseded: ({ why }) => [`handfast: ${why}`],
  forked: ({ address }) => [
    `handfast: two key logs of ${address} contradict each other: somebody else signs with its root key.`,
    'hint: handfast verify decides between them; the owner ends it with handfast rotate',
  ],
  changed: ({ address, change }) => CHANGES[change].map((line) => `* ${shortAddress(address)}: ${line}`),
  'not-published': ({ why }) => [`handfast: could not be published anew, next try in 6 hours: ${why}`],
  unconfirmed: ({ why }) => [
    'handfast: others may not find your latest keys, though nodes accepted them.',
    `hint: what is found instead is ${why}; others try again with every lookup`,
  ],
  'mailbox-failed': ({ address, why }) => [
    `handfast: the mailbox ${shortAddress(address)} did not hand out anything: ${why}`,
  ],
}
