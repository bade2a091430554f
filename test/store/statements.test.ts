import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { createMailboxOutbox } from '../../src/store/mailbox-outbox.ts'
import { createMessageStore } from '../../src/store/message-store.ts'
import { makeBytes } from '../core/identities.ts'

/** Which rows SQLite reads for what is asked again and again, by what it says itself: its plan for each statement. */

const BOB = makeBytes('bob', 32)
const APP = 'handfast'
const [DEVICE, SEQUENCE] = [makeBytes('device', 16), makeBytes('sequence', 16)]
const place = (n: number): Uint8Array => makeBytes(`place/${n}`, 32)

/** A database that notes what it is asked, each statement once. */
const listenTo = (database: Database, asked: Set<string>): Database => {
  const noted = <T>(work: (sql: string, ...values: never[]) => T) =>
    ((sql, ...values) => {
      asked.add(sql)
      return work(sql, ...values)
    }) as typeof work
  const { run, erase, get, all } = database
  return { ...database, run: noted(run), erase: noted(erase), get: noted(get), all: noted(all) }
}

/** What is done for each message that comes or goes, for each connection, and each time that something is looked for to send. */
const everyday = (database: Database): void => {
  const messages = createMessageStore(database, secretKey(makeBytes('key', 32)))
  const mailboxOutbox = createMailboxOutbox(database)
  database.transaction(() => {
    const said = { r: makeBytes('r', 16), at: 1, said: 1, queued: 1, body: utf8('x') }
    for (const n of [1, 2]) {
      messages.countArrived(BOB, APP)
      messages.countUnknown(BOB)
      messages.countStrangers()
      const m = makeBytes(`m/${n}`, 32)
      messages.receive(BOB, { device: DEVICE, sequence: SEQUENCE, app: APP, n, c: place(n) }, { ...said, m })
    }
    messages.markTaken(messages.arrived(APP, BOB, 0)?.id ?? 0)
    messages.arrived(APP, null, 0)
    const { id } = messages.queue({ ...said, peer: BOB, app: APP, m: makeBytes('ours', 32) })
    messages.waiting()
    messages.isWaiting(BOB)
    messages.countWaiting(BOB, APP)
    messages.countGone(BOB, APP)
    messages.waitingApps(BOB)
    messages.waitingIds(BOB, APP, 9)
    messages.unplaced(BOB, APP, SEQUENCE, 9)
    messages.setPlace(BOB, DEVICE, 1, { id, sequence: SEQUENCE, n: 1, c: place(1) })
    messages.markSent(BOB, { sequence: SEQUENCE, n: 1 }, 0)
    messages.markCovered(BOB, { sequence: SEQUENCE, n: 1 }, 0)
    messages.requeueGone(BOB, APP, 1)
    messages.markFailed(BOB, 'ERR_MESSAGE_EXPIRED', 1)
    mailboxOutbox.hasUnparcelled(BOB, 1)
  })
}

/** Indexes of the few rows that are in a state that passes, of single rows, and of what stands in one sequence. */
const NARROW =
  /^(?:SEARCH|SCAN) (?:messages|p|places_out|arrivals) USING (?:COVERING )?(?:INDEX messages_(?:waiting|gone|arrived|arrived_from)\b|INTEGER PRIMARY KEY|INDEX \S+ \((?:peer=\? AND (?:sequence=\? AND n|out=\? AND m=|m=)|message=))/
const GROWING = /^(?:SEARCH|SCAN) (?:messages|p|places_out|arrivals)\b/

test('what comes, waits or is gone is found without going through all that was ever said', (t) => {
  const asked = new Set<string>()
  const database = openDatabase(null)
  t.after(() => database.close())
  everyday(listenTo(database, asked))
  assert.ok(asked.size > 20)
  for (const sql of asked) {
    const plan = database.all(`EXPLAIN QUERY PLAN ${sql}`).map((row) => String((row as { detail: unknown }).detail))
    for (const step of plan) if (GROWING.test(step)) assert.match(step, NARROW, sql)
  }
})
