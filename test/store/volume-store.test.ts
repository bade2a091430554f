import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dayOf } from '../../src/core/clock.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { MESSAGE_ROW_BYTES } from '../../src/core/limits/message-limits.ts'
import { createContactStore } from '../../src/store/contact-store.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { createMessageStore } from '../../src/store/message-store.ts'
import { createTransferStore } from '../../src/store/transfer-store.ts'
import { createVolumeStore, NO_LIMITS } from '../../src/store/volume-store.ts'
import { alice, bob } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { runs } from '../runs.ts'

/** What is kept of each peer, counted as it comes and goes, is what a recount finds. */

const KEY = secretKey(makeBytes('volumes', 32))
const NOW_MS = NOW * 1000
const PEERS = [alice.log.id, bob.log.id, makeBytes('volumes/stranger', 32)] as const

const start = () => {
  const database = openDatabase(null)
  const contacts = createContactStore(database)
  for (const { log } of [alice, bob]) contacts.keep(log, NOW)
  return {
    database,
    contacts,
    messages: createMessageStore(database, KEY),
    transfers: createTransferStore(database, KEY),
    volumes: createVolumeStore(database),
  }
}
type Stores = ReturnType<typeof start>

/** What the rows themselves say. */
const recount = (database: Database, peer: Uint8Array, day: number) => {
  const count = (where: string): { n: number; bytes: number } =>
    database.get(
      `SELECT count(*) AS n, coalesce(sum(length(sealed)), 0) AS bytes FROM messages WHERE peer = ? AND out = 0 AND ${where}`,
      peer,
    ) as { n: number; bytes: number }
  const { n, bytes } = count('true')
  const today = count(`queued / 86400000 = ${day}`)
  return { total: bytes + n * MESSAGE_ROW_BYTES, today: today.bytes + today.n * MESSAGE_ROW_BYTES }
}

let made = 0

type Step =
  | { readonly kind: 'come'; readonly size: number; readonly isTaken: boolean }
  | { readonly kind: 'write'; readonly size: number }
  | { readonly kind: 'forget'; readonly before: number }
  | { readonly kind: 'trim' }
  | { readonly kind: 'day' }
  | { readonly kind: 'file'; readonly size: number }
  | { readonly kind: 'end'; readonly state: 'saved' | 'failed' | 'refused' }
  | { readonly kind: 'clear' }

const step: fc.Arbitrary<readonly [number, Step]> = fc.tuple(
  fc.nat(PEERS.length - 1),
  fc.oneof(
    fc.record({ kind: fc.constant('come' as const), size: fc.nat(500), isTaken: fc.boolean() }),
    fc.record({ kind: fc.constant('write' as const), size: fc.nat(500) }),
    fc.record({ kind: fc.constant('forget' as const), before: fc.nat(4) }),
    fc.constant({ kind: 'trim' as const }),
    fc.constant({ kind: 'day' as const }),
    fc.record({ kind: fc.constant('file' as const), size: fc.nat(20_000) }),
    fc.record({ kind: fc.constant('end' as const), state: fc.constantFrom('saved', 'failed', 'refused') }),
    fc.constant({ kind: 'clear' as const }),
  ),
)

const comes = ({ messages }: Stores, peer: Uint8Array, now: number, size: number, isTaken: boolean): void => {
  made += 1
  const about = { m: makeBytes(`m${made}`, 32), r: makeBytes('r', 16), at: now, said: now, queued: now }
  const arrival = { device: makeBytes('d', 16), sequence: makeBytes(`s${made}`, 16), app: 'handfast', n: 1 }
  const stored = messages.receive(
    peer,
    { ...arrival, c: makeBytes('c', 32) },
    { ...about, body: new Uint8Array(size + 1) },
  )
  if (stored !== null && isTaken) messages.markTaken(stored.id)
}

const offers = ({ transfers }: Stores, peer: Uint8Array, now: number, size: number): number => {
  made += 1
  const about = { peer, out: false, id: makeBytes(`f${made}`, 16), at: now, queued: now, size, changed: 0 }
  const content = { name: 'f', path: '/tmp', hash: makeBytes('h', 32), secret: null }
  return transfers.add({ ...about, ...content, part: null, state: 'receiving', reason: null }).number
}

