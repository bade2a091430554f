import type { ErrorTable } from './text.ts'

/** Codes of talking to a peer: handshake, session, connection, streams, contacts, messages and files. */

const NOT_THEM =
  'nothing was sent: what answered did not prove to be that peer. Try again later, and ask its owner if this stays'
const ENDED = 'the session was ended to be safe; connect again to go on'
const DROPPED = 'the message was not delivered, and nothing else has changed'
const VERSIONS = 'try again; if this stays, the two sides may have different versions of Handfast'

export const HANDSHAKE = {
  ERR_HELLO_DECODE: ['the hello does not decode', NOT_THEM],
  ERR_HELLO_VERSION: [
    'the hello has a version this peer does not speak',
    'use the same version of Handfast on both sides',
  ],
  ERR_HELLO_CARD: ['the hello was made for another card', 'connect again: the newer card is looked up then'],
  ERR_HELLO_REPLAY: ['the hello was received before', NOT_THEM],
  ERR_HELLO_SEALED: ['the hello does not open: its sender used other keys', NOT_THEM],
  ERR_HELLO_DEVICE: ['the hello names a device its log does not have', NOT_THEM],
  ERR_HELLO_SIZE: ['the first message is too long to travel in a hello', 'send a shorter one first'],
} as const satisfies ErrorTable

export const SESSION = {
  ERR_SESSION_HEADER: ['the message header does not decode', ENDED],
  ERR_SESSION_OTHER: ['the message belongs to another session', ENDED],
  ERR_SESSION_DUPLICATE: ['the message was already received, or is too old', DROPPED],
  ERR_SESSION_SKIP: ['too many messages are missing before this one', ENDED],
  ERR_SESSION_TOKEN: ['the message does not verify', ENDED],
  ERR_SESSION_NOT_READY: [
    'the session cannot send before it has received',
    'wait for the first message of the side that began',
  ],
  ERR_SESSION_CORRUPT: ['a stored session is damaged', 'drop it, and begin a new one with a handshake'],
  ERR_SESSION_VERSION: [
    'a stored session was written by another version',
    'drop it, and begin a new one with a handshake',
  ],
} as const satisfies ErrorTable

export const CONNECTION = {
  ERR_CONNECT: [
    'the peer could not be reached',
    'it may have gone since its card was published: try again later, or send a message that waits for it',
  ],
  ERR_CONNECT_NATS: [
    'both sides are behind NATs that give each partner another port: there is no direct way between them',
    'one of you can name a relay: handfast listen --relay-through, with the key that handfast node --relay prints',
  ],
  ERR_CONNECT_RELAY: [
    'the peer could be reached neither directly nor through the relay that it names',
    'try again later, or send a message that waits for it; the other side can name another relay, or none',
  ],
  ERR_CONNECTION_LOST: [
    'the connection ended without a goodbye',
    'connect again; what was sent last may not have arrived',
  ],
  ERR_CONNECTION_CLOSED: ['the connection is closed', 'connect again to go on'],
  ERR_FRAME_SIZE: [
    'a frame is larger than 64 KiB',
    'send less at once; where the other side sent it, the two sides may have different versions of Handfast',
  ],
  ERR_FRAME_WINDOW: ['the other side sent more than there was room for', VERSIONS],
  ERR_FRAME: ['a frame does not decode or arrives out of turn', VERSIONS],
  ERR_FRAME_VERSION: [
    'the other side speaks another version of the protocol',
    'use the same version of Handfast on both sides',
  ],
  ERR_TIMEOUT: ['the other side did not answer in time', 'try again in a moment'],
  ERR_REMOTE: ['the other side refused and said why', 'the code in brackets is what the other side gave as its reason'],
  ERR_KEYS_REPLACED: ['the owner has replaced the keys of this connection', 'connect again: its owner has new keys'],
} as const satisfies ErrorTable

export const STREAM = {
  ERR_STREAM_PROTOCOL: [
    'nobody there serves this protocol',
    'check its name and that of the application; the other side has to serve both',
  ],
  ERR_STREAM_LIMIT: ['too many streams are open on this connection', 'end some of them, and read them to their end'],
  ERR_STREAM_RESET: ['the stream was ended before it was complete', 'open another one; what was sent last may be lost'],
  ERR_STREAM_SERVED: [
    'this protocol is served already',
    'share the streams of one loop, or end it before you begin another',
  ],
  ERR_STREAM_NAME: [
    'this is no name of an application or protocol',
    'use 1 to 64 of a-z 0-9 . _ - and /, beginning with a letter or digit',
  ],
} as const satisfies ErrorTable

