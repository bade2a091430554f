import type { Rates } from '../meter.ts'

/**
 * How fast those may be who are no contacts, each of them and all together: anyone can make identities, so what each may do says nothing of
 * what all do. Those of contacts are in `contact-rates.ts`. Each with its reason.
 */

/** Messages, and bytes of them, that are taken of each: some screenfuls at once, then as fast as anybody types. */
export const STRANGER_MESSAGES: Rates = {
  count: { burst: 256, perSecond: 2 },
  bytes: { burst: 1024 * 1024, perSecond: 8 * 1024 },
}

/** The same of all: 32 KiB a second are 115 MB an hour that they can make a program read, and a terminal show. */
export const STRANGERS_MESSAGES: Rates = {
  count: { burst: 1024, perSecond: 8 },
  bytes: { burst: 4 * 1024 * 1024, perSecond: 32 * 1024 },
}

/** What has no size, or as many as there are. */
const ANY = { burst: Number.MAX_SAFE_INTEGER, perSecond: Number.MAX_SAFE_INTEGER }

/** Connections of each that are told one by one, and of all: a line or more each, which nobody reads who gets thousands. */
export const STRANGER_COMINGS: Rates = { count: { burst: 16, perSecond: 0.1 }, bytes: ANY }
export const STRANGERS_COMINGS: Rates = { count: { burst: 64, perSecond: 0.5 }, bytes: ANY }

/** Milliseconds after which it is told how many others there were. */
export const STRANGERS_TOLD_MS = 60_000

/** Byte streams that each opens, and all do: a program is asked for each, and one that has work for a second is not asked twice in it. */
export const STRANGER_STREAMS: Rates = { count: { burst: 64, perSecond: 1 }, bytes: ANY }
export const STRANGERS_STREAMS: Rates = { count: { burst: 256, perSecond: 8 }, bytes: ANY }

/** Bytes of their streams that a program reads, of each and of all: whoever serves strangers has something to serve, and other things to do. */
export const STRANGER_STREAM_BYTES: Rates = { count: ANY, bytes: { burst: 8 * 1024 * 1024, perSecond: 1024 * 1024 } }
export const STRANGERS_STREAM_BYTES: Rates = {
  count: ANY,
  bytes: { burst: 32 * 1024 * 1024, perSecond: 4 * 1024 * 1024 },
}

/**
 * Frames of each that are looked at, and of all: each costs some tenths of a millisecond, a millisecond at most, whatever it says, and contacts
 * wait meanwhile. What is more stays on the way. A file of theirs comes at 4 MB/s, as their streams do.
 */
export const STRANGER_FRAMES: Rates = { count: { burst: 1024, perSecond: 64 }, bytes: ANY }
export const STRANGERS_FRAMES: Rates = { count: { burst: 2048, perSecond: 128 }, bytes: ANY }

/**
 * Sessions by mailbox that each begins, and all do. What each used of a card is remembered for as long as its prekeys are kept: of a month of
 * strangers some 40 MB. Whoever has a session sends in it.
 */
export const STRANGER_HELLOS: Rates = { count: { burst: 16, perSecond: 0.01 }, bytes: ANY }
export const STRANGERS_HELLOS: Rates = { count: { burst: 1024, perSecond: 0.1 }, bytes: ANY }

/** Files that each offers, and all do: a row on disk and some lines each, whether or not they are taken. */
export const STRANGER_OFFERS: Rates = { count: { burst: 32, perSecond: 0.1 }, bytes: ANY }
export const STRANGERS_OFFERS: Rates = { count: { burst: 128, perSecond: 1 }, bytes: ANY }
