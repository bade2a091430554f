/** Bounds of strangers who ask to be let in. Each with its reason. */

/**
 * Strangers that wait to be let in. Who is there (STRANGER_CONNECTIONS_MAX), or has left a message (STRANGERS_MESSAGES_MAX), is never pushed out by
 * who did neither: there are more places than both together.
 */
export const REQUESTS_MAX = 1200

/** Strangers of whom is remembered that they were refused, while the peer is open: anyone can make identities. */
export const REFUSED_MAX = 10_000
