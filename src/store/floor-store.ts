import { equal } from '../core/bytes.ts'
import { bytes, record, uint } from '../core/fields.ts'
import { type Floor, higherFloor } from '../core/floor.ts'
import { STRANGER_FLOORS_MAX } from '../core/limits/store-limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/** The rollback floors on disk: one per identity ever accepted (docs/spec/identity.md §5). */
export type FloorStore = {
  get(id: Uint8Array): Floor | null
  /**
   * Puts `next` of the floor in its place, in one transaction; on disk when it returns.
   * @param asked whether we asked for this identity ourselves; of those that only called us the latest 1,000 are kept
   * @throws whatever `next` throws: nothing is changed then
   */
  update(id: Uint8Array, next: (floor: Floor | null) => Floor, asked: boolean): void
  /** Puts floors in, as a backup has them in the order of their arrival, where none is that is higher; all in one transaction. */
  restore(floors: readonly StoredFloor[]): void
  /** All of them in the order of their arrival, for a backup. */
  all(): readonly StoredFloor[]
}

export type StoredFloor = Floor & { readonly id: Uint8Array; readonly asked: boolean }

type Row = Floor & { readonly asked: number }

const readFloor = record<Row>({ epoch: uint(), seq: uint(), head: bytes(HASH_BYTES), serial: uint(), asked: uint(1) })
const readStoredFloor = record<Row & { readonly id: Uint8Array }>({
  id: bytes(HASH_BYTES),
  epoch: uint(),
  seq: uint(),
  head: bytes(HASH_BYTES),
  serial: uint(),
  asked: uint(1),
})

const SELECT = 'SELECT epoch, seq, head, serial, asked FROM floors WHERE id = ?'
const WRITE = `INSERT INTO floors (id, epoch, seq, head, serial, asked, touched)
  VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM floors))
  ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, head = excluded.head,
    serial = excluded.serial, asked = excluded.asked, touched = excluded.touched`
const RAISE = 'UPDATE floors SET epoch = ?, seq = ?, head = ?, serial = ?, asked = ? WHERE id = ?'
const EARLIEST = 'SELECT coalesce(min(touched), 1) AS touched FROM floors'
const PUT = 'INSERT INTO floors (epoch, seq, head, serial, asked, id, touched) VALUES (?, ?, ?, ?, ?, ?, ?)'
/** The floors of strangers who called us: the oldest go when there are too many, and never one that we asked for. */
const FORGET = `DELETE FROM floors WHERE asked = 0 AND id IN
  (SELECT id FROM floors WHERE asked = 0 ORDER BY touched DESC LIMIT -1 OFFSET ${STRANGER_FLOORS_MAX})`

const same = (a: Floor, b: Floor): boolean =>
  a.epoch === b.epoch && a.seq === b.seq && a.serial === b.serial && equal(a.head, b.head)

export const createFloorStore = (database: Database): FloorStore => {
  const find = (id: Uint8Array): { floor: Floor; asked: boolean } | null => {
    const row = database.get(SELECT, id)
    if (row === undefined) return null
    const { asked, ...floor } = readRow('floors', readFloor, row)
    return { floor, asked: asked === 1 }
  }

  return {
    get: (id) => find(id)?.floor ?? null,
    update: (id, next, asked) =>
      database.transaction(() => {
        const known = find(id)
        const floor = next(known?.floor ?? null)
        const wanted = asked || known?.asked === true
        if (known !== null && same(known.floor, floor) && known.asked === wanted) return
        database.run(WRITE, id, floor.epoch, floor.seq, floor.head, floor.serial, wanted ? 1 : 0)
        if (!wanted) database.run(FORGET)
      }),
    restore: (floors) =>
      database.transaction(() => {
        // Before all that are there, from the latest on: whoever called since is the last to go.
        let { touched } = database.get(EARLIEST) as { touched: number }
        for (const { id, asked, ...floor } of floors.toReversed()) {
          const known = find(id)
          const { epoch, seq, head, serial } = known === null ? floor : higherFloor(known.floor, floor)
          const wanted = asked || known?.asked === true ? 1 : 0
          if (known !== null) database.run(RAISE, epoch, seq, head, serial, wanted, id)
          else {
            touched -= 1
            database.run(PUT, epoch, seq, head, serial, wanted, id, touched)
          }
        }
        database.run(FORGET)
      }),
    all: () =>
      database
        .all('SELECT id, epoch, seq, head, serial, asked FROM floors ORDER BY touched')
        .map((row) => readRow('floors', readStoredFloor, row))
        .map(({ asked, ...floor }) => ({ ...floor, asked: asked === 1 })),
  }
}
