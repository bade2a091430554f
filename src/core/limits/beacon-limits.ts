/** Bounds of the beacon on the local network. Each with its reason. */

import type { Rate } from '../token-bucket.ts'

/**
 * UDP port of the questions: the same for everybody, since nobody knows whom else to ask. `HF` as a number; nothing is registered there, and
 * systems draw their own ports from above 32,767.
 */
export const BEACON_PORT = 18_502

/** Group of the questions, of those that no router passes on beyond a site (RFC 2365); `HF` again. */
export const BEACON_GROUP = '239.255.72.70'

/** Milliseconds after the first question at which it is put again, with another nonce: datagrams get lost, and machines wake up. */
export const BEACON_AGAIN_MS: readonly number[] = [150, 400, 1_000]

/** Milliseconds for which answers are taken. */
export const BEACON_OPEN_MS = 1_500

/** Ids that are asked for at one time: of 33, one waits for its turn in the directory alone. 32 × 4 × 8 interfaces × 2 × 38 B are 80 kB. */
export const BEACON_ASKING_MAX = 32

/** Interfaces that are used: a machine with more is a router, or runs containers. */
export const BEACON_INTERFACES_MAX = 8

/** Endpoints taken from answers to one asking: a false one, which only who knows the address can give, costs a failed dial. */
export const BEACON_FOUND_MAX = 4

/** Questions that are looked at, from one address and in all: one costs 10 µs, whoever it is for. Beyond that they are dropped unread. */
export const BEACON_HEARD_SOURCE: Rate = { burst: 200, perSecond: 100 }
export const BEACON_HEARD_ALL: Rate = { burst: 2_000, perSecond: 1_000 }

/** Answers to one address and in all: 4 interfaces with 4 questions each at once. */
export const BEACON_ANSWERS_SOURCE: Rate = { burst: 16, perSecond: 2 }
export const BEACON_ANSWERS_ALL: Rate = { burst: 64, perSecond: 16 }

/** Addresses whose rates are remembered; of more, those longest quiet begin anew. */
export const BEACON_SOURCES_MAX = 256

/** Nonces of questions that were answered: a question that comes again, by another way or from who recorded it, is not. */
export const BEACON_NONCES_MAX = 4_096

/** Milliseconds between two looks at which interfaces there are. */
export const BEACON_INTERFACES_MS = 3_000

/** The same when a question comes from an address that was in none: who forges one has us look ten times a second. */
export const BEACON_LOOK_MS = 100

/** Entrances to the network that were found on the local one and are kept at one time. */
export const BEACON_ENTRANCES_MAX = 8

/** Milliseconds for which a peer that was found is dialled where it was: on a local network a path opens in some. */
export const BEACON_DIAL_MS = 3_000

/** Contacts that are asked for in one round while nobody else answers, and milliseconds between rounds: doubled up to the second number. */
export const BEACON_CONTACTS_ROUND = 8
export const BEACON_CONTACTS_MS = 2_000
export const BEACON_CONTACTS_MAX_MS = 5 * 60_000
