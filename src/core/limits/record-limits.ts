/** Bounds of what storage nodes keep, and of where records are put. Each with its reason. */

/** The 20 nodes closest to a target hold a replica (Kademlia's k in HyperDHT). */
export const REPLICA_NODES = 20

/** Replica targets per identity: an attacker must surround three places of the network. */
export const REPLICAS = 3

/** A publication that fewer of the REPLICA_NODES of one target accepted is reported as weak. */
export const ACCEPTANCES_WANTED = 8

/** Branches a storage node keeps of one identity: the one that stands, and evidence of forks. */
export const BRANCHES_MAX = 4

/**
 * Identities one storage node keeps: 20,000 × ~4 KB stays under 100 MB. Were they the largest that room is given to, cards with their
 * keys above all, they would take 300 MB, on disk: in memory there is less than 1 KB of each.
 */
export const IDENTITIES_MAX = 20_000

/** Entries and cards any identity may have; beyond these all together have as many again: the rightful ones have few. */
export const ITEMS_PER_IDENTITY = 4

/** A storage node forgets an identity this long after its last publication. */
export const RECORD_AGE_MAX = 7 * 24 * 3600

/** A repeated publication is written to disk when the last one that was is older: repeating is cheap, writing is not. */
export const RECORD_TOUCH_AGE = 600

/** Entries and cards that a storage node has parsed, for the next PUT: 1,024 × ~4 KB. What it serves it reads from its record store. */
export const RECORD_CACHE_ITEMS = 1_024

/** Other networks that published an identity, as remembered of each: more than an attacker is expected to flood from. 20,000 × 12 × ~60 B. */
export const RECORD_SOURCES_MAX = 12

/** Nodes that a node or a peer remembers to enter the network by, when those of its list are silent: some of them will be there. */
export const NODE_SEEDS_MAX = 64

/** Contacts of whom it is remembered where they were met last: they may be nodes too. */
export const KNOWN_CONTACTS_MAX = 64

/** Networks of which that is remembered: the one that was chosen, and others that a command was once told to use. */
export const KNOWN_NETWORKS_MAX = 4

/**
 * Identities that a peer keeps for others in its memory, once others reach it: 2,000 × ~4 KB are 8 MB. Of storage nodes, which are there
 * for that, IDENTITIES_MAX.
 */
export const PEER_IDENTITIES_MAX = 2_000

/**
 * Seconds after which a peer looks whether its records are where they should be, and puts them where they are missing. When half of all nodes are
 * replaced every hour, half of 40 copies are left by then; after the 6 hours to the next card it would be none.
 */
export const RECORD_REPAIR = 3600