test('messages and files that come, go, are given up or cleared away leave the count that a recount finds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stores = start()
      const { database, messages, transfers, volumes } = stores
      let now = NOW_MS
      /** what files of each peer are counted, and those of today; whatever was forgotten of today stays counted */
      const files = PEERS.map(() => ({ open: new Map<number, number>(), saved: 0, today: 0 }))
      const gone = PEERS.map(() => 0)
      for (const [index, one] of steps) {
        const peer = PEERS[index] ?? assert.fail()
        const theirs = files[index] ?? assert.fail()
        const before = recount(database, peer, dayOf(now)).today
        if (one.kind === 'come') comes(stores, peer, now, one.size, one.isTaken)
        else if (one.kind === 'write') {
          const about = { m: makeBytes(`m${made++}`, 32), r: makeBytes('r', 16), at: now }
          messages.queue({ peer, app: 'handfast', ...about, body: new Uint8Array(one.size + 1) })
        } else if (one.kind === 'forget') {
          messages.forget(peer, 'handfast', NOW_MS + one.before * 86_400_000)
          gone[index] = (gone[index] ?? 0) + before - recount(database, peer, dayOf(now)).today
        } else if (one.kind === 'trim') messages.trimStrangers()
        else if (one.kind === 'day') {
          now += 86_400_000
          gone.fill(0)
          for (const each of files) each.today = 0
        } else if (one.kind === 'file') {
          theirs.open.set(offers(stores, peer, now, one.size), Math.max(4096, one.size))
          theirs.today += Math.max(4096, one.size)
        } else if (one.kind === 'end') {
          const [first] = theirs.open
          if (first === undefined) continue
          transfers.finish(first[0], one.state, null)
          theirs.open.delete(first[0])
          if (one.state === 'saved') theirs.saved += first[1]
        } else {
          volumes.clearFiles(peer)
          theirs.saved = 0
        }
        const known = volumes.of(peer, dayOf(now))
        const found = recount(database, peer, dayOf(now))
        assert.equal(known.messages.total, found.total)
        const isKept = database.get('SELECT 1 FROM volumes WHERE peer = ?', peer) !== undefined
        if (isKept) assert.equal(known.messages.today, found.today + (gone[index] ?? 0))
        const open = [...theirs.open.values()].reduce((sum, size) => sum + size, 0)
        assert.equal(known.files.total, open + theirs.saved)
        if (isKept) assert.equal(known.files.today, theirs.today)
        else gone[index] = theirs.today = 0
      }
      const strange = volumes.of(PEERS[2], 0).files.total
      assert.equal(volumes.strangersFiles(), strange)
      database.close()
    }),
    { numRuns: runs(300) },
  )
})

test('of a stranger nothing is remembered once nothing of it is kept', () => {
  const stores = start()
  const { database, messages, volumes } = stores
  comes(stores, PEERS[2], NOW_MS, 10, true)
  assert.ok(volumes.of(PEERS[2], dayOf(NOW_MS)).messages.total > 0)
  messages.forget(PEERS[2], 'handfast', Number.MAX_SAFE_INTEGER)
  assert.deepEqual(database.all('SELECT * FROM volumes'), [])
  comes(stores, PEERS[0], NOW_MS, 10, true)
  messages.forget(PEERS[0], 'handfast', Number.MAX_SAFE_INTEGER)
  assert.equal(database.all('SELECT * FROM volumes').length, 1)
  database.close()
})

test('what is asked with every message is one row, found by its key', () => {
  const { database } = start()
  for (const sql of ['SELECT * FROM volumes WHERE peer = ?', 'SELECT * FROM limits WHERE peer = ?']) {
    const plan = database.all(`EXPLAIN QUERY PLAN ${sql}`, PEERS[0]) as { detail: string }[]
    assert.match(plan[0]?.detail ?? '', /^SEARCH .* USING INDEX .*\(peer=\?\)$/)
  }
  database.close()
})

test('what an owner lets a contact send is remembered, and forgotten with the contact', () => {
  const { database, contacts, volumes } = start()
  const [peer] = PEERS
  assert.deepEqual(volumes.limits(peer), NO_LIMITS)
  const limits = { messagesTotal: 1, messagesDay: null, filesTotal: 3, filesDay: 4 }
  volumes.setLimits(peer, limits)
  contacts.keep(alice.log, NOW + 1)
  assert.deepEqual(volumes.limits(peer), limits)
  contacts.remove(peer)
  assert.deepEqual(volumes.limits(peer), NO_LIMITS)
  database.close()
})
