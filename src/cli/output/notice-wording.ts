import type { Change } from '../../core/floor.ts'
import type { CliEvent } from './cli-events.ts'
import { shortAddress } from './format.ts'

/** What people are told without having asked. */

export const CHANGES: Readonly<Record<Change, readonly string[]>> = {
  none: [],
  updated: ['its owner changed the keys of a device since you saw it last; the root key is the same'],
  rotated: ['its owner replaced all its keys since you saw it last, by the recovery phrase'],
  superseded: [
    'its owner took back keys that you had accepted: somebody else had them, or they were lost;',
    'what you received under them may not be from the owner',
  ],
}

type About = { readonly address: string; readonly why: string }

export const NOTICES: Readonly<Record<CliEvent<'notice'>['about'], (about: About) => readonly string[]>> = {
  forked: ({ address }) => [
    `handfast: two key logs of ${address} contradict each other: somebody else signs with its root key.`,
    'hint: handfast verify decides between them; the owner ends it with handfast rotate',
  ],
  'peer-twin': ({ address }) => [
    `handfast: ${shortAddress(address)} seems to run twice, or somebody copied its keys: two data folders of it take turns.`,
    'hint: ask its owner in another way; it ends when one of the two is stopped, or with handfast renew there',
  ],
  'rolled-back': ({ why }) => [
    `handfast: this data folder is an earlier state of itself: a later one signed at ${why}.`,
    'hint: what could be lost by it is sent again, by itself; what was written after that state, and not sent, is not here',
  ],
  copied: ({ why }) => [
    `handfast: another copy of this data folder was in use as this device, at ${why}.`,
    'hint: if that was not you, somebody has your keys: replace them with handfast renew',
  ],
  'not-published': ({ why }) => [`handfast: could not be published anew, next try in 6 hours: ${why}`],
  unconfirmed: ({ why }) => [
    'handfast: others may not find your latest keys, though nodes accepted them.',
    `hint: it is tried again by itself; who looks you up now is told: ${why}`,
  ],
  'mailbox-failed': ({ address, why }) => [
    `handfast: fetching from the mailbox ${shortAddress(address)} failed: ${why}`,
    'hint: if this stays, name another one, and take this one away: handfast mailboxes hf1… --remove',
  ],
  'mailbox-lost': () => [
    'handfast: the parcels that this mailbox kept for others (mailbox.db) are gone from the data folder; a new file is in its place.',
    'hint: put it back while the mailbox is stopped; else who left something leaves it again, as long as it is not confirmed',
  ],
  missed: ({ why }) => [
    `handfast: more happened than could be shown, and some of it was left out, but no message: ${why} events.`,
    'hint: handfast messages and handfast files tell all of it',
  ],
}
