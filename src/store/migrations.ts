/**
 * The schema of `handfast.db`, step by step (docs/spec/store.md §3). A step that was ever released never changes: what comes later is
 * a step of its own.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // The furthest truth accepted of an identity. `touched` orders strangers, of whom the latest are kept.
    `CREATE TABLE floors (
      id BLOB PRIMARY KEY CHECK (length(id) = 32),
      epoch INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL CHECK (length(head) = 32),
      asked INTEGER NOT NULL, touched INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX floors_strangers ON floors (touched) WHERE asked = 0',
    // How far the published cards of its devices have got, under the floor's head. `before`: the incarnation before this one.
    `CREATE TABLE floor_devices (
      id BLOB NOT NULL REFERENCES floors (id) ON DELETE CASCADE, device BLOB NOT NULL CHECK (length(device) = 16),
      serial INTEGER NOT NULL, inc BLOB NOT NULL CHECK (length(inc) = 16), before BLOB, PRIMARY KEY (id, device)
    ) STRICT`,
    // Under which transport key a device is found. `proven`: it was used in person, and not only named by a card.
    `CREATE TABLE transport_keys (
      id BLOB NOT NULL CHECK (length(id) = 32), device BLOB NOT NULL CHECK (length(device) = 16),
      key BLOB NOT NULL CHECK (length(key) = 32), proven INTEGER NOT NULL, PRIMARY KEY (id, device)
    ) STRICT`,
    'CREATE INDEX transport_keys_key ON transport_keys (key)',
    // This store itself, in one row: its incarnation, the 16 before it one after the other, when one was last drawn for a card of
    // another (seconds), the highest serial that was signed, and what tells the place of this file from that of a copy.
    `CREATE TABLE self (
      one INTEGER PRIMARY KEY CHECK (one = 1), inc BLOB NOT NULL CHECK (length(inc) = 16), former BLOB NOT NULL,
      drawn INTEGER NOT NULL, issued INTEGER NOT NULL, place BLOB CHECK (length(place) = 32)
    ) STRICT`,
    // Whose database this is, in one row: the identity, and what proves that to who has the store key of its vault.
    `CREATE TABLE owner (
      one INTEGER PRIMARY KEY CHECK (one = 1), identity BLOB NOT NULL CHECK (length(identity) = 32),
      proof BLOB NOT NULL CHECK (length(proof) = 32)
    ) STRICT`,
    // Files that are in this folder as well.
    'CREATE TABLE kept_files (name TEXT PRIMARY KEY) STRICT',
    // Two logs that contradict each other: as long as the row is there, nothing is sent to the identity.
    `CREATE TABLE forks (
      id BLOB PRIMARY KEY CHECK (length(id) = 32), a BLOB NOT NULL, b BLOB NOT NULL, found INTEGER NOT NULL
    ) STRICT`,
    // `anchor` is the entry a person has confirmed. `published`: when its log was last put back into the directory from here.
    `CREATE TABLE contacts (
      id BLOB PRIMARY KEY CHECK (length(id) = 32), name TEXT UNIQUE, log BLOB NOT NULL,
      anchor_seq INTEGER, anchor_head BLOB, verified INTEGER, added INTEGER NOT NULL, published INTEGER NOT NULL
    ) STRICT`,
    // Whom the owner does not deal with, contact or not. `at`: seconds.
    'CREATE TABLE blocked (id BLOB PRIMARY KEY CHECK (length(id) = 32), at INTEGER NOT NULL) STRICT',
    'CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    // Applications that were opened on this folder.
    'CREATE TABLE applications (name TEXT PRIMARY KEY) STRICT',
    // Ids order all messages of this store; `m` is the one that both sides know. `queued`: when it was last queued, or came, milliseconds.
    // `placed`: the first place that one of ours was given. `exposed`: it went to a device that was taken back since. `sealed` is what the message says, under the store key.
    `CREATE TABLE messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL CHECK (length(peer) = 32), app TEXT NOT NULL, out INTEGER NOT NULL,
      m BLOB NOT NULL CHECK (length(m) = 32), at INTEGER NOT NULL, queued INTEGER NOT NULL, placed INTEGER,
      state TEXT NOT NULL, reason TEXT, exposed INTEGER NOT NULL DEFAULT 0, sealed BLOB NOT NULL,
      UNIQUE (peer, out, m)
    ) STRICT`,
    "CREATE INDEX messages_waiting ON messages (peer, app, id) WHERE out = 1 AND state IN ('queued', 'sent')",
    "CREATE INDEX messages_confirmed ON messages (peer, queued) WHERE out = 1 AND state IN ('delivered', 'gone')",
    "CREATE INDEX messages_gone ON messages (peer, app, id) WHERE out = 1 AND state = 'gone'",
    "CREATE INDEX messages_arrived ON messages (app, id) WHERE state = 'arrived'",
    "CREATE INDEX messages_arrived_from ON messages (peer, app) WHERE state = 'arrived'",
    'CREATE INDEX messages_history ON messages (peer, app, id)',
    // What of each peer is kept, and what of it came on `day` (since 1970): messages, the bytes that they are sealed in, and bytes of files that
    // were accepted. Triggers keep it, so that whoever writes messages and files cannot forget to. Of strangers there is a row while
    // something is kept.
    `CREATE TABLE volumes (
      peer BLOB PRIMARY KEY CHECK (length(peer) = 32), messages INTEGER NOT NULL, bytes INTEGER NOT NULL, files INTEGER NOT NULL,
      day INTEGER NOT NULL, day_messages INTEGER NOT NULL, day_bytes INTEGER NOT NULL, day_files INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX volumes_files ON volumes (files) WHERE files > 0',
    `CREATE TRIGGER volumes_message_came AFTER INSERT ON messages WHEN NEW.out = 0 BEGIN
      INSERT INTO volumes VALUES (NEW.peer, 1, length(NEW.sealed), 0, NEW.queued / 86400000, 1, length(NEW.sealed), 0)
      ON CONFLICT (peer) DO UPDATE SET
        messages = messages + 1, bytes = bytes + excluded.bytes, day = excluded.day,
        day_messages = CASE WHEN day = excluded.day THEN day_messages ELSE 0 END + 1,
        day_bytes = CASE WHEN day = excluded.day THEN day_bytes ELSE 0 END + excluded.bytes,
        day_files = CASE WHEN day = excluded.day THEN day_files ELSE 0 END;
    END`,
    `CREATE TRIGGER volumes_message_went AFTER DELETE ON messages WHEN OLD.out = 0 BEGIN
      UPDATE volumes SET messages = messages - 1, bytes = bytes - length(OLD.sealed) WHERE peer = OLD.peer;
      DELETE FROM volumes WHERE peer = OLD.peer AND messages = 0 AND files = 0 AND peer NOT IN (SELECT id FROM contacts);
    END`,
    // Up to which of its messages somebody was a contact, who was forgotten: those are not a stranger's.
    'CREATE TABLE forgotten (peer BLOB PRIMARY KEY CHECK (length(peer) = 32), upto INTEGER NOT NULL) STRICT',
    // What the owner of this folder lets a contact send: bytes, of messages and files, in all and a day; null: as by default.
    `CREATE TABLE limits (
      peer BLOB PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
      messages_total INTEGER, messages_day INTEGER, files_total INTEGER, files_day INTEGER
    ) STRICT`,
    // The sequence that is written in to a device for an application, from our device `own`. `got`: all up to that place is covered.
    `CREATE TABLE sequences_out (
      peer BLOB NOT NULL, device BLOB NOT NULL, app TEXT NOT NULL, own BLOB NOT NULL, sequence BLOB NOT NULL, got INTEGER NOT NULL,
      PRIMARY KEY (peer, device, app)
    ) STRICT`,
    // The places of our messages in sequences, in the order in which they were given. `at`: seconds.
    `CREATE TABLE places_out (
      place INTEGER PRIMARY KEY AUTOINCREMENT, message INTEGER NOT NULL, peer BLOB NOT NULL, device BLOB NOT NULL,
      sequence BLOB NOT NULL CHECK (length(sequence) = 16), n INTEGER NOT NULL, c BLOB NOT NULL CHECK (length(c) = 32), at INTEGER NOT NULL,
      UNIQUE (peer, sequence, n)
    ) STRICT`,
    'CREATE INDEX places_out_message ON places_out (message)',
    'CREATE INDEX places_out_at ON places_out (at)',
    'CREATE INDEX places_out_device ON places_out (peer, device)',
    // Devices of others that something of ours went to, and that their owners took back; `at`: when that was learnt, seconds.
    `CREATE TABLE revoked (
      peer BLOB NOT NULL CHECK (length(peer) = 32), device BLOB NOT NULL CHECK (length(device) = 16), at INTEGER NOT NULL,
      PRIMARY KEY (peer, device)
    ) STRICT`,
    // Their sequences to us: all messages up to place `have`, `c` are here, or were. `touched`: order; `at`: when something last came, seconds.
    `CREATE TABLE sequences_in (
      peer BLOB NOT NULL, sequence BLOB NOT NULL, device BLOB NOT NULL, app TEXT NOT NULL, have INTEGER NOT NULL, c BLOB NOT NULL,
      touched INTEGER NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (peer, sequence)
    ) STRICT`,
    // The places at which their messages came, and which ones: nothing is taken twice, and receipts name earlier places. `at`: seconds.
    `CREATE TABLE arrivals (
      place INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL, m BLOB NOT NULL, sequence BLOB NOT NULL, n INTEGER NOT NULL,
      c BLOB NOT NULL, at INTEGER NOT NULL,
      UNIQUE (peer, sequence, n)
    ) STRICT`,
    'CREATE INDEX arrivals_message ON arrivals (peer, m)',
    'CREATE INDEX arrivals_at ON arrivals (at)',
    // How many messages were sent again on a day because that peer's folder had gone back.
    'CREATE TABLE repairs (peer BLOB PRIMARY KEY CHECK (length(peer) = 32), day INTEGER NOT NULL, count INTEGER NOT NULL) STRICT',
    // Peers that were connected: what a crash leaves here is called again.
    'CREATE TABLE lines (peer BLOB PRIMARY KEY CHECK (length(peer) = 32)) STRICT',
    // Files on their way, or over. `queued`: when it was last to be sent, or something of an incoming one last came, milliseconds. `chunks` of an incoming one are certainly on disk, in the partial file `part`. `changed` is when
    // the file of an outgoing one was last written to, in microseconds. `device`: the one that it was offered to last, or from; `exposed` as of messages.
    // `sealed` is what only its parties should know.
    `CREATE TABLE transfers (
      number INTEGER PRIMARY KEY AUTOINCREMENT, peer BLOB NOT NULL CHECK (length(peer) = 32), out INTEGER NOT NULL,
      id BLOB NOT NULL CHECK (length(id) = 16), at INTEGER NOT NULL, queued INTEGER NOT NULL, size INTEGER NOT NULL, changed INTEGER NOT NULL,
      chunks INTEGER NOT NULL, again INTEGER NOT NULL, part TEXT, state TEXT NOT NULL, reason TEXT,
      device BLOB CHECK (length(device) = 16), exposed INTEGER NOT NULL DEFAULT 0, sealed BLOB NOT NULL,
      UNIQUE (peer, out, id)
    ) STRICT`,
    "CREATE INDEX transfers_open ON transfers (peer, number) WHERE state IN ('queued', 'receiving')",
    'CREATE INDEX transfers_part ON transfers (number) WHERE part IS NOT NULL',
    // A file fills a block at least. What was given up, or failed, is not on the disk any more; what was saved is its owner's to clear away.
    `CREATE TRIGGER volumes_file_came AFTER INSERT ON transfers WHEN NEW.out = 0 AND NEW.state = 'receiving' BEGIN
      INSERT INTO volumes VALUES (NEW.peer, 0, 0, max(NEW.size, 4096), NEW.queued / 86400000, 0, 0, max(NEW.size, 4096))
      ON CONFLICT (peer) DO UPDATE SET
        files = files + excluded.files, day = excluded.day,
        day_messages = CASE WHEN day = excluded.day THEN day_messages ELSE 0 END,
        day_bytes = CASE WHEN day = excluded.day THEN day_bytes ELSE 0 END,
        day_files = CASE WHEN day = excluded.day THEN day_files ELSE 0 END + excluded.files;
    END`,
    `CREATE TRIGGER volumes_file_went AFTER UPDATE OF state ON transfers
      WHEN OLD.out = 0 AND OLD.state = 'receiving' AND NEW.state NOT IN ('receiving', 'saved') BEGIN
      UPDATE volumes SET files = max(0, files - max(OLD.size, 4096)) WHERE peer = OLD.peer;
    END`,
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
    // Sessions with those who are reached through mailboxes. Times are seconds; `live`: whether it may be sent in; `inc`: the incarnation
    // of the other store when it began, as far as it is known. `own` is our device's `dh` key, and `device` theirs. `due`: when the first
    // of its keys has to be forgotten.
    `CREATE TABLE offline_sessions (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), peer BLOB NOT NULL CHECK (length(peer) = 32),
      h1 BLOB NOT NULL CHECK (length(h1) = 32), ours INTEGER NOT NULL, live INTEGER NOT NULL,
      begun INTEGER NOT NULL, heard INTEGER, inc BLOB NOT NULL CHECK (length(inc) = 16), touched INTEGER NOT NULL, due INTEGER NOT NULL,
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
    // Peers who are to hear what came of theirs; with `want`, so that they send again what did not. Not before `due`, seconds.
    `CREATE TABLE receipts (
      peer BLOB PRIMARY KEY CHECK (length(peer) = 32), want INTEGER NOT NULL, due INTEGER NOT NULL
    ) STRICT`,
  ],
]

/** The number of the first step. Lower ones were used before anything was released; their databases are not read. */
export const FIRST_SCHEMA = 8
