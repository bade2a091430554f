import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { equal } from '../core/bytes.ts'
import { nextSerial } from '../core/clock.ts'
import { bytes, nullable, type Reader, record, uint } from '../core/fields.ts'
import type { OwnStore } from '../core/incarnation.ts'
import { sha256 } from '../core/kdf.ts'
import { INCARNATION_BYTES } from '../core/limits/protocol-limits.ts'
import { FORMER_INCARNATIONS } from '../core/limits/store-limits.ts'
import type { Database } from './database.ts'
import { HASH_BYTES, readRow } from './rows.ts'

/**
 * What this store knows of itself (docs/spec/store.md §6): its incarnation, and what it signed. In no backup: what comes out of one is
 * another store.
 */
export type SelfStore = {
  /**
   * The first call draws an incarnation where there is none. In another place than last time there is a new one from now on, which is on
   * disk, with all that follows from it, from `draw` on: who must not go on has changed nothing.
   */
  state(): OwnStore & { readonly drawn: number }
  /** A serial for the next card, on disk when this returns. @param clock milliseconds since 1970 */
  issue(clock: number): number
  /**
   * Begins a new incarnation, and does what has to be done with it, in one transaction.
   * @param cause the serial of another store's card that is the reason, milliseconds, and when that was found, seconds since 1970
   */
  draw(cause?: { readonly serial: number; readonly now: number }): void
  /** Counts a foreign incarnation among the former ones: it has been told of. */
  know(inc: Uint8Array): void
  /** What was restored from a backup is another store, and begins with another incarnation. */
  forget(): void
}

type Row = {
  readonly inc: Uint8Array
  readonly former: readonly Uint8Array[]
  readonly drawn: number
  readonly issued: number
  readonly place: Uint8Array | null
}

const readFormer: Reader<readonly Uint8Array[]> = (value, name) => {
  const all = bytes(0, FORMER_INCARNATIONS * INCARNATION_BYTES)(value, name)
  const count = Math.ceil(all.length / INCARNATION_BYTES)
  return Array.from({ length: count }, (_, index) =>
    bytes(INCARNATION_BYTES)(all.slice(index * INCARNATION_BYTES, (index + 1) * INCARNATION_BYTES), name),
  )
}

const readSelf = record<Row>({
  inc: bytes(INCARNATION_BYTES),
  former: readFormer,
  drawn: uint(),
  issued: uint(),
  place: nullable(bytes(HASH_BYTES)),
})

const SELECT = 'SELECT inc, former, drawn, issued, place FROM self'
const WRITE = 'INSERT OR REPLACE INTO self (one, inc, former, drawn, issued, place) VALUES (1, ?, ?, ?, ?, ?)'

/** Random also where two processes were resumed from one snapshot of memory: the kernel knows of that, a library does not. */
const drawIncarnation = (): Uint8Array => {
  const kernel = new Uint8Array(INCARNATION_BYTES)
  try {
    const file = openSync('/dev/urandom', 'r')
    try {
      readSync(file, kernel)
    } finally {
      closeSync(file)
    }
  } catch {
    // A system without it: then what the library draws is what there is.
  }
  return sha256(kernel, randomBytes(INCARNATION_BYTES)).slice(0, INCARNATION_BYTES)
}

export type SelfParts = {
  /** where the database lies, as `placeOf` tells; null: nowhere */
  readonly place: () => Uint8Array | null
  /** Called in the transaction that begins a new incarnation. */
  readonly onNewIncarnation: () => void
}

export const createSelfStore = (database: Database, { place, onNewIncarnation }: SelfParts): SelfStore => {
  /** a new incarnation that is not on disk yet */
  let pending: Uint8Array | null = null
  let here: Uint8Array | null | undefined

  const row = (): Row | null => {
    const found = database.get(SELECT)
    return found === undefined ? null : readRow('self', readSelf, found)
  }
  const write = ({ inc, former, drawn, issued, place: at }: Row): void => {
    const kept = Buffer.concat(former.slice(0, FORMER_INCARNATIONS))
    database.run(WRITE, inc, kept, drawn, issued, at)
  }

  const begin = (inc: Uint8Array, known: Row | null, { drawn, issued }: Pick<Row, 'drawn' | 'issued'>): void => {
    const former = known === null ? [] : [known.inc, ...known.former]
    write({ inc, former, drawn, issued, place: here ?? null })
    onNewIncarnation()
  }

  const isHere = (known: Row): boolean =>
    known.place === null || (here !== undefined && here !== null && equal(known.place, here))

  /** The row, made where there is none; looked at once whether it was made here. */
  const opened = (): Row =>
    database.transaction(() => {
      const known = row()
      if (known !== null && here !== undefined) return known
      here ??= place()
      if (known === null) begin(drawIncarnation(), null, { drawn: 0, issued: 0 })
      else if (!isHere(known)) pending ??= drawIncarnation()
      else if (known.place === null && here !== null) write({ ...known, place: here })
      return known ?? opened()
    })

  return {
    state: () => {
      const known = opened()
      const { inc, former, issued, drawn } = known
      if (pending === null) return { inc, former, issued, drawn, moved: false }
      return { inc: pending, former: [inc, ...former], issued, drawn, moved: true }
    },
    issue: (clock) =>
      database.transaction(() => {
        const known = opened()
        const issued = nextSerial(known.issued, clock)
        write({ ...known, issued })
        return issued
      }),
    draw: (cause) => {
      database.transaction(() => {
        const known = opened()
        const issued = Math.max(known.issued, cause?.serial ?? 0)
        begin(pending ?? drawIncarnation(), known, { issued, drawn: cause?.now ?? known.drawn })
      })
      pending = null
    },
    know: (inc) =>
      database.transaction(() => {
        const known = opened()
        if (!known.former.some((one) => equal(one, inc))) write({ ...known, former: [inc, ...known.former] })
      }),
    forget: () => database.run('DELETE FROM self'),
  }
}
