import { nullable, record, uint } from '../core/fields.ts'
import { MESSAGE_ROW_BYTES } from '../core/limits/message-limits.ts'
import type { Database } from './database.ts'
import { readRow } from './rows.ts'

/** How much of what others sent is kept, and how much their owner lets them send. */
export type VolumeStore = {
  /** What is kept of a peer, and came of it on a day (`dayOf`). One row: it is asked for with every message. */
  of(peer: Uint8Array, day: number): Volumes
  /** Bytes of files that were accepted from those who are no contacts. */
  strangersFiles(): number
  /** Files of a peer that were saved count no more: their owner has dealt with them. */
  clearFiles(peer: Uint8Array): void
  /** What its owner said of a contact. */
  limits(peer: Uint8Array): Limits
  setLimits(peer: Uint8Array, limits: Limits): void
}

/** Bytes on disk: `total` that are kept, and those that came on a day, kept or not. */
export type Volume = { readonly total: number; readonly today: number }

/** Volumes of messages with what each takes beside what it says, and of files. */
export type Volumes = { readonly messages: Volume; readonly files: Volume }

/** What a contact may send, bytes on disk; null: as by default. */
export type Limits = {
  /** messages that are kept */
  readonly messagesTotal: number | null
  /** messages a day */
  readonly messagesDay: number | null
  /** files that were accepted and not cleared away */
  readonly filesTotal: number | null
  /** files a day */
  readonly filesDay: number | null
}

type Row = {
  readonly messages: number
  readonly bytes: number
  readonly files: number
  readonly day: number
  readonly day_messages: number
  readonly day_bytes: number
  readonly day_files: number
}

const readVolumes = record<Row>({
  ...{ messages: uint(), bytes: uint(), files: uint() },
  ...{ day: uint(), day_messages: uint(), day_bytes: uint(), day_files: uint() },
})
const readLimits = record<Limits>({
  ...{ messagesTotal: nullable(uint()), messagesDay: nullable(uint()) },
  ...{ filesTotal: nullable(uint()), filesDay: nullable(uint()) },
})
const readSum = record<{ readonly n: number }>({ n: uint() })

const NOTHING: Row = { messages: 0, bytes: 0, files: 0, day: 0, day_messages: 0, day_bytes: 0, day_files: 0 }

/** A contact of whom nothing was said. */
export const NO_LIMITS: Limits = { messagesTotal: null, messagesDay: null, filesTotal: null, filesDay: null }

export const createVolumeStore = (database: Database): VolumeStore => ({
  of: (peer, day) => {
    const row = database.get(
      'SELECT messages, bytes, files, day, day_messages, day_bytes, day_files FROM volumes WHERE peer = ?',
      peer,
    )
    const known = row === undefined ? NOTHING : readRow('volumes', readVolumes, row)
    const isToday = known.day === day
    return {
      messages: {
        total: known.bytes + known.messages * MESSAGE_ROW_BYTES,
        today: isToday ? known.day_bytes + known.day_messages * MESSAGE_ROW_BYTES : 0,
      },
      files: { total: known.files, today: isToday ? known.day_files : 0 },
    }
  },
  strangersFiles: () =>
    readRow(
      'volumes',
      readSum,
      database.get(
        'SELECT coalesce(sum(files), 0) AS n FROM volumes WHERE files > 0 AND peer NOT IN (SELECT id FROM contacts)',
      ),
    ).n,
  clearFiles: (peer) =>
    database.run(
      `UPDATE volumes SET files = (SELECT coalesce(sum(max(size, 4096)), 0) FROM transfers
       WHERE transfers.peer = volumes.peer AND out = 0 AND state = 'receiving') WHERE peer = ?`,
      peer,
    ),
  limits: (peer) => {
    const row = database.get(
      `SELECT messages_total AS messagesTotal, messages_day AS messagesDay, files_total AS filesTotal, files_day AS filesDay
       FROM limits WHERE peer = ?`,
      peer,
    )
    return row === undefined ? NO_LIMITS : readRow('limits', readLimits, row)
  },
  setLimits: (peer, { messagesTotal, messagesDay, filesTotal, filesDay }) =>
    database.run(
      'INSERT OR REPLACE INTO limits (peer, messages_total, messages_day, files_total, files_day) VALUES (?, ?, ?, ?, ?)',
      ...[peer, messagesTotal, messagesDay, filesTotal, filesDay],
    ),
})
