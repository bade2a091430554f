import type { ErrorTable } from './text.ts'

/** Codes of the directory, the network and mailboxes. */

const TRY_LATER = 'try again; if this stays, ask whoever runs nodes of the network whether they are up'
const BUG = 'try again; if this stays, the two sides may have different versions of Handfast'
const NOT_KEPT = 'nothing was stored: publish what it names first, then this'

export const DIRECTORY = {
  ERR_REQUEST_DECODE: ['the directory request or answer does not decode', BUG],
  ERR_PUT_GAP: ['the entry before is missing: put it first', NOT_KEPT],
  ERR_PUT_FULL: ['the storage node has no room for this record', 'other nodes may have: it is published at several'],
  ERR_PUT_RATE: [
    'the storage node has had too much work from this network: try again later',
    'wait some minutes; others behind the same network count too',
  ],
  ERR_PUT_CARD_FIRST: ['a key half is kept only for a card that names it', NOT_KEPT],
  ERR_PUT_KEY_HALF: ['the key half is not the one the card names', 'publish the key that belongs to the card'],
  ERR_LOOKUP_NOT_FOUND: [
    'no node that was asked holds this identity',
    'its owner has to publish it on this network: records are forgotten after 7 days',
  ],
  ERR_LOOKUP_INCOMPLETE: ['too few nodes answered to say whether the identity exists', TRY_LATER],
  ERR_LOOKUP_DOUBTFUL: [
    'something newer than what was found may be hidden, and a root key that is already in use would fork the identity',
    'try again later or from another network; or insist with --even-doubtful',
  ],
  ERR_READ_BACK: [
    'what was stored could not be read back',
    'the nodes near it lose or hide records: see whether this stays',
  ],
  ERR_CLOCK: [
    'the clock of this computer is off, as others have it',
    'set the clock of this computer; if it is right, theirs are wrong: say that it is right, or use other nodes',
  ],
  ERR_PUBLISH_SLOT: [
    'this device does not have the key of its slot, where nodes of any HyperDHT network keep its card',
    'rotate with the recovery phrase: the next slot then has its key here; on nodes of your own it is not needed',
  ],
  ERR_PUBLISH_REFUSED: ['no storage node accepted the record', TRY_LATER],
} as const satisfies ErrorTable

export const NETWORK = {
  ERR_NETWORK_MISSING: [
    'nobody has said which network: public, lan, or nodes of your own',
    'say public (the HyperDHT network, of nodes that strangers keep), lan (nothing beyond the local network), or host:port of nodes of your own',
  ],
  ERR_NETWORK_FORMAT: [
    'a network is public, lan, or nodes as host:port, with an IPv4 address or host name',
    'write for example 127.0.0.1:4000, or several separated by commas',
  ],
  ERR_NETWORK_HOST: ['the host is not an IPv4 address of this machine', 'give one of its addresses, such as 127.0.0.1'],
  ERR_NETWORK_UNREACHABLE: [
    'no node of the network answered',
    'check the list of nodes, that a node runs there, and that this network lets UDP through',
  ],
  ERR_RELAY_KEY: ['this is no key of a relay', 'give the 64 digits that handfast node --relay prints, or none'],
  ERR_PORT_IN_USE: ['the port is in use by another process', 'choose another port, or 0 for any free one'],
  ERR_PORT_DENIED: [
    'the port is outside 0 to 65535, or this user may not open it',
    'choose a port above 1023, or 0 for any free one',
  ],
  ERR_STORAGE_ADDRESS: [
    'other nodes do not see this one at a steady address: a storage node must be reachable',
    'run it where others can reach it: with a public address, or a forwarded UDP port',
  ],
  ERR_LOOPBACK_ONLY: [
    'this node may only send to 127.0.0.0/8',
    'on 127.0.0.0/8 nothing leaves this machine: use another host, or a list of nodes here',
  ],
} as const satisfies ErrorTable

const OTHER_MAILBOX = 'use another mailbox, or try again later'

export const MAILBOX = {
  ERR_MAILBOX_USELESS: [
    'the mailbox hands out parcels that are of no use to anybody here',
    'mail comes from the other mailboxes all the same; name another one instead of it: its host lies, or others fill it',
  ],
  ERR_PARCEL: [
    'the parcel does not open with these keys',
    'it is dropped: its sender used keys that are not kept here',
  ],
  ERR_MAILBOX_NONE: ['the other side keeps no mailbox', 'name an address that does'],
  ERR_MAILBOX_ONLY: [
    'the other side is a mailbox, and nobody to talk to',
    'give the address of whom you want to talk to',
  ],
  ERR_MAILBOX_COUNT: ['a card names at most three mailboxes', 'remove one first'],
  ERR_MAILBOX_UNNAMED: ['this is none of your mailboxes', 'list those that you have named'],
  ERR_MAILBOX_REQUEST: ['what was said to or by a mailbox does not decode, or is out of turn', BUG],
  ERR_MAILBOX_SIZE: ['the parcel has none of the sizes that mailboxes take', 'send less at once'],
  ERR_MAILBOX_RECIPIENT: [
    'the recipient does not name this mailbox in its card',
    'look the recipient up again: its card says which mailboxes it has now',
  ],
  ERR_MAILBOX_FULL: ['the mailbox has no more room for this recipient, or for anybody', OTHER_MAILBOX],
  ERR_MAILBOX_SOURCE: ['the mailbox keeps too much from this network already', OTHER_MAILBOX],
  ERR_MAILBOX_BUSY: ['the mailbox has too many guests at the moment', 'try again in a moment'],
  ERR_MAILBOX_PROOF: [
    'nothing proves to the mailbox that its guest is the recipient',
    'fetch anew: a challenge is good for one proof on one connection',
  ],
} as const satisfies ErrorTable
