import { equal } from '../core/bytes.ts'
import { bytes, record } from '../core/fields.ts'
import type { KeyLog } from '../core/key-log.ts'
import { type Device, deviceId } from '../core/key-log-entry.ts'
import { DEVICE_ID_BYTES } from '../core/limits/protocol-limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * Under which transport key each device of an identity is found: so that a contact is known before anything costs, and somebody who is
 * blocked as well. A card can name anybody's key, and then gets its owner a seat too many; only a key that answered in person shuts anybody out.
 */
export type TransportKeys = {
  /**
   * Notes the key (32 bytes) of a device of the log's last entry, in the place of the one before, and forgets those of former devices.
   * @param isProven whether it was used for a handshake as that device, or only named by a card
   */
  note(log: KeyLog, device: Device, key: Uint8Array, isProven: boolean): void
  /** The identity hash of a contact who has that key, and is not blocked. */
  contactWith(key: Uint8Array): Uint8Array | null
  /** Whether somebody who is blocked has used that key, and no contact has. */
  isBlocked(key: Uint8Array): boolean
}

type Row = { readonly device: Uint8Array; readonly key: Uint8Array; readonly proven: number }

const readId = record<{ readonly id: Uint8Array }>({ id: bytes(HASH_BYTES) })
const readKey = record<Row>({
  device: bytes(DEVICE_ID_BYTES),
  key: bytes(HASH_BYTES),
  proven: (value) => Number(value),
})

const PUT = 'INSERT OR REPLACE INTO transport_keys (id, device, key, proven) VALUES (?, ?, ?, ?)'
const DROP = 'DELETE FROM transport_keys WHERE id = ? AND device = ?'
const NOT_BLOCKED = 'id IN (SELECT id FROM contacts) AND id NOT IN (SELECT id FROM blocked)'
const CONTACT = `SELECT id FROM transport_keys WHERE key = ? AND ${NOT_BLOCKED} ORDER BY proven DESC, id LIMIT 1`
const BLOCKED = `SELECT 1 FROM transport_keys WHERE key = ?1 AND proven = 1 AND id IN (SELECT id FROM blocked)
  AND NOT EXISTS (SELECT 1 FROM transport_keys WHERE key = ?1 AND proven = 1 AND ${NOT_BLOCKED})`

export const createTransportKeys = (database: Database): TransportKeys => ({
  note: (log, device, key, isProven) => {
    const { id } = log
    const name = deviceId(device)
    const rows = database.all('SELECT device, key, proven FROM transport_keys WHERE id = ?', id)
    const known = rows.map((row) => readRow('transport_keys', readKey, row))
    const same = known.find((one) => equal(one.device, name) && equal(one.key, key))
    if (same !== undefined && (same.proven === 1 || !isProven)) return
    database.transaction(() => {
      const devices = log.last.entry.devices.map(deviceId)
      for (const one of known) if (!devices.some((now) => equal(now, one.device))) database.run(DROP, id, one.device)
      database.run(PUT, id, name, key, isProven ? 1 : 0)
    })
  },
  isBlocked: (key) => database.get(BLOCKED, key) !== undefined,
  contactWith: (key) => {
    const row = database.get(CONTACT, key)
    return row === undefined ? null : readRow('transport_keys', readId, row).id
  },
})
