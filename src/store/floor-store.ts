import { equal, hex } from '../core/bytes.ts'
import { bytes, nullable, record, uint } from '../core/fields.ts'
import { type DeviceFloor, type Floor, higherFloor } from '../core/floor.ts'
import { DEVICE_ID_BYTES, INCARNATION_BYTES } from '../core/limits/protocol-limits.ts'
import { STRANGER_FLOORS_MAX } from '../core/limits/store-limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/** The rollback floors on disk: one per identity ever accepted (docs/spec/identity.md §5). */
export type FloorStore = {
  get(id: Uint8Array): Floor | null
  /**
   * Puts `next` of the floor in its place, in one transaction; on disk when it returns.
   * @param asked whether we asked for this identity ourselves; of those that only called us the latest 1,000 are kept
   * @returns whether a device's cards went back to the incarnation before: two stores of that device take turns
   * @throws whatever `next` throws: nothing is changed then
   */
  update(id: Uint8Array, next: (floor: Floor | null) => Floor, asked: boolean): boolean
  /** Puts floors in, as a backup has them in the order of their arrival, where none is that is higher; all in one transaction. */
  restore(floors: readonly StoredFloor[]): void
  /** All of them in the order of their arrival, for a backup. */
  all(): readonly StoredFloor[]
}

export type StoredFloor = Floor & { readonly id: Uint8Array; readonly asked: boolean }

type Row = Omit<Floor, 'devices'> & { readonly id: Uint8Array; readonly asked: number }
/** `before`: the incarnation that the device's cards named before this one. */
type DeviceRow = DeviceFloor & { readonly before: Uint8Array | null }

const readFloor = record<Row>({
  id: bytes(HASH_BYTES),
  epoch: uint(),
  seq: uint(),
  head: bytes(HASH_BYTES),
  asked: uint(1),
})
const readDevice = record<DeviceRow>({
  device: bytes(DEVICE_ID_BYTES),
  serial: uint(),
  inc: bytes(INCARNATION_BYTES),
  before: nullable(bytes(INCARNATION_BYTES)),
})

const SELECT = 'SELECT id, epoch, seq, head, asked FROM floors'
const WRITE = `INSERT INTO floors (id, epoch, seq, head, asked, touched)
  VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM floors))
  ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, head = excluded.head,
    asked = excluded.asked, touched = excluded.touched`
const RAISE = 'UPDATE floors SET epoch = ?, seq = ?, head = ?, asked = ? WHERE id = ?'
const EARLIEST = 'SELECT coalesce(min(touched), 1) AS touched FROM floors'
const PUT = 'INSERT INTO floors (epoch, seq, head, asked, id, touched) VALUES (?, ?, ?, ?, ?, ?)'
const DEVICES = 'SELECT device, serial, inc, before FROM floor_devices WHERE id = ? ORDER BY device'
const PUT_DEVICE = 'INSERT INTO floor_devices (id, device, serial, inc, before) VALUES (?, ?, ?, ?, ?)'
/** The floors of strangers who called us: the oldest go when there are too many, and never one that we asked for. */
const FORGET = `DELETE FROM floors WHERE asked = 0 AND id IN
  (SELECT id FROM floors WHERE asked = 0 ORDER BY touched DESC LIMIT -1 OFFSET ${STRANGER_FLOORS_MAX})`

const sameDevice = (a: DeviceFloor, b: DeviceFloor | undefined): boolean =>
  b !== undefined && equal(a.device, b.device) && a.serial === b.serial && equal(a.inc, b.inc)

const same = (a: Floor, b: Floor): boolean =>
  a.epoch === b.epoch &&
  a.seq === b.seq &&
  equal(a.head, b.head) &&
  a.devices.length === b.devices.length &&
  a.devices.every((one, index) => sameDevice(one, b.devices[index]))

export const createFloorStore = (database: Database): FloorStore => {
  const devicesOf = (id: Uint8Array): readonly DeviceRow[] =>
    database.all(DEVICES, id).map((row) => readRow('floor_devices', readDevice, row))

  const stored = (row: unknown): StoredFloor => {
    const { asked, ...floor } = readRow('floors', readFloor, row)
    const devices = devicesOf(floor.id).map(({ device, serial, inc }) => ({ device, serial, inc }))
    return { ...floor, devices, asked: asked === 1 }
  }

  const find = (id: Uint8Array): { floor: Floor; asked: boolean } | null => {
    const row = database.get(`${SELECT} WHERE id = ?`, id)
    if (row === undefined) return null
    const { asked, epoch, seq, head, devices } = stored(row)
    return { floor: { epoch, seq, head, devices }, asked }
  }

  /** @returns whether one of them went back to the incarnation before */
  const putDevices = (id: Uint8Array, devices: readonly DeviceFloor[]): boolean => {
    const known = new Map(devicesOf(id).map((row) => [hex(row.device), row]))
    database.run('DELETE FROM floor_devices WHERE id = ?', id)
    let alternating = false
    for (const { device, serial, inc } of devices) {
      const row = known.get(hex(device))
      const changed = row !== undefined && !equal(row.inc, inc)
      const before = changed ? row.inc : (row?.before ?? null)
      if (changed && row.before !== null && equal(row.before, inc)) alternating = true
      database.run(PUT_DEVICE, id, device, serial, inc, before)
    }
    return alternating
  }

  return {
    get: (id) => find(id)?.floor ?? null,
    update: (id, next, asked) =>
      database.transaction(() => {
        const known = find(id)
        const floor = next(known?.floor ?? null)
        const wanted = asked || known?.asked === true
        if (known !== null && same(known.floor, floor) && known.asked === wanted) return false
        database.run(WRITE, id, floor.epoch, floor.seq, floor.head, wanted ? 1 : 0)
        const alternating = putDevices(id, floor.devices)
        if (!wanted) database.run(FORGET)
        return alternating
      }),
    restore: (floors) =>
      database.transaction(() => {
        // Before all that are there, from the latest on: whoever called since is the last to go.
        let { touched } = database.get(EARLIEST) as { touched: number }
        for (const { id, asked, ...floor } of floors.toReversed()) {
          const known = find(id)
          const { epoch, seq, head, devices } = known === null ? floor : higherFloor(known.floor, floor)
          const wanted = asked || known?.asked === true ? 1 : 0
          if (known !== null) database.run(RAISE, epoch, seq, head, wanted, id)
          else {
            touched -= 1
            database.run(PUT, epoch, seq, head, wanted, id, touched)
          }
          putDevices(id, devices)
        }
        database.run(FORGET)
      }),
    all: () => database.all(`${SELECT} ORDER BY touched`).map(stored),
  }
}
