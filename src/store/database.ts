import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { StoreError } from '../core/errors.ts'
import { isDiskFull } from './disk-full.ts'
import { asStoreError } from './failures.ts'
import { FIRST_SCHEMA, MIGRATIONS } from './migrations.ts'
import { checkFileAt, checkFolder, createPrivate } from './privacy.ts'

/** A database of the data folder: SQLite in WAL mode, private from the first byte, its schema numbered. */
export type Database = {
  /** @throws StoreError, as all that follow: ERR_STORE_FULL, _PERMISSION, _IN_USE, _CORRUPT, _IO */
  run(sql: string, ...values: readonly SQLInputValue[]): void
  /**
   * `run` of what deletes a secret, or puts another in its place: it is gone from the file, and from the journal beside it, when the
   * transaction is over. While another process reads, the journal keeps it until the next transaction after that.
   */
  erase(sql: string, ...values: readonly SQLInputValue[]): void
  /** The first row, or undefined. */
  get(sql: string, ...values: readonly SQLInputValue[]): unknown
  all(sql: string, ...values: readonly SQLInputValue[]): readonly unknown[]
  /** All of `work` or nothing of it; on disk when this returns. Inside another transaction it is part of that. */
  transaction<T>(work: () => T): T
  /** Inside a transaction: all of `work` or nothing of it, and the transaction goes on either way. @throws what `work` throws; StoreError */
  attempt<T>(work: () => T): T
  close(): void
}

/** One kind of database. */
export type Schema = {
  /** its file in the data folder */
  readonly name: string
  /** four letters, so that no other program's database, nor another of ours, is taken for it */
  readonly applicationId: number
  /** Statements, step by step. A step that was ever released never changes. */
  readonly migrations: readonly (readonly string[])[]
  /** The number of the first step; databases of a lower one are not read. Default: 1. */
  readonly first?: number
  /**
   * What a commit survives: a power cut (default), for which it waits for the disk; or only the end of the process, for what others
   * bring again.
   */
  readonly survives?: 'power cut' | 'process'
  /** Whether one process at a time has it: another one is refused at once with ERR_STORE_IN_USE. Ends with the process. */
  readonly exclusive?: boolean
}

/** How a database is opened. */
export type Access = {
  /** For who changes nothing: opened on a full disk too, where whoever does gets ERR_STORE_FULL. */
  readonly forReading?: boolean
}

/** What a peer remembers; "hfst". */
export const HANDFAST: Schema = {
  name: 'handfast.db',
  applicationId: 0x68667374,
  migrations: MIGRATIONS,
  first: FIRST_SCHEMA,
}

/** Milliseconds that a writer waits for another process to finish its transaction. */
const BUSY_MS = 5_000

const numberOf = (row: unknown): number => Number(Object.values(row as object)[0])

/** Puts what the journal holds into the file, and cuts it to nothing. @returns whether that was done */
const emptyJournal = (sql: DatabaseSync, timeout: number): boolean => {
  // Whoever reads is not waited for.
  sql.exec('PRAGMA busy_timeout = 0')
  try {
    return numberOf(sql.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()) === 0
  } catch {
    // What was committed is on disk all the same.
    return false
  } finally {
    sql.exec(`PRAGMA busy_timeout = ${timeout}`)
  }
}

const wrap = (sql: DatabaseSync, path: string, timeout: number): Database => {
  const statements = new Map<string, StatementSync>()
  let depth = 0
  /** Whether the journal may hold what was erased; a process that was killed may have left it so. */
  let stained = true

  const clean = (): void => {
    if (stained && depth === 0) stained = !emptyJournal(sql, timeout)
  }

  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw asStoreError(error, path)
    }
  }
  const prepared = (text: string): StatementSync => {
    const known = statements.get(text) ?? sql.prepare(text)
    statements.set(text, known)
    return known
  }
  const transaction = <T>(work: () => T): T => {
    if (depth > 0) return work()
    const result = commit(work)
    clean()
    return result
  }
  const commit = <T>(work: () => T): T => {
    // IMMEDIATE: who reads first and writes later would find that another process wrote in between.
    guarded(() => sql.exec('BEGIN IMMEDIATE'))
    depth += 1
    try {
      const result = work()
      guarded(() => sql.exec('COMMIT'))
      return result
    } catch (error) {
      if (sql.isTransaction) sql.exec('ROLLBACK')
      throw error
    } finally {
      depth -= 1
    }
  }

  return {
    run: (text, ...values) => void guarded(() => prepared(text).run(...values)),
    erase: (text, ...values) => {
      const { changes } = guarded(() => prepared(text).run(...values))
      // The journal is not emptied for nothing.
      if (Number(changes) > 0) stained = true
      clean()
    },
    get: (text, ...values) => guarded(() => prepared(text).get(...values)),
    all: (text, ...values) => guarded(() => prepared(text).all(...values)),
    transaction,
    attempt: (work) => {
      guarded(() => sql.exec('SAVEPOINT attempt'))
      try {
        const result = work()
        guarded(() => sql.exec('RELEASE attempt'))
        return result
      } catch (error) {
        // A full disk may have taken back the whole transaction.
        if (sql.isTransaction) sql.exec('ROLLBACK TO attempt; RELEASE attempt')
        throw error
      }
    },
    close: () => {
      if (!sql.isOpen) return
      statements.clear()
      guarded(() => sql.close())
    },
  }
}

