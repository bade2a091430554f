import { MESSAGE_AGE_MAX } from './message-limits.ts'

/** Bounds of files. Each with its reason. */

/** Plaintext of one file chunk: with Fernet and CBOR it fits FRAME_BYTES_MAX. */
export const CHUNK_BYTES = 60 * 1024

/** Largest file: its chunks are numbered with 32 bits (263 TB). */
export const FILE_BYTES_MAX = 2 ** 32 * CHUNK_BYTES

/** File chunks sent that are not on the other disk yet: 16 × 60 KiB keep a fast path busy and memory small. */
export const CHUNK_WINDOW = 16

/** Files of one peer that are offered or on their way at one time: each may keep CHUNK_WINDOW chunks in memory. */
export const FILES_AT_ONCE = 8

/** Answers about files that the other side has us say and does not read: more are left out, or they would pile up here. */
export const FILE_ANSWERS_MAX = 64

/** Files of a contact that were accepted and are not here yet: a partial file each, whether or not their sender is there. */
export const FILES_RECEIVING_MAX = 64

/** Bytes of files that a contact's owner takes without being asked each time, unless it says otherwise: a tenth of a large disk. */
export const CONTACT_FILES_TOTAL = 32 * 1024 ** 3

/** The same of one day: a film or two, so that nobody fills the total over night. */
export const CONTACT_FILES_DAY = 8 * 1024 ** 3

/** The same of all who are no contacts, in all: anyone can make identities. */
export const STRANGERS_FILES_TOTAL = 4 * 1024 ** 3

/** The same of somebody who only called. */
export const STRANGER_FILES_MAX = 8

/** Files of all who only called, undecided or accepted: anyone can make identities. The oldest that did nothing gives way to newer ones. */
export const STRANGERS_FILES_MAX = 64

/**
 * Seconds without a chunk after which a file that began counts as stalled: the room that it still needs is promised to nobody any more, and
 * one of somebody who only called gives way to newer ones.
 */
export const FILE_STALLED_AFTER = 3600

/** Bytes of a disk that files of those who only called leave free, and at most one part in so many of it: what contacts say has to go somewhere. */
export const STRANGERS_SPARE_BYTES = 256 * 1024 * 1024
export const STRANGERS_SPARE_PARTS = 8

/** A file that could not be delivered for 30 days has failed, on both sides: see MESSAGE_AGE_MAX. */
export const FILE_AGE_MAX = MESSAGE_AGE_MAX

/** Files that are over and remembered, of each peer: so that one that arrived is not taken again from a sender that crashed. */
export const FILES_REMEMBERED = 64

/** The same of all who only called. */
export const STRANGERS_FILES_REMEMBERED = 1000
