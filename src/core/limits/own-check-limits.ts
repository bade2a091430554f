/** Bounds of the check whether a data folder went back, or runs twice. Each with its reason. */

/** Milliseconds in which a twin has to answer: a stranger has as long for a step of the handshake. */
export const TWIN_ANSWER_MS = 10_000

/** Times a twin is dialled while it is ourselves who answers: of two that hold one transport key, either may. */
export const TWIN_DIALS = 3

/** Seconds between two new incarnations for the sake of a twin that does not answer: two that cannot reach each other mend too often otherwise. */
export const TWIN_RETRY = 6 * 3600

/** Milliseconds between two looks because somebody said that he is a twin: anybody can say so, and each look is a lookup. */
export const TWIN_TOLD_MS = 60_000

/** Milliseconds by which two clocks may part before this machine is taken to have slept, or to have been put back. */
export const CLOCK_JUMP_MS = 60_000

/** Milliseconds between two looks at the clocks: timers do not run in a machine that sleeps. */
export const CLOCK_LOOK_MS = 15_000

/** Milliseconds that a clock has to stay as it is before anything is deleted by it: a clock that is set wrong is noticed sooner, mostly. */
export const CLOCK_STAYS_MS = 3_600_000

/**
 * Milliseconds between two looks at one's own records because others may have lost them, doubled each time up to the second number. When all nodes of
 * a network restart, the first look comes at once, and the second finds those that were slower.
 */
export const FRESH_LOOK_MS = 4_000
export const FRESH_LOOK_MAX_MS = 600_000