/** Brings the schema to what this version knows, one numbered step after the other. */
const migrate = (database: Database, { applicationId, migrations, first = 1 }: Schema, path: string): void =>
  database.transaction(() => {
    const version = numberOf(database.get('PRAGMA user_version'))
    const application = numberOf(database.get('PRAGMA application_id'))
    // One of another program may name nobody; ours has its numbers as soon as it has anything.
    const isNew =
      version === 0 && application === 0 && database.get('SELECT 1 FROM sqlite_schema LIMIT 1') === undefined
    const foreign = !isNew && (version === 0 || application !== applicationId)
    if (foreign) throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
    const latest = first + migrations.length - 1
    if (version > latest || (version > 0 && version < first))
      throw new StoreError('ERR_STORE_VERSION', {
        hint: `${path}: schema ${version}, known here: ${first} to ${latest}`,
      })
    for (const [index, statements] of migrations.entries())
      if (first + index > version) for (const statement of statements) database.run(statement)
    if (version === latest) return
    database.run(`PRAGMA user_version = ${latest}`)
    database.run(`PRAGMA application_id = ${applicationId}`)
  })

/** What SQLite keeps beside a database while it is open. */
export const BESIDE = ['-wal', '-shm']

/**
 * Refuses a database that others can read, and makes one that is not there: SQLite would make it readable by whatever the umask leaves. What
 * lies beside it gets the mode of this one. A file that is there is not opened: to close it would end the locks this process has on it.
 */
const preparePrivate = (folder: string, path: string): void => {
  checkFolder(folder)
  for (const end of BESIDE) checkFileAt(`${path}${end}`)
  if (!checkFileAt(path)) createPrivate(path)
}

const openAt = (path: string, schema: Schema, isAlone: boolean): Database => {
  let sql: DatabaseSync | undefined
  try {
    const timeout = schema.exclusive === true ? 0 : BUSY_MS
    sql = new DatabaseSync(path, { timeout, enableForeignKeyConstraints: true, defensive: true })
    if (isAlone) sql.exec('PRAGMA locking_mode = EXCLUSIVE')
    // Durable before anything leaves the process: with FULL, a commit waits for the disk.
    const synchronous = schema.survives === 'process' ? 'NORMAL' : 'FULL'
    sql.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF`,
    )
    const database = wrap(sql, path, timeout)
    migrate(database, schema, path)
    return database
  } catch (error) {
    if (sql?.isOpen) sql.close()
    throw asStoreError(error, path)
  }
}

/**
 * Opens the database of a data folder, and makes or migrates it if need be.
 * @param folder null: in memory, gone with the process
 * @param schema which one; default: `handfast.db`
 * @throws StoreError ERR_STORE_CORRUPT, _VERSION, _EXPOSED, _LINK, _PERMISSION, _FULL, _IN_USE, _IO
 */
export const openDatabase = (
  folder: string | null,
  schema: Schema = HANDFAST,
  { forReading = false }: Access = {},
): Database => {
  if (folder === null) return openAt(':memory:', schema, schema.exclusive === true)
  const path = join(folder, schema.name)
  try {
    preparePrivate(folder, path)
    return openAt(path, schema, schema.exclusive === true)
  } catch (error) {
    // What several processes share about the journal is a file, which finds no room: who is alone keeps it in memory.
    if (forReading && isDiskFull(error) && checkFileAt(path)) return openAt(path, schema, true)
    throw asStoreError(error, path)
  }
}
