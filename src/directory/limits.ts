/** What a walk through the network, and what one source network, may cost. Each with its reason; what goes beyond a node is in core. */

import { CLOCK_TOLERANCE } from '../core/limits/protocol-limits.ts'

/**
 * Work that requests of one source network may cause a storage node, in units of about 0.1 ms: so many a second, 5 % of a core, and so
 * many at once after a pause.
 */
export const QUOTA_SOURCE_RATE = 500
export const QUOTA_SOURCE_BURST = 5_000

/** The same of all networks together: half a core. */
export const QUOTA_ALL_RATE = 5_000
export const QUOTA_ALL_BURST = 10_000

/** The same for requests without a token, whose source may be forged: first questions, of which a network has some hundred a second. */
export const QUOTA_UNPROVEN_SOURCE_RATE = 200
export const QUOTA_UNPROVEN_SOURCE_BURST = 2_000
export const QUOTA_UNPROVEN_ALL_RATE = 2_000
export const QUOTA_UNPROVEN_ALL_BURST = 10_000

/** Source networks whose quotas are remembered; of more, those longest quiet begin anew. 4,096 × ~250 B. */
export const QUOTA_SOURCES_MAX = 4_096

/** Disjoint paths of one walk toward a target (S/Kademlia): with 4, an attacker with 30 % of all nodes rarely sits on each of them. */
export const WALK_PATHS = 4

/** Paths of a thorough walk: it is rare, and may cost twice as much. */
export const WALK_PATHS_THOROUGH = 8

/** Requests of one path at a time that are not slow: three keep a path going when one node is far away. */
export const WALK_CONCURRENCY = 3

/** Storage nodes that each path must have heard before it may end: those of 4 paths together are the 20 closest. */
export const WALK_QUOTA = 5

/** Nodes that one walk asks at most: three times what an honest network of a million nodes takes. */
export const WALK_ASKED_MAX = 256

/** Nodes taken from one answer: HyperDHT names the 20 closest it knows; a datagram has room for 200. */
export const WALK_NAMED_MAX = 20

/** Nodes named by one node that may be unanswered, beyond as many as have answered: what a liar's made-up nodes cost. */
export const WALK_UNPROVEN = 2

/** The same while a path has too few answers: of 8 nodes an honest node names, all are silent once in 15,000 times when 30 % are. */
export const WALK_UNPROVEN_NEEDY = 8

/** Nodes of one /24 network among the closest to a target: one address with many ports must not fill a key's neighbourhood. */
export const NETWORK_NODES = 2

/** Nodes of one /24 network that one walk asks at most: two that answer, and two that may be gone. */
export const NETWORK_ASKED_MAX = 4

/** A node is slow after this many times the median time of an answer, and another is asked beside it. */
export const SLOW_FACTOR = 3

/** Bounds of that time, milliseconds: below it scheduling on a busy machine looks like silence, above it waiting helps nobody. */
export const SLOW_MIN_MS = 150
export const SLOW_MAX_MS = 1_000

/** The same before the first answer. */
export const SLOW_FIRST_MS = 500

/** Milliseconds a walk waits for a slow node while fewer than 20 have answered: in a small network each of them counts. */
export const PATIENCE_MS = 1_000

/** Milliseconds a thorough walk waits for each slow node: HyperDHT has repeated the request twice by then. */
export const PATIENCE_THOROUGH_MS = 2_500

/**
 * Neighbours of a target this many times as dense as those of a random place are no accident: with 20 nodes at each place it happens
 * once in 200,000 measurements. Who hides all honest nodes from a reader makes them about 20 times as dense.
 */
export const DENSITY_SUSPECT = 4

/** A random place this many times as dense as this node's own neighbourhood is measured against another: by accident once in 60 times. */
export const DENSITY_DOUBT = 2

/** Places measured in all: three lie in an attacker's crowds once in a million lookups, two once in ten thousand. */
export const DENSITY_PLACES = 3

/** The closest nodes asked and put to where neighbours are too dense: behind 40 of an attacker's there are 20 others. */
export const REPLICA_NODES_WIDENED = 60

/**
 * Seconds by which this clock may differ from what most networks say before nothing lasting is signed by it: half of CLOCK_TOLERANCE, so that
 * two who are each within it accept what the other signs.
 */
export const CLOCK_BOUND = CLOCK_TOLERANCE / 2

/** Networks that must have said the time before their majority keeps an owner from signing: one or two may be one liar's. */
export const CLOCK_NETWORKS = 3

/** Distinct /24 networks among the nodes that answered, of a lookup in a public network that is called current. */
export const WITNESS_NETWORKS = 10

/** Largest value that HyperDHT's own PUTs may leave here: what is larger would not fit into the datagram of an answer. */
export const DHT_VALUE_BYTES_MAX = 1_200

/** Values a node keeps for HyperDHT's own clients, and bytes of them, of each kind, mutable and immutable: 16 MiB in all. */
export const DHT_VALUES_MAX = 8_192
export const DHT_VALUES_BYTES_MAX = 8 * 1024 * 1024

/** Milliseconds such a value is kept after it was put last, as HyperDHT does it. */
export const DHT_VALUE_AGE_MS = 48 * 3_600_000

/** Announcements kept, and bytes of them: 16,384 × ~0.6 KB of memory. */
export const DHT_ANNOUNCEMENTS_MAX = 16_384
export const DHT_ANNOUNCEMENTS_BYTES_MAX = 2 * 1024 * 1024

/** Milliseconds an announcement is kept: peers repeat theirs every 5 min. */
export const DHT_ANNOUNCEMENT_AGE_MS = 20 * 60_000

/** Pings that wait to be answered later, as who asks may have it: each is a timer of up to 10 s. */
export const DHT_DELAYED_MAX = 256

/** Addresses at a time that were asked whether they receive what is sent to them, before they get a large answer; and answers each waits for. */
export const PROOFS_MAX = 256
export const PROOF_ANSWERS_MAX = 8

/**
 * Such answers to the addresses of one network, and to all: a node in it answers the ping though it asked for nothing, and is sent 1.2 KB each that
 * somebody else asked for. Who reads more shows a token.
 */
export const PROOF_NETWORK_RATE = { burst: 16, perSecond: 2 }
export const PROOF_RATE = { burst: 512, perSecond: 64 }

/** Networks whose answers are counted: 4,096 × ~150 B. */
export const PROOF_NETWORKS_MAX = 4_096

/** Milliseconds such an address has to answer: HyperDHT's own requests wait one second. */
export const PROOF_MS = 1_000

/** Nodes around a random place that are asked what they understand: of 16 all are of one kind by accident, when a quarter is not, once in a hundred times. */
export const KINDS_SAMPLE = 16

/**
 * Milliseconds a node that answers HyperDHT's request is given to answer that of Handfast as well: twice as long as the first took, within
 * these bounds. Both were asked at once.
 */
export const KINDS_GRACE_MIN_MS = 150
export const KINDS_GRACE_MAX_MS = 500

/** Milliseconds after which silent nodes are not waited for any more when it is found out what nodes understand. */
export const KINDS_MAX_MS = 2_000

/** Milliseconds after which it is found out anew what the nodes understand: networks change slowly, and a look costs 32 requests. */
export const KINDS_AGE_MS = 600_000

/** Milliseconds that the directory which fewer nodes understand is waited for once the other has answered. */
export const LESSER_WAIT_MS = 1_000

/** The same of a publication: who only asks the other kind of nodes finds it there. */
export const LESSER_PUBLISH_MS = 4_000
