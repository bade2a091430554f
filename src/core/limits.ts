/** Every bound on what comes from outside, with its reason. Sizes are bytes, ages are seconds unless named otherwise. */

/** One directory item: a datagram has room for 986 B of value at a 1280 B MTU, and larger ones vanish silently. */
export const ITEM_BYTES_MAX = 900

/** Lists and maps inside one another: ours need a handful, and re-encoding costs the square of the depth (64 KiB: half a second). */
export const CBOR_DEPTH_MAX = 16

/** Devices of one identity: eight fill an entry to just under ITEM_BYTES_MAX. */
export const DEVICES_MAX = 8

/** Entries of one log: a whole log travels in one frame (64 × 900 B < FRAME_BYTES_MAX). */
export const LOG_ENTRIES_MAX = 64

/** How far ahead of this clock a signed time may be: an hour covers wrong time zones and drifting clocks. */
export const CLOCK_TOLERANCE = 3600

/** Longest validity of a card: a stolen device key can claim freshness no longer than this after it is replaced. */
export const CARD_AGE_MAX = 7 * 24 * 3600

/** Default validity of a card. */
export const CARD_AGE = 24 * 3600

/** A card is issued anew this often while online, so that it never runs out between two publications. */
export const CARD_REISSUE = 6 * 3600

/** Mailboxes a card may name. */
export const MAILBOXES_MAX = 3

/** One frame of the encrypted stream. */
export const FRAME_BYTES_MAX = 64 * 1024

/** One hello: it travels as the content of one frame, whose own bytes stand around it. */
export const HELLO_BYTES_MAX = FRAME_BYTES_MAX - 64

/** One message through the API: leaves room for padding (12 %), Fernet and CBOR inside FRAME_BYTES_MAX. */
export const MESSAGE_BYTES_MAX = 32 * 1024

/** The same with what says whether it is text or bytes. */
export const MESSAGE_BODY_MAX = MESSAGE_BYTES_MAX + 16

/** Plaintext of one file chunk: with Fernet and CBOR it fits FRAME_BYTES_MAX. */
export const CHUNK_BYTES = 60 * 1024

/** Largest file: its chunks are numbered with 32 bits (263 TB). */
export const FILE_BYTES_MAX = 2 ** 32 * CHUNK_BYTES

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

/** File chunks sent that are not on the other disk yet: 16 × 60 KiB keep a fast path busy and memory small. */
export const CHUNK_WINDOW = 16

/** Messages missing in one chain: each costs the receiver two HMACs before anything is authenticated. */
export const SKIP_MAX = 1000

/** A message header: 70 B, and in a chain that offers and answers a KEM key 1,184 B and 1,088 B more (2,341 B at most). */
export const HEADER_BYTES_MAX = 2400

/** Messages, of both directions, after which the next chain offers a KEM key: often enough to heal soon, rare enough for its 1.2 KB. */
export const KEM_STEP_MESSAGES = 32

/** A KEM key is offered after this time too, so that who talks little heals as well. */
export const KEM_STEP_AGE = 3600

/** Skipped message keys kept in one session: 2,000 × 32 B bounds what a hostile peer can make us keep. */
export const SKIPPED_KEYS_MAX = 2000

/** One stored session: 2,000 skipped keys of 84 B, a KEM seed and ciphertext, and the rest. */
export const SESSION_BYTES_MAX = 192 * 1024

/** Skipped message keys are forgotten after a week: a key kept for ever is a message that never becomes secret again. */
export const SKIPPED_KEY_AGE_MAX = 7 * 24 * 3600

/** Fernet clock skew: the specification names no number, its Ruby and Python implementations take 60. */
export const FERNET_SKEW = 60

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

/** Nodes that a storage node remembers to enter the network by, when those of its list are silent: some of them will be there. */
export const NODE_SEEDS_MAX = 64

/** Handshakes under way at one time with strangers: each holds keys and a stream. */
export const HANDSHAKES_MAX = 64

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

/** Milliseconds a stranger has for each step of the handshake. */
export const HANDSHAKE_STEP_MS = 10_000

/** Milliseconds a lookup may take in all before it answers with what it has. */
export const LOOKUP_MS = 10_000

/** Milliseconds a responder spends on asking the directory about a stranger: less than the stranger waits for it. */
export const VET_MS = 3_000

/** Characters of a contact's name: one line of a terminal, with room for what stands beside it. */
export const NAME_LENGTH_MAX = 64

/** A contact's log is put back into the directory this often, well before storage nodes forget it (RECORD_AGE_MAX). */
export const CONTACT_REPUBLISH = 24 * 3600

/** Characters of an entry's hash that a person gives to name it: 80 bits, so that nobody finds another entry that fits. */
export const HEAD_DIGITS_MIN = 20

/** Random bytes that name a sequence of messages: a store that was lost and begun anew draws others. */
export const SEQUENCE_ID_BYTES = 16

/** Sequences remembered of one peer: one for each application it speaks for, and another only when its store was lost. */
export const SEQUENCES_MAX = 32

/** Applications that a data folder remembers to have had: messages for others find little room. */
export const APPLICATIONS_MAX = 32

/** Messages of one peer for one application that this folder never had, and for all such: it may come yet. */
export const UNKNOWN_APPLICATION_MESSAGES_MAX = 16
export const UNKNOWN_APPLICATIONS_MESSAGES_MAX = 64

