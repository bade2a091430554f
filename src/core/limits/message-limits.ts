import { MAILBOX_AGE } from './mailbox-limits.ts'

/** Bounds of messages: on connections, on disk, and in parcels. Each with its reason. */

/** One message through the API: leaves room for padding (12 %), Fernet and CBOR inside FRAME_BYTES_MAX. */
export const MESSAGE_BYTES_MAX = 32 * 1024

/** The same with what says what it is: kinds that a later version knows have room for more than text and bytes need. */
export const MESSAGE_BODY_MAX = MESSAGE_BYTES_MAX + 256

/** Characters that name a kind of message. */
export const MESSAGE_KIND_MAX = 64

/** Random bytes in a message, so that its id, which lies in the clear on disk, confirms no guess at what it says. */
export const MESSAGE_RANDOM_BYTES = 16

/** Random bytes that name a sequence of messages: a store that was lost and begun anew draws others. */
export const SEQUENCE_ID_BYTES = 16

/** Bytes of a message's id, and of what stands for a place in a sequence: SHA-256. */
export const MESSAGE_ID_BYTES = 32

/** Sequences remembered of one peer: one for each of its applications and devices, and another when a store went back. */
export const SEQUENCES_MAX = 64

/** Earlier places that a receipt names: each twice as far back as the one before, and the first. 23 of them are 4 million messages. */
export const PLACE_LADDER_MAX = 24

/** Seconds for which a sequence is said to be here after something last came in it: a day more than its messages are looked after. */
export const SEQUENCE_SAID_AGE = 31 * 24 * 3600

/** Seconds for which places are remembered, and ids of what came: mail of 14 days, of messages that are looked after for 30. */
export const PLACES_AGE = 60 * 24 * 3600

/**
 * Messages that one peer can make us send again in a day by saying that it lost them: a folder that goes back again and again costs no more
 * than that.
 */
export const REPAIRS_A_DAY = 1_000

/**
 * Places that are remembered of one message of theirs, the latest: who says the same again and again, each time in another place, leaves no more
 * than that. A folder that went back says what waits once more in another sequence.
 */
export const PLACES_PER_MESSAGE = 4

/** Ids that are remembered of what strangers said, so that nothing of it comes twice: anyone can make identities. */
export const STRANGERS_ARRIVALS_MAX = 10_000

/** Seconds over which a peer whose folder may have gone back asks everybody what they have of it: nobody calls them all at once. */
export const WANT_SPREAD = 600

/** Seconds between two repairs of mail that one peer can make us begin by sending what does not open. */
export const MAIL_REPAIR_PAUSE = 3600

/** Bytes of the receipts in one bundle: ladders of many sequences leave room for messages. */
export const RECEIPT_BYTES_MAX = 16 * 1024

/** UTF-16 units of the name of an application or a protocol, as another side may say it: whether it is one is seen later, and ends nothing. */
export const SAID_NAME_MAX = 255

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

/** Seconds that the other side may say that there is no room for: the longest such wait is that for the next day. */
export const FULL_WAIT_MAX = 24 * 3600

/** Milliseconds after which it is looked again whether there is room for what was refused: its owner may have made some. */
export const ROOM_LOOK_MS = 60_000

/** Milliseconds for which a peer is not told again why it has to wait, nor its owner who is made to. */
export const LIMIT_TOLD_MS = 3_600_000

/** Bytes that a message takes on disk besides what it says: its row, what is remembered of its id and place, and their indexes. */
export const MESSAGE_ROW_BYTES = 512

/** Bytes of a contact's messages that are kept, unless its owner says otherwise: a million lines of text, or 20,000 messages of the largest size. */
export const CONTACT_MESSAGES_TOTAL = 1024 * 1024 * 1024

/** The same of one day: a week of nothing else fills the total, so its owner hears of it long before. A day holds 150,000 lines of text. */
export const CONTACT_MESSAGES_DAY = 128 * 1024 * 1024

/** Messages sent again to somebody whose keys a thief had, the latest: 256 × 32 KiB are 8 MiB. */
export const MESSAGES_AGAIN_MAX = 256

/** A message that could not be delivered for 30 days has failed: prekeys and mailboxes hold out no longer. */
export const MESSAGE_AGE_MAX = 30 * 24 * 3600

/**
 * Bytes of the messages in one bundle before padding: with 12 % of that and a hello of the longest log it fits a parcel, and it has room for any
 * message.
 */
export const BUNDLE_BYTES_MAX = 48 * 1024

/** Sessions kept of one peer who is away: two to send in, and those that parcels under way still need. */
export const OFFLINE_SESSIONS_MAX = 4

/**
 * Seconds since a message was last received in such a session for which it is sent in: who is silent for longer gets a hello, which costs
 * some KiB and draws keys anew. The other side must not forget the session meanwhile.
 */
export const OFFLINE_SESSION_SEND_AGE = MAILBOX_AGE

/** Seconds since it was last used after which it is forgotten: what was sent in it has arrived by then, and its keys open what has not. */
export const OFFLINE_SESSION_AGE = 30 * 24 * 3600

/** The same of all who are no contacts: anyone can begin one. */
export const STRANGERS_OFFLINE_SESSIONS_MAX = 200

/** Receipts that wait to be brought to who are no contacts, the latest: as many as sessions to bring them in. */
export const STRANGERS_RECEIPTS_MAX = STRANGERS_OFFLINE_SESSIONS_MAX

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
