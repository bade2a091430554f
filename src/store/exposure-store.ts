import { bytes, record, uint } from '../core/fields.ts'
import { DEVICE_ID_BYTES } from '../core/limits/protocol-limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * To which devices of others our messages and files went, from which ones theirs came, and which of these their owners took back: a thief who
 * had the keys of such a device may have read the ones and written the others (docs/spec/messages.md §10). Messages went where they have
 * places, and came from the device of their sequence; a device is named by its id, 16 bytes.
 */
export type ExposureStore = {
  /** A file of ours is offered to that device, or one of theirs came from it. */
  fileAt(transfer: number, device: Uint8Array): void
  /** Peers to whom something went, or from whom something came. */
  peers(): readonly Uint8Array[]
  /** Devices of a peer that something went to or came from, but for those that are known to be taken back. */
  devices(peer: Uint8Array): readonly Uint8Array[]
  /** These were taken back. @param now seconds since 1970 @returns how much went there, and came from there */
  expose(peer: Uint8Array, devices: readonly Uint8Array[], now: number): Exposed
  /**
   * Messages that went to devices that were taken back, were confirmed, and are not covered in a sequence of another, written at `after`
   * (milliseconds) or later: ids of the latest `most`, in the order of writing.
   */
  lostMessages(peer: Uint8Array, after: number, most: number): readonly number[]
  /** The same of files. */
  lostFiles(peer: Uint8Array, after: number, most: number): readonly number[]
}

/** Messages and files of ours that went to devices, and of theirs that came from there. */
export type Exposed = {
  readonly messages: number
  readonly files: number
  readonly received: number
  readonly receivedFiles: number
}

const readDevice = record<{ readonly device: Uint8Array }>({ device: bytes(DEVICE_ID_BYTES) })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })
const readNumber = record<{ readonly n: number }>({ n: uint() })

const numberOf = (row: unknown): number => readRow('revoked', readNumber, row).n

const KNOWN = 'device IS NOT NULL'
/** Of a place, or a file: whether its device was taken back. */
const isVoid = (table: string): string =>
  `EXISTS (SELECT 1 FROM revoked WHERE revoked.peer = ${table}.peer AND revoked.device = ${table}.device)`

export const createExposureStore = (database: Database): ExposureStore => ({
  fileAt: (transfer, device) =>
    database.run(
      'UPDATE transfers SET device = ? WHERE number = ?',
      bytes(DEVICE_ID_BYTES)(device, 'device'),
      transfer,
    ),
  peers: () =>
    database
      .all(
        `SELECT peer FROM places_out UNION SELECT peer FROM transfers WHERE ${KNOWN} UNION SELECT peer FROM sequences_in`,
      )
      .map((row) => readRow('places_out', readPeer, row).peer),
  devices: (peer) =>
    database
      .all(
        `SELECT device FROM places_out WHERE peer = ? UNION SELECT device FROM transfers WHERE peer = ? AND ${KNOWN}
         UNION SELECT device FROM sequences_in WHERE peer = ? EXCEPT SELECT device FROM revoked WHERE peer = ?`,
        ...[peer, peer, peer, peer],
      )
      .map((row) => readRow('places_out', readDevice, row).device),
  expose: (peer, devices, now) => {
    for (const device of devices)
      database.run('INSERT OR IGNORE INTO revoked (peer, device, at) VALUES (?, ?, ?)', peer, device, now)
    const those = devices.map(() => '?').join(', ')
    const mark = (table: string, where: string, values: readonly Uint8Array[] = [peer, ...devices]): number => {
      database.run(`UPDATE ${table} SET exposed = 1 WHERE ${where}`, ...values)
      return numberOf(database.get(`SELECT count(*) AS n FROM ${table} WHERE ${where}`, ...values))
    }
    return {
      messages: mark('messages', `id IN (SELECT message FROM places_out WHERE peer = ? AND device IN (${those}))`),
      files: mark('transfers', `out = 1 AND peer = ? AND device IN (${those})`),
      received: mark(
        'messages',
        `out = 0 AND peer = ? AND m IN (SELECT a.m FROM arrivals a JOIN sequences_in s ON s.peer = a.peer AND s.sequence = a.sequence
         WHERE a.peer = ? AND s.device IN (${those}))`,
        [peer, peer, ...devices],
      ),
      receivedFiles: mark(
        'transfers',
        `out = 0 AND state IN ('receiving', 'saved') AND peer = ? AND device IN (${those})`,
      ),
    }
  },
  lostMessages: (peer, after, most) =>
    database
      .all(
        `SELECT id AS n FROM messages WHERE peer = ? AND out = 1 AND at >= ? AND state IN ('delivered', 'gone')
         AND EXISTS (SELECT 1 FROM places_out p WHERE p.message = messages.id AND ${isVoid('p')})
         AND NOT EXISTS (SELECT 1 FROM places_out p JOIN sequences_out s ON s.peer = p.peer AND s.sequence = p.sequence
           WHERE p.message = messages.id AND p.n <= s.got AND NOT ${isVoid('p')})
         ORDER BY id DESC LIMIT ?`,
        ...[peer, after, most],
      )
      .map(numberOf)
      .toReversed(),
  lostFiles: (peer, after, most) =>
    database
      .all(
        `SELECT number AS n FROM transfers WHERE peer = ? AND out = 1 AND at >= ? AND state IN ('delivered', 'gone')
         AND ${isVoid('transfers')} ORDER BY number DESC LIMIT ?`,
        ...[peer, after, most],
      )
      .map(numberOf)
      .toReversed(),
})
