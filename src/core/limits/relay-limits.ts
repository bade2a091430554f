/** What a relay forwards, and how long a dialer tries. */

/** Relays a card can name: one is enough to be reached, and the card has to stay small. */
export const RELAYS_MAX = 1

/** A card names a relay by its transport key, Ed25519, in bytes. */
export const RELAY_KEY_BYTES = 32

/** Milliseconds after which a dialer uses the relay that the other side names: most direct ways are found in 2 s, and nobody waits 10. */
export const RELAY_AFTER_MS = 4_000

/** All that a dialer tries ends after so many milliseconds; HyperDHT's search through the ports of a symmetric NAT takes 35 s at most. */
export const DIAL_MS = 45_000
/** Milliseconds for one try, and for one that goes through ports at random. */
export const DIAL_TRY_MS = 10_000
export const DIAL_RANDOM_MS = 38_000
/** Milliseconds before the next try: the other side may be in the middle of a punch for somebody else. */
export const DIAL_PAUSE_MS = 2_000

/**
 * Milliseconds between two searches through random ports, one at a time: each is 50 datagrams a second of one byte. HyperDHT's own 20 s would
 * turn away whoever calls somebody behind a symmetric NAT soon after somebody else.
 */
export const RANDOM_PUNCH_REST_MS = 5_000

/** Connections that a relay forwards at the same time: two streams of a few KiB each. */
export const RELAY_LINKS_MAX = 256
/** Of those, with one side in one source network: a home or an office, and no flood. */
export const RELAY_NETWORK_LINKS_MAX = 16
/** Streams to the relay itself from one source network: each link has one on either side, and some are on their way. */
export const RELAY_NETWORK_GUESTS_MAX = 32
export const RELAY_GUESTS_MAX = 1_024
/** Links that one guest waits for, and all of them, whose other side has not come: a token of 32 bytes each. */
export const RELAY_GUEST_WAITING_MAX = 4
export const RELAY_WAITING_MAX = 1_024

/** Bytes a second that a relay forwards for a source network, and at once after a pause: talk is small, and a file of 64 MiB passes. */
export const RELAY_NETWORK_RATE = 512 * 1024
export const RELAY_NETWORK_BURST = 64 * 1024 * 1024
/** The same for everybody together. */
export const RELAY_RATE = 8 * 1024 * 1024
export const RELAY_BURST = 1024 * 1024 * 1024
/** Milliseconds between two looks at what was forwarded: native code forwards, and only its counters tell. */
export const RELAY_LOOK_MS = 1_000
/** Networks whose use is remembered. */
export const RELAY_NETWORKS_MAX = 4_096
