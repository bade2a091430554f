import type { Rate } from '../token-bucket.ts'

/** Bounds of a mailbox: what it keeps, and for how long a guest may stay. Each with its reason. */

/** A mailbox keeps a parcel this long; as long after its card ran out, a recipient is still taken to want it there. */
export const MAILBOX_AGE = 14 * 24 * 3600

/** Bytes of a parcel in one message to or from a mailbox: with CBOR it fits MESSAGE_BYTES_MAX, and the larger sizes are multiples. */
export const MAILBOX_PART_BYTES = 16 * 1024

/** Parcels one mailbox keeps for one recipient: more than anybody is sent in two weeks, and a list a client can go through. */
export const MAILBOX_RECIPIENT_PARCELS = 1_000

/** Bytes of them: 256 parcels of the largest size. */
export const MAILBOX_RECIPIENT_BYTES = 32 * 1024 * 1024

/** Parcels kept from one source network: whoever has one network fills no more than a quarter of one recipient's room. */
export const MAILBOX_SOURCE_PARCELS = 250

/** Bytes of them: the same quarter. */
export const MAILBOX_SOURCE_BYTES = 8 * 1024 * 1024

/** Parcels one mailbox keeps in all: what is counted at every deposit stays quick to count. */
export const MAILBOX_PARCELS = 20_000

/** Bytes of them: what a small machine has to spare. */
export const MAILBOX_BYTES = 1024 * 1024 * 1024

/** Guests of a mailbox at one time: each may hold one unfinished parcel in memory, 4 MiB in all. */
export const MAILBOX_GUESTS = 32

/** Of them from one source network, so that one network does not shut out all others. Of more, the idlest gives way. */
export const MAILBOX_GUESTS_PER_SOURCE = 8

/**
 * Recipients a mailbox looks up at one time: each lookup is some dozens of datagrams that a stranger makes it send. Twice what the guests
 * of one source network can ask for; of more, the one that has gone on longest gives way, of the network that has most.
 */
export const MAILBOX_LOOKUPS = 16

/** Recipients a mailbox remembers for MAILBOX_MEMORY_AGE after it looked them up: 1,000 logs and cards are some MiB. */
export const MAILBOX_MEMORY = 1_000

/** Seconds for which a looked-up recipient is taken to be as it was: a burst of deposits costs one lookup. */
export const MAILBOX_MEMORY_AGE = 60

/** Entries of a log in one message to a mailbox: 32 × 903 B fit MESSAGE_BYTES_MAX, so a whole log takes two. */
export const MAILBOX_LOG_ENTRIES = 32

/** Parcels acknowledged in one message. */
export const MAILBOX_DONE_MAX = 64

/** Milliseconds each side of a mailbox waits for the next message of the other: longer than the lookup in between. */
export const MAILBOX_STEP_MS = 30_000

/** Milliseconds one visit to a mailbox may last: who is not through by then comes back. */
export const MAILBOX_VISIT_MS = 10 * 60_000

/**
 * Frames of guests that are looked at, of one source network and of all: a whole room of 1,000 parcels takes 5,000 at most, with what says that they
 * were taken. Each costs some tenths of a millisecond, a log of the longest kind ten, and who is talked to waits meanwhile.
 */
export const GUEST_FRAMES: Rate = { burst: 8192, perSecond: 32 }
export const GUESTS_FRAMES: Rate = { burst: 16_384, perSecond: 128 }

/** Milliseconds until the next frame of a guest that is too fast is looked at: its deposit, or its parcel, still gets there in a visit. */
export const GUEST_PAUSE_MS = 500

/** Source networks whose rates are remembered. */
export const GUEST_NETWORKS_MAX = 1_024

/** Useless parcels in a visit to one's own mailbox that are no news: whoever knows an address can leave some. */
export const USELESS_A_VISIT = 32

/**
 * Milliseconds that a visit to one's own mailbox may take: with one that hands out a parcel in each 29 s, the next one would be visited after
 * hours. What was taken in by then is deleted there, so who is not through comes back.
 */
export const MAILBOX_FETCH_VISIT_MS = 2 * 60_000
