import type { ErrorTable } from './text.ts'

/** Codes of key logs and cards, in the order of the checks. */

const NOT_OURS =
  'do not use it: nothing that failed a check is kept or believed. Ask its owner if it comes again from the same place'
const NOT_THEM =
  'nothing was sent: what answered did not prove to be that peer. Try again later, and ask its owner if this stays'
const CLOCK = 'check the clock of this computer; if it is right, it was made with a wrong one'

export const KEY_LOG = {
  ERR_LOG_SIZE: ['the log entry is larger than 900 bytes', NOT_OURS],
  ERR_LOG_DECODE: ['the log entry does not decode', NOT_OURS],
  ERR_LOG_EMPTY: ['the log has no entries', NOT_OURS],
  ERR_LOG_TOO_LONG: [
    'the log has more entries than this version follows',
    'of your own identity: nothing can be added to it any more, so make a new one',
  ],
  ERR_LOG_ADDRESS: ['the log does not belong to this address', NOT_OURS],
  ERR_LOG_SEQ: ['the log entry does not follow the entry before: wrong sequence number', NOT_OURS],
  ERR_LOG_PREV: ['the log entry does not follow the entry before: wrong hash', NOT_OURS],
  ERR_LOG_RETIRED: [
    'the identity is retired: nothing follows the last entry',
    'a retired identity is not taken up again: make a new one',
  ],
  ERR_LOG_SIGNATURE: ['the log entry is not signed by its root key', NOT_OURS],
  ERR_LOG_ROOT: ['the new root key and its commitments are not the ones committed to', NOT_OURS],
  ERR_LOG_NEXT: ['an update keeps the commitment to the next root keys', NOT_OURS],
  ERR_LOG_SLOT: ['the slot, or where the next one will be, is not the one promised before', NOT_OURS],
  ERR_LOG_BRIDGE: ['a bridge of a key log leads on to a rotation, and this one does not', NOT_OURS],
  ERR_LOG_TIME_BACK: [
    'the log entry is older than the entry before',
    'check the clock of this computer: it is behind the time of the last entry',
  ],
  ERR_PROOF: ['this is no proof of a fork', 'nothing is proven by it'],
  ERR_LOG_FORK: [
    'two valid logs of the same identity contradict each other',
    'nothing is sent to it: ask its owner in another way which log is the right one, then verify the contact',
  ],
  ERR_ROLLBACK: [
    'an older truth than the one already seen was served',
    'do not trust this address before its owner has explained it to you in another way',
  ],
} as const satisfies ErrorTable

export const CARD = {
  ERR_CARD_SIZE: ['the card is larger than 900 bytes', NOT_THEM],
  ERR_CARD_DECODE: ['the card does not decode', NOT_THEM],
  ERR_CARD_ID: ['the card belongs to another identity', NOT_THEM],
  ERR_CARD_HEAD: [
    'the card does not name the last entry of the log',
    'look the identity up again: its log may have grown meanwhile',
  ],
  ERR_CARD_RETIRED: ['a retired identity has no card', 'ask its owner for the new address'],
  ERR_CARD_DEVICE: ['the card names a device the log does not have', NOT_THEM],
  ERR_CARD_SIGNATURE: ['the card is not signed by its device', NOT_THEM],
  ERR_CARD_WINDOW: ['the card is valid for a longer or emptier time than allowed', NOT_THEM],
  ERR_CARD_AHEAD: ['the card begins more than an hour ahead of this clock', CLOCK],
  ERR_CARD_EXPIRED: [
    'the card has expired',
    'check the clock of this computer; else its owner has to come online again',
  ],
  ERR_CARD_CHANNEL: ['the live card was made for another connection', NOT_THEM],
  ERR_CARD_KEM: ['the ML-KEM key is not the one the card names', NOT_THEM],
  ERR_CARD_SERIAL: ['a newer card of this device is known', 'publish a newer card; what is known stays'],
} as const satisfies ErrorTable

const NOT_THERE = 'it is passed over: what a slot must hold is decided by its key, and other nodes are asked as well'

export const SLOT = {
  ERR_SLOT_SIZE: ['what lies in the slot is larger than a slot holds', NOT_THERE],
  ERR_SLOT_DECODE: ['what lies in the slot does not decode', NOT_THERE],
  ERR_SLOT_PLACE: ['what was found belongs to another slot', NOT_THERE],
  ERR_SLOT_SIGNATURE: ['what lies in the slot is not signed by its key', NOT_THERE],
  ERR_SLOT_SEQ: ['the number of what lies in the slot is not the one it must have', NOT_THERE],
} as const satisfies ErrorTable
