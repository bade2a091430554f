import { bytes, record, uint } from '../core/fields.ts'
import { POINT_BYTES } from '../core/p256.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * To which devices of others our messages and files went, and which of these their owners took back: a thief who had the keys of such a
 * device may have read them (docs/spec/messages.md §6). Tables of their own beside the messages.
 */
export type ExposureStore = {
  /** What waits of a sequence up to that number was written to that device (`dh` key, 33 bytes), or sealed for it. */
  went(peer: Uint8Array, sequence: Uint8Array, upTo: number, device: Uint8Array): void
  /** These came to that device: it confirmed them. */
  came(peer: Uint8Array, messages: readonly { readonly id: number }[], device: Uint8Array): void
  /** The same of the file with that number; before it came, it was offered there. */
  fileWent(peer: Uint8Array, transfer: number, device: Uint8Array): void
  /** Peers that have such devices. */
  peers(): readonly Uint8Array[]
  /** Devices of a peer that something went to, but for those that are known to be taken back. */
  devices(peer: Uint8Array): readonly Uint8Array[]
  /** This one was taken back. @param now seconds since 1970 @returns how much went there */
  expose(peer: Uint8Array, device: Uint8Array, now: number): { readonly messages: number; readonly files: number }
  /** Messages that came to nobody but to devices that were taken back, written at `after` (milliseconds) or later: the latest `most`, by id. */
  lostMessages(peer: Uint8Array, after: number, most: number): readonly number[]
  /** The same of files. */
  lostFiles(peer: Uint8Array, after: number, most: number): readonly number[]
  /** It waits again, and nobody has confirmed it. */
  again(message: number): void
}

const readDevice = record<{ readonly device: Uint8Array }>({ device: bytes(POINT_BYTES) })
const readPeer = record<{ readonly peer: Uint8Array }>({ peer: bytes(HASH_BYTES) })
const readNumber = record<{ readonly n: number }>({ n: uint() })
const numberOf = (row: unknown): number => readRow('devices', readNumber, row).n

/** The devices to which a message of the table `messages` went: joined, so that `void` can be asked for. */
const WENT = 'SELECT 1 FROM went JOIN devices ON devices.number = went.device WHERE went.message = messages.id'

/** Whether it may have been read by whoever had the keys of a device that was taken back. */
export const WAS_EXPOSED = `EXISTS (${WENT} AND void IS NOT NULL)`

/** Whether it was confirmed from such devices only. */
export const CAME_TO_NOBODY = `(state = 'delivered' AND EXISTS (${WENT} AND came = 1 AND void IS NOT NULL)
  AND NOT EXISTS (${WENT} AND came = 1 AND void IS NULL))`

/** Of a row of the table `transfers`. */
export const FILE_WAS_EXPOSED = 'EXISTS (SELECT 1 FROM devices WHERE number = transfers.device AND void IS NOT NULL)'

const createDevices = (database: Database) => {
  const find = (peer: Uint8Array, device: Uint8Array): unknown =>
    database.get('SELECT number AS n FROM devices WHERE peer = ? AND device = ?', peer, device)
  return {
    find: (peer: Uint8Array, device: Uint8Array): number | null => {
      const row = find(peer, device)
      return row === undefined ? null : numberOf(row)
    },
    get: (peer: Uint8Array, device: Uint8Array): number => {
      const row =
        find(peer, device) ??
        database.get('INSERT INTO devices (peer, device) VALUES (?, ?) RETURNING number AS n', peer, device)
      return numberOf(row)
    },
  }
}

export const createExposureStore = (database: Database): ExposureStore => {
  const devices = createDevices(database)
  return {
    went: (peer, sequence, upTo, device) =>
      database.run(
        `INSERT OR IGNORE INTO went (message, device, came) SELECT id, ?, 0 FROM messages
         WHERE peer = ? AND sequence = ? AND number <= ? AND out = 1 AND state IN ('queued', 'sent')`,
        ...[devices.get(peer, device), peer, sequence, upTo],
      ),
    came: (peer, messages, device) => {
      for (const { id } of messages)
        database.run(
          'INSERT INTO went (message, device, came) VALUES (?, ?, 1) ON CONFLICT (message, device) DO UPDATE SET came = 1',
          ...[id, devices.get(peer, device)],
        )
    },
    fileWent: (peer, transfer, device) =>
      database.run('UPDATE transfers SET device = ? WHERE number = ?', devices.get(peer, device), transfer),
    peers: () =>
      database
        .all('SELECT DISTINCT peer FROM devices WHERE void IS NULL')
        .map((row) => readRow('devices', readPeer, row).peer),
    devices: (peer) =>
      database
        .all('SELECT device FROM devices WHERE peer = ? AND void IS NULL', peer)
        .map((row) => readRow('devices', readDevice, row).device),
    expose: (peer, device, now) => {
      const number = devices.find(peer, device)
      if (number === null) return { messages: 0, files: 0 }
      database.run('UPDATE devices SET void = ? WHERE number = ? AND void IS NULL', now, number)
      return {
        messages: numberOf(database.get('SELECT count(*) AS n FROM went WHERE device = ?', number)),
        files: numberOf(database.get('SELECT count(*) AS n FROM transfers WHERE device = ?', number)),
      }
    },
    lostMessages: (peer, after, most) =>
      database
        .all(
          `SELECT id AS n FROM messages WHERE peer = ? AND out = 1 AND at >= ? AND ${CAME_TO_NOBODY} ORDER BY id DESC LIMIT ?`,
          ...[peer, after, most],
        )
        .map(numberOf),
    lostFiles: (peer, after, most) =>
      database
        .all(
          `SELECT number AS n FROM transfers WHERE peer = ? AND out = 1 AND at >= ? AND state = 'delivered'
           AND ${FILE_WAS_EXPOSED} ORDER BY number DESC LIMIT ?`,
          ...[peer, after, most],
        )
        .map(numberOf),
    again: (message) => database.run('UPDATE went SET came = 0 WHERE message = ?', message),
  }
}
