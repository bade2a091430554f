/**
 * The schema of `handfast.db`, step by step (docs/spec/store.md §3). A step that was ever released never changes: what comes later is
 * a step of its own.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // The furthest truth accepted of an identity. `touched` orders strangers, of whom the latest are kept.
    `CREATE TABLE floors (
      id BLOB PRIMARY KEY CHECK (length(id) = 32),
      epoch INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL CHECK (length(head) = 32), serial INTEGER NOT NULL,
      asked INTEGER NOT NULL, touched INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX floors_strangers ON floors (touched) WHERE asked = 0',
    // Two logs that contradict each other: as long as the row is there, nothing is sent to the identity.
    `CREATE TABLE forks (
      id BLOB PRIMARY KEY CHECK (length(id) = 32), a BLOB NOT NULL, b BLOB NOT NULL, found INTEGER NOT NULL
    ) STRICT`,
    // `anchor` is the entry a person has confirmed. `published`: when its log was last put back into the directory from here.
    `CREATE TABLE contacts (
      id BLOB PRIMARY KEY CHECK (length(id) = 32), name TEXT UNIQUE, log BLOB NOT NULL,
      anchor_seq INTEGER, anchor_head BLOB, verified INTEGER, added INTEGER NOT NULL, published INTEGER NOT NULL
    ) STRICT`,
    'CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    // Applications that were opened on this folder.
    'CREATE TABLE applications (name TEXT PRIMARY KEY) STRICT',
    // Numbers are within a sequence; ids order all messages of this store. `sealed` is what the message says, under the store key.
    `CREATE TABLE messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL CHECK (length(peer) = 32), app TEXT NOT NULL, out INTEGER NOT NULL,
      sequence BLOB NOT NULL CHECK (length(sequence) = 16), number INTEGER NOT NULL, at INTEGER NOT NULL,
      state TEXT NOT NULL, reason TEXT, sealed BLOB NOT NULL,
      UNIQUE (peer, out, sequence, number)
    ) STRICT`,
    "CREATE INDEX messages_waiting ON messages (peer, sequence, number) WHERE out = 1 AND state IN ('queued', 'sent')",
    "CREATE INDEX messages_arrived ON messages (app, id) WHERE state = 'arrived'",
    "CREATE INDEX messages_arrived_from ON messages (peer, app) WHERE state = 'arrived'",
    'CREATE INDEX messages_history ON messages (peer, app, id)',
    // Devices of others (`dh` keys) that something of ours went to; `void`: when it was learnt that their owner took it back, seconds.
    `CREATE TABLE devices (
      number INTEGER PRIMARY KEY, peer BLOB NOT NULL CHECK (length(peer) = 32), device BLOB NOT NULL CHECK (length(device) = 33),
      void INTEGER, UNIQUE (peer, device)
    ) STRICT`,
    // To which of them a message went; `came`: whether it was confirmed from there.
    `CREATE TABLE went (
      message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
      device INTEGER NOT NULL REFERENCES devices (number), came INTEGER NOT NULL, PRIMARY KEY (message, device)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX went_device ON went (device)',
    // Our sequence to a peer for an application: the number of the next message.
    `CREATE TABLE sequences_out (
      peer BLOB NOT NULL, app TEXT NOT NULL, sequence BLOB NOT NULL, next INTEGER NOT NULL,
      PRIMARY KEY (peer, app)
    ) STRICT`,
    // Their sequences to us: all messages up to `have` are here, or were.
    `CREATE TABLE sequences_in (
      peer BLOB NOT NULL, sequence BLOB NOT NULL, app TEXT NOT NULL, have INTEGER NOT NULL, touched INTEGER NOT NULL,
      PRIMARY KEY (peer, sequence)
    ) STRICT`,
    // Peers that were connected: what a crash leaves here is called again.
    'CREATE TABLE lines (peer BLOB PRIMARY KEY CHECK (length(peer) = 32)) STRICT',
    // Files on their way, or over. `chunks` of an incoming one are certainly on disk, in the partial file `part`. `changed` is when
    // the file of an outgoing one was last written to, in microseconds. `device`: the one that it went to last.
    // `sealed` is what only its parties should know.
    `CREATE TABLE transfers (
      number INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL CHECK (length(peer) = 32), out INTEGER NOT NULL,
      id BLOB NOT NULL CHECK (length(id) = 16), at INTEGER NOT NULL, size INTEGER NOT NULL, changed INTEGER NOT NULL,
      chunks INTEGER NOT NULL, again INTEGER NOT NULL, part TEXT, state TEXT NOT NULL, reason TEXT,
      device INTEGER REFERENCES devices (number), sealed BLOB NOT NULL,
      UNIQUE (peer, out, id)
    ) STRICT`,
    "CREATE INDEX transfers_open ON transfers (peer, number) WHERE state IN ('queued', 'receiving')",
    'CREATE INDEX transfers_part ON transfers (number) WHERE part IS NOT NULL',
    // The private halves of the prekeys that published cards name, sealed, and which initiators used each of them up. `issued`: seconds.
    // `own` is the `dh` key of the device that the card is of.
    `CREATE TABLE prekeys (
      card BLOB PRIMARY KEY CHECK (length(card) = 32), issued INTEGER NOT NULL, own BLOB NOT NULL CHECK (length(own) = 33),
      sealed BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE spent (
      card BLOB NOT NULL REFERENCES prekeys (card) ON DELETE CASCADE, ek BLOB NOT NULL CHECK (length(ek) = 33),
      PRIMARY KEY (card, ek)
    ) STRICT`,
    // Sessions with those who are reached through mailboxes. Times are seconds; `live`: whether it may be sent in.
    // `own` is our device's `dh` key, and `device` theirs. `due`: when the first of its keys has to be forgotten.
    `CREATE TABLE offline_sessions (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), peer BLOB NOT NULL CHECK (length(peer) = 32),
      h1 BLOB NOT NULL CHECK (length(h1) = 32), ours INTEGER NOT NULL, live INTEGER NOT NULL,
      begun INTEGER NOT NULL, heard INTEGER, touched INTEGER NOT NULL, due INTEGER NOT NULL,
      own BLOB NOT NULL CHECK (length(own) = 33), device BLOB NOT NULL CHECK (length(device) = 33), sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX offline_sessions_peer ON offline_sessions (peer, touched)',
    'CREATE INDEX offline_sessions_due ON offline_sessions (due)',
    // Parcels on their way to a mailbox. `upto`: the last message of `sequence` in it; they can be opened by their recipient only.
    `CREATE TABLE parcels (
      number INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL CHECK (length(peer) = 32),
      mailbox BLOB NOT NULL CHECK (length(mailbox) = 32), at INTEGER NOT NULL, sequence BLOB, upto INTEGER NOT NULL,
      parcel BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX parcels_peer ON parcels (peer, number)',
    // Up to which message of a sequence parcels were made, since when nobody has confirmed them, and for which mailboxes.
    `CREATE TABLE parcelled (
      peer BLOB NOT NULL CHECK (length(peer) = 32), sequence BLOB NOT NULL, upto INTEGER NOT NULL, at INTEGER NOT NULL,
      mailboxes BLOB NOT NULL, PRIMARY KEY (peer, sequence)
    ) STRICT`,
    // Peers whose messages came through a mailbox and were not confirmed yet.
    'CREATE TABLE receipts (peer BLOB PRIMARY KEY CHECK (length(peer) = 32)) STRICT',
  ],
]

/** The number of the first step. Lower ones were used before anything was released; their databases are not read. */
export const FIRST_SCHEMA = 6
