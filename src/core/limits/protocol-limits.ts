/** Bounds of the protocol itself: keys, logs, cards, frames, sessions. Each with its reason. */

/** One directory item: a datagram has room for 995 B of value at a 1280 B MTU, and larger ones vanish silently. */
export const ITEM_BYTES_MAX = 900

/** Lists and maps inside one another: ours need a handful, and re-encoding costs the square of the depth (64 KiB: half a second). */
export const CBOR_DEPTH_MAX = 16

/** Devices of one identity: seven fill an entry to just under ITEM_BYTES_MAX. */
export const DEVICES_MAX = 7

/** What lies in a slot: stock HyperDHT nodes answer with so much in one datagram. The largest of ours, a card of 900 B, takes 951. */
export const SLOT_BYTES_MAX = 986

/** Entries of one log: a whole log travels in one frame (64 × 900 B < FRAME_BYTES_MAX). */
export const LOG_ENTRIES_MAX = 64

/** How far ahead of this clock a signed time may be: an hour covers wrong time zones and drifting clocks. */
export const CLOCK_TOLERANCE = 3600

/** Longest validity of a card: a stolen device key can claim freshness no longer than this after it is replaced. */
export const CARD_AGE_MAX = 7 * 24 * 3600

/** A device's name, of a hash of its keys: 128 bits, so that nobody finds another device of the same name. */
export const DEVICE_ID_BYTES = 16

/** An incarnation's name: random, so that no two stores of a device ever have the same. */
export const INCARNATION_BYTES = 16

/** Default validity of a card. */
export const CARD_AGE = 24 * 3600

/** A card is issued anew this often while online, so that it never runs out between two publications. */
export const CARD_REISSUE = 6 * 3600

/** Mailboxes a card may name. */
export const MAILBOXES_MAX = 3

/** One frame of the encrypted stream. */
export const FRAME_BYTES_MAX = 64 * 1024

/** One hello: it travels as the content of one frame, whose own bytes stand around it. */
export const HELLO_BYTES_MAX = FRAME_BYTES_MAX - 64

/** Messages missing in one chain: each costs the receiver two HMACs before anything is authenticated. */
export const SKIP_MAX = 1000

/** A message header: 70 B, and in a chain that offers and answers a KEM key 1,184 B and 1,088 B more (2,341 B at most). */
export const HEADER_BYTES_MAX = 2400

/** Messages, of both directions, after which the next chain offers a KEM key: often enough to heal soon, rare enough for its 1.2 KB. */
export const KEM_STEP_MESSAGES = 32

/** A KEM key is offered after this time too, so that who talks little heals as well. */
export const KEM_STEP_AGE = 3600

/** Skipped message keys kept in one session: 2,000 × 32 B bounds what a hostile peer can make us keep. */
export const SKIPPED_KEYS_MAX = 2000

/** One stored session: 2,000 skipped keys of 84 B, a KEM seed and ciphertext, and the rest. */
export const SESSION_BYTES_MAX = 192 * 1024

/** Skipped message keys are forgotten after a week: a key kept for ever is a message that never becomes secret again. */
export const SKIPPED_KEY_AGE_MAX = 7 * 24 * 3600

/** Seconds between two searches for secrets that are too old: what lives for days may live an hour longer. */
export const FORGETTING = 3600

/** Fernet clock skew: the specification names no number, its Ruby and Python implementations take 60. */
export const FERNET_SKEW = 60