/** Messages on their way at once: what the other side may keep in memory until they are on its disk. */
export const MESSAGE_WINDOW = 64

/** Messages of a contact that our application has not taken: 1,000 × 32 KiB are what a contact can fill of our disk. */
export const MESSAGES_ARRIVED_MAX = 1000

/** The same of somebody who only called. */
export const STRANGER_MESSAGES_MAX = 16

/** Messages of all who only called, both waiting to be taken and kept afterwards, and their streams: anyone can make identities. */
export const STRANGERS_MESSAGES_MAX = 1000

/** A message that could not be delivered for 30 days has failed: prekeys and mailboxes hold out no longer. */
export const MESSAGE_AGE_MAX = 30 * 24 * 3600

/** Milliseconds before a peer is called again, doubled with each failure up to the second number, and up to half as much by chance. */
export const REDIAL_MS = 1_000
export const REDIAL_MAX_MS = 5 * 60_000

/** Milliseconds that a connection made to deliver messages is kept when nothing is left to deliver. */
export const LINGER_MS = 60_000

/** Files of one peer that are offered or on their way at one time: each may keep CHUNK_WINDOW chunks in memory. */
export const FILES_AT_ONCE = 8

/** Answers about files that the other side has us say and does not read: more are left out, or they would pile up here. */
export const FILE_ANSWERS_MAX = 64

/** Files of a contact that were accepted and are not here yet: a partial file each, whether or not their sender is there. */
export const FILES_RECEIVING_MAX = 64

/** The same of somebody who only called. */
export const STRANGER_FILES_MAX = 8

/** Files of all who only called, undecided or accepted: anyone can make identities. */
export const STRANGERS_FILES_MAX = 64

/** A file that could not be delivered for 30 days has failed, on both sides: see MESSAGE_AGE_MAX. */
export const FILE_AGE_MAX = MESSAGE_AGE_MAX

/** Files that are over and remembered, of each peer: so that one that arrived is not taken again from a sender that crashed. */
export const FILES_REMEMBERED = 64

/** The same of all who only called. */
export const STRANGERS_FILES_REMEMBERED = 1000

/** Rollback floors in one backup: more than a person asks for in a life, read in some seconds. */
export const BACKUP_FLOORS_MAX = 100_000

/** Contacts in one backup: ten times those of a busy person; each log is verified again, 10,000 take some ten seconds. */
export const BACKUP_CONTACTS_MAX = 10_000

/** Undecided contradictions in one backup: each is a theft that the owner was told of. */
export const BACKUP_FORKS_MAX = 1_000

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

/** Of them from one source network, so that one network does not shut out all others. */
export const MAILBOX_GUESTS_PER_SOURCE = 8

/**
 * Recipients a mailbox looks up at one time: each lookup is some dozens of datagrams that a stranger makes it send. Twice what the guests
 * of one source network can ask for, so that one network does not shut out all others.
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

/** Seconds for which the private halves of a published card's prekeys are kept: whoever is away for a month still reads their messages. */
export const PREKEY_AGE = 30 * 24 * 3600

/** Cards whose prekeys are kept: every publication makes one, 4 a day while listening, and some with each command. */
export const PREKEYS_MAX = 1_000

/** Hellos for one card that are remembered, so that none is taken twice: anyone can make one. */
export const SPENT_MAX = 10_000

/**
 * Bytes of the messages in one bundle before padding: with 12 % of that and a hello of the longest log it fits a parcel, and it has room for any
 * message.
 */
export const BUNDLE_BYTES_MAX = 48 * 1024

/** Sessions kept of one peer who is away: two to send in, and those that parcels under way still need. */
export const OFFLINE_SESSIONS_MAX = 4

/** The same of all who are no contacts: anyone can begin one. */
export const STRANGERS_OFFLINE_SESSIONS_MAX = 200

/**
 * Envelopes of strangers that wait in our mailboxes for room or a message before them, and for how many seconds each: so few that they do not
 * shut out others from the 1,000 that a mailbox keeps for us.
 */
export const STRANGERS_PARCELS_MAX = 32
export const STRANGER_PARCEL_AGE = 24 * 3600

/** Milliseconds after which a peer that was called and has not answered is written to by way of its mailboxes as well. */
export const MAILBOX_AFTER_MS = 3_000

/** Seconds after which messages that nobody confirmed are put into parcels again: half of MAILBOX_AGE. */
export const PARCEL_AGAIN = MAILBOX_AGE / 2

/** Milliseconds between two visits to one's own mailboxes, and up to half as much more by chance. */
export const MAILBOX_FETCH_MS = 5 * 60_000

/**
 * Seconds after which a peer looks whether its records are where they should be, and puts them where they are missing. When half of all nodes are
 * replaced every hour, half of 40 copies are left by then; after the 6 hours to the next card it would be none.
 */
export const RECORD_REPAIR = 3600

/** Events that a loop over them has not taken: a loop that is further behind is ended, since nothing else bounds what it costs. */
export const EVENTS_WAITING_MAX = 10_000

/** Events from before the first loop over them that it is told: the oldest give way. Enough for what happens while a program begins. */
export const EVENTS_EARLY_MAX = 1_000

/** Connections of who are no contacts, at one time: of more, the oldest gives way. */
export const STRANGER_CONNECTIONS_MAX = 64

/** Connections of one peer at one time, likewise. */
export const PEER_CONNECTIONS_MAX = 8
