/** Bounds of connections, streams and events. Each with its reason. */

/** What a guest and a mailbox say to each other and have not taken: the transport has no receive window, so this is what bounds memory. */
export const VISIT_WINDOW = 64

/** Bytes of a byte stream in one payload: as a message. */
export const STREAM_DATA_MAX = 32 * 1024

/** Bytes of a byte stream that its reader has not taken: what each may keep in memory, and enough for 5 MB/s at 50 ms. */
export const STREAM_WINDOW = 256 * 1024

/** Byte streams open at one time on a connection, of each side: 32 × STREAM_WINDOW is 8 MiB that a peer can make us keep. */
export const STREAMS_MAX = 32

/** The same of who is no contact. */
export const STRANGER_STREAMS_MAX = 4

/** Byte streams one side may open on a connection in all: their ids are 32 bits, every other one, and none is used twice. */
export const STREAMS_PER_CONNECTION = 2 ** 31

/**
 * Payloads of byte streams that the other side does not take. Two for each of 2 × STREAMS_MAX streams, and a last one of as many that are
 * over, is what a peer that reads can come to; one that opens streams and reads nothing is cut off here.
 */
export const STREAM_UNSAID_MAX = 256

/** Milliseconds a stranger has for each step of the handshake. */
export const HANDSHAKE_STEP_MS = 10_000

/** Milliseconds a lookup may take in all before it answers with what it has. */
export const LOOKUP_MS = 10_000

/** Milliseconds for which nodes are asked for nothing but the time: what is said by then has to do. */
export const CLOCK_MS = 5_000

/** Milliseconds a responder spends on asking the directory about a stranger: less than the stranger waits for it. */
export const VET_MS = 3_000

/** A contact's log is put back into the directory this often, well before storage nodes forget it (RECORD_AGE_MAX). */
export const CONTACT_REPUBLISH = 24 * 3600

/** Milliseconds before a peer is called again, doubled with each failure up to the second number, and up to half as much by chance. */
export const REDIAL_MS = 1_000
export const REDIAL_MAX_MS = 5 * 60_000

/** Milliseconds that a connection made to deliver messages is kept when nothing is left to deliver. */
export const LINGER_MS = 60_000

/** Events that a loop over them has not taken, without the messages: of more, some are left out. They are small: 10 to 20 MB in all. */
export const EVENTS_WAITING_MAX = 10_000

/** Deliveries that are read for a loop that has not taken them when the peer closes, since nothing can be read later: 256 × 32 KiB are 8 MiB. */
export const EVENTS_LATE_MAX = 256

/** Events from before the first loop over them that it is told: the oldest give way. Enough for what happens while a program begins. */
export const EVENTS_EARLY_MAX = 1_000

/** Connections of one peer who is a contact, at one time: of more, the idlest gives way. An old one may be dead and not know it. */
export const PEER_CONNECTIONS_MAX = 8

/** Connections of all contacts: their owner chose them, and a small machine still has to hold them. */
export const CONTACT_CONNECTIONS_MAX = 512

/** Streams under the transport key of one contact on which nothing was said yet: who recorded her knocks can repeat them, and fill no others. */
export const CONTACT_KNOCKS_MAX = 4

/** The same of all contacts. */
export const CONTACTS_KNOCKS_MAX = 256

/** Connections of who are no contacts, handshakes and guests of the mailbox among them: each may keep 1 MiB here unread, and its streams. */
export const STRANGER_CONNECTIONS_MAX = 64

/** Of them from one source network: four networks have to come together to leave no more room than their own. */
export const NETWORK_CONNECTIONS_MAX = 16

/** Streams of strangers on which nothing was said yet: each is a few kilobytes, and anybody can write another's address on it. */
export const STRANGER_KNOCKS_MAX = 128

/** Of them from one source network. */
export const NETWORK_KNOCKS_MAX = 16

/**
 * How often streams of strangers are answered: of one network, and of all. Each costs some milliseconds, a handshake and a lookup to the end,
 * so whoever comes back as soon as he is sent away must not take more than a part of one core.
 */
export const NETWORK_KNOCK_RATE = { burst: 16, perSecond: 1 }
export const STRANGER_KNOCK_RATE = { burst: 32, perSecond: 16 }

/** Networks whose rate is remembered: 4,096 × ~150 B. */
export const KNOCK_NETWORKS_MAX = 4_096

/** Milliseconds after which a peer sees whom another program on its folder has blocked: an open connection ends then. */
export const BLOCK_LOOK_MS = 1_000

/** Milliseconds for which a seat is kept for a stream whose path is still being found: as long as HyperDHT tries it. */
export const KNOCK_MS = 10_000