export const PEER = {
  ERR_PEER_NO_CARD: [
    'the identity exists, but nothing says where it can be reached',
    'its owner has to come online, so that a card is published',
  ],
  ERR_PEER_RETIRED: ['the identity is retired', 'ask its owner for the new address'],
  ERR_PEER_NOT_HERE: ['the other side is not the identity that was asked for', NOT_THEM],
  ERR_PEER_SELF: ['this is your own address', 'give the address of somebody else'],
  ERR_PEER_SUPERSEDED: [
    'the directory knows a later log of this identity than this machine has',
    'recover with the recovery phrase: nobody else can do what it does',
  ],
  ERR_PEER_REFUSED: [
    'the connection is not taken',
    'whoever is there decides whom it talks to: ask its owner in another way',
  ],
  ERR_PEER_BLOCKED: ['you have blocked this peer', 'unblock it first; what waits for it is kept'],
  ERR_PEER_CLOSED: ['the peer is closed', 'open it again'],
  ERR_PEER_APPLICATION: [
    'the name cannot be used for an application',
    'give 1 to 64 of a-z, 0-9, dot, underscore, hyphen and slash, beginning with a letter or a digit',
  ],
} as const satisfies ErrorTable

export const CONTACT = {
  ERR_CONTACT: [
    'no contact of this name or address',
    'list the contacts for their names; whom nobody knows is looked up',
  ],
  ERR_REQUEST: [
    'nobody with that address waits to be let in',
    'list the requests: whoever is not among them, and connects again, asks again, unless it was refused since the start',
  ],
  ERR_CONTACT_NAME: ['the name cannot be used for a contact', 'choose another name'],
  ERR_CONTACT_BLOCKED: ['this peer is not blocked', 'list the contacts: it says who is'],
  ERR_CONTACT_LIMIT: ['the limit is no number of bytes', 'give a whole number, or null for the usual limit'],
  ERR_VERIFY: [
    'none of the logs known of this identity has that entry',
    'read the digits again with the owner; if they fit no log, the owner should rotate the keys',
  ],
} as const satisfies ErrorTable

export const MESSAGE = {
  ERR_MESSAGE_SIZE: ['the message is longer than a message can be', 'send it as a file, or in parts'],
  ERR_MESSAGE_GAP: ['a message is missing before this one', 'nothing: its sender sends both again'],
  ERR_MESSAGE_FORK: [
    'the message follows others than those that are here: a data folder went back, or is in use twice',
    'nothing: its sender begins anew with what is missing. If it stays, one of the two sides runs a copy of its folder',
  ],
  ERR_MESSAGE_EXPIRED: [
    'the message could not be delivered in 30 days',
    'write it again when the other side is there, or reach its owner in another way',
  ],
  ERR_MESSAGE_FULL: [
    'the other side has not taken what was sent before',
    'nothing: what waits goes on by itself, as fast as the other side reads',
  ],
  ERR_MESSAGE_RATE: [
    'the other side takes little at a time from who is no contact of it',
    'nothing: what waits goes on by itself in a moment. Ask its owner to make you a contact, and it goes faster',
  ],
  ERR_MESSAGE_DAY: [
    'the other side takes no more from here today',
    'nothing: what waits goes on by itself tomorrow, or when its owner allows more',
  ],
  ERR_MESSAGE_TOTAL: [
    'the other side keeps so much from here that it takes no more',
    'ask its owner to delete old messages, or to allow more: what waits goes on by itself then',
  ],
  ERR_BUNDLE: ['what came in a parcel is no bundle of messages of this protocol', VERSIONS],
} as const satisfies ErrorTable

const SEND_AGAIN = 'ask its sender to send it again'

export const FILE = {
  ERR_FILE_NAME: ['the file name cannot be used', 'choose a name with a letter or a digit in it'],
  ERR_FILE_REFUSED: ['the other side did not take the file', 'ask the other side; one decision is final for each file'],
  ERR_FILE_CORRUPT: ['the file that arrived is not the file that was sent', SEND_AGAIN],
  ERR_FILE_SIZE: ['the file is larger than a file can be', 'send it in parts'],
  ERR_FILE_READ: ['the file cannot be read', 'check its name, and whether you may read it'],
  ERR_FILE_WRITE: [
    'the file cannot be written',
    'choose a name that is free, in a folder you may write to that has room',
  ],
  ERR_FILE_FULL: [
    'there is no room for the file on the disk it should go to',
    'make room: a file that waits goes on by itself; one that was refused has to be sent again',
  ],
  ERR_FILE_CHANGED: ['the file has changed since it was to be sent', 'send it again, and leave it as it is until then'],
  ERR_FILE_WITHDRAWN: ['the sender took the file back', SEND_AGAIN],
  ERR_FILE_LIMIT: ['too many files of one peer are under way', 'wait until some have arrived'],
  ERR_FILE_DAY: [
    'the other side takes no more files from here today',
    'nothing: it goes on by itself tomorrow, or when its owner allows more; a file of more than a whole day waits for that word',
  ],
  ERR_FILE_TOTAL: [
    'the other side has taken so many files from here that it takes no more',
    'ask its owner to clear old ones away, or to allow more: it goes on by itself then',
  ],
  ERR_FILE_EXPIRED: [
    'the file could not be delivered in 30 days',
    'send it again when the other side is there, or reach its owner in another way',
  ],
  ERR_FILE_UNKNOWN: ['no file of this number is under way', 'list the files for their numbers'],
} as const satisfies ErrorTable
