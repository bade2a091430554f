/** Bounds of the data folder: contacts, prekeys, backups, tokens. Each with its reason. */

/** Rollback floors kept of identities that only called us: anyone can make identities, and every write holds all floors. */
export const STRANGER_FLOORS_MAX = 1000

/** Characters of a PKCS#11 module's path: it becomes an argument, and paths are shorter. */
export const TOKEN_MODULE_MAX = 1024

/** Bytes of a token's label (PKCS#11, CK_TOKEN_INFO). */
export const TOKEN_LABEL_MAX = 32

/** Bytes of a key's CKA_ID: pkcs11-tool has room for 100, makers use 1 to 32. */
export const TOKEN_KEY_ID_MAX = 64

/** Bytes of a PIN: makers allow at most 255. */
export const TOKEN_PIN_MAX = 255

/** Bytes one call of pkcs11-tool may answer with: a key is 91, a list of slots a few KiB. */
export const TOKEN_ANSWER_MAX = 64 * 1024

/** Milliseconds one call of pkcs11-tool may take: some tokens wait to be touched. */
export const TOKEN_MS = 60_000

/** Characters of a contact's name: one line of a terminal, with room for what stands beside it. */
export const NAME_LENGTH_MAX = 64

/** Characters of an entry's hash that a person gives to name it: 80 bits, so that nobody finds another entry that fits. */
export const HEAD_DIGITS_MIN = 20

/** Rollback floors in one backup: more than a person asks for in a life, read in some seconds. */
export const BACKUP_FLOORS_MAX = 100_000

/** Contacts in one backup: ten times those of a busy person; each log is verified again, 10,000 take some ten seconds. */
export const BACKUP_CONTACTS_MAX = 10_000

/** Identities that are blocked in a backup: as many. */
export const BACKUP_BLOCKED_MAX = 10_000

/** Undecided contradictions in one backup: each is a theft that the owner was told of. */
export const BACKUP_FORKS_MAX = 1_000

/** Incarnations before the present one that a store remembers: it has more only if it is put back again and again. */
export const FORMER_INCARNATIONS = 16

/** Seconds for which the private halves of a published card's prekeys are kept: whoever is away for a month still reads their messages. */
export const PREKEY_AGE = 30 * 24 * 3600

/** Cards whose prekeys are kept: every publication makes one, 4 a day while listening, and some with each command. */
export const PREKEYS_MAX = 1_000

/** Hellos for one card that are remembered, so that none is taken twice: anyone can make one. */
export const SPENT_MAX = 10_000

/** Milliseconds before what found no room on the disk is tried again: twice as long each time, up to a minute. */
export const DISK_FULL_PAUSE_MS = 1_000
export const DISK_FULL_PAUSE_MAX_MS = 60_000
