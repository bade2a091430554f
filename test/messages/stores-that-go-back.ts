import assert from 'node:assert/strict'
import type { Receipt } from '../../src/connection/payloads.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { MESSAGE_ROW_BYTES } from '../../src/core/limits/message-limits.ts'
import { messageId } from '../../src/core/places.ts'
import type { World } from '../../src/core/world.ts'
import { createInbox, type IncomingMessage } from '../../src/messages/inbox.ts'
import { fullReceipts, plainReceipts } from '../../src/messages/receipts.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { createApplications } from '../../src/store/applications.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { createMessageStore } from '../../src/store/message-store.ts'
import { createVolumeStore, NO_LIMITS } from '../../src/store/volume-store.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { createDice, type Dice } from './dice.ts'
import type { Kind, Outcome, Setting } from './schedules.ts'

/**
 * Two people whose stores go back, run twice, and talk over connections that break and by mail that is late, doubled and lost: random schedules
 * against the real store, inbox and repair. Without networks and sessions: those have tests of their own.
 */

const KEY = secretKey(makeBytes('schedules', 32))
const TABLES = [
  'messages',
  'sequences_out',
  'places_out',
  'sequences_in',
  'arrivals',
  'repairs',
  'applications',
] as const
const APPS = ['handfast', 'chess'] as const

type Rows = readonly (readonly Readonly<Record<string, string | number | Uint8Array | null>>[])[]
type Name = 'A' | 'B'

const idOf = (name: Name): Uint8Array => makeBytes(`schedules/${name}`, 32)
const deviceOf = (name: Name): Uint8Array => makeBytes(`schedules/device/${name}`, 16)
const otherOf = (name: Name): Name => (name === 'A' ? 'B' : 'A')

/** Databases that nobody uses any more: making one takes longer than a schedule. */
const free: Database[] = []

/** Bytes on disk of a message as they are written here, or a little more. */
const MESSAGE_ON_DISK = MESSAGE_ROW_BYTES + 400

/** One copy of somebody's data folder, in use. */
export type Copy = ReturnType<typeof openCopy>

const openCopy = (name: Name, { dice, time, held, most = null }: Setting, rows: Rows | null = null) => {
  const database = free.pop() ?? openDatabase(null)
  database.transaction(() => {
    for (const table of [...TABLES, 'volumes', 'limits']) database.run(`DELETE FROM ${table}`)
    database.run('DELETE FROM sqlite_sequence')
    for (const [index, table] of TABLES.entries())
      for (const row of rows?.[index] ?? []) {
        const columns = Object.keys(row)
        const places = columns.map(() => '?').join(', ')
        database.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`, ...Object.values(row))
      }
  })
  const messages = createMessageStore(database, KEY)
  const applications = createApplications(database)
  const volumes = createVolumeStore(database)
  for (const app of APPS) applications.remember(app)
  const world: World = { clock: () => time.now, random: dice.bytes }
  const own = idOf(name)
  const peer = idOf(otherOf(name))
  if (most !== null) {
    const row = 'INSERT OR IGNORE INTO contacts (id, log, added, published) VALUES (?, ?, 0, 0)'
    database.run(row, peer, new Uint8Array(1))
    volumes.setLimits(peer, { ...NO_LIMITS, messagesDay: most * MESSAGE_ON_DISK })
  }
  const pair = { own: deviceOf(name), device: deviceOf(otherOf(name)) }
  const repair = createRepair({ own, messages, world })
  const inbox = createInbox({
    own,
    store: { messages, applications, volumes },
    world,
    isContact: () => true,
    isRefused: () => false,
  })
  const all = () => APPS.flatMap((app) => messages.history(peer, app, Number.MAX_SAFE_INTEGER, 10_000))
  const copy = {
    name,
    /** whether what is missing is to be sent again */
    wants: false,
    snapshot: (): Rows => TABLES.map((table) => database.all(`SELECT * FROM ${table}`) as Rows[number]),
    write: (): void => {
      const app = dice.next() < 0.8 ? APPS[0] : APPS[1]
      const body = utf8(hex(dice.bytes(8)))
      const [r, at] = [dice.bytes(16), time.now]
      messages.queue({ peer, app, m: messageId({ from: own, to: peer, app }, { r, at, b: body }), r, at, body })
    },
    full: (): readonly Receipt[] => fullReceipts(messages, peer, NOW),
    plain: (): readonly Receipt[] => plainReceipts(messages, peer, NOW),
    hear: (receipts: readonly Receipt[], fresh: boolean) => repair.hear(peer, pair, { receipts, fresh }),
    /** What goes out, so much of each sequence. */
    outgoing: (most: number): IncomingMessage[] =>
      repair.place(peer, pair).flatMap(({ sequence: s, app, got }) => {
        const batch = messages.behind(peer, s, got, most)
        const last = batch.at(-1)
        if (last !== undefined) messages.markSent(peer, { sequence: s, n: last.n }, got)
        return batch.map(({ n, c, r, at, body: b }) => ({ s, app, n, c, r, at, b }))
      }),
    /** Takes what came. @returns whether nothing was missing before it */
    take: (incoming: readonly IncomingMessage[]): boolean => {
      try {
        const { forked, refused } = database.transaction(() => inbox.take({ peer, device: pair.device }, incoming))
        held.count += refused.length
        if (forked.length > 0) copy.wants = true
        return forked.length === 0
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MESSAGE_GAP')) throw error
        copy.wants = true
        return false
      }
    },
    closeSequences: messages.closeAllSequences,
    resend: (): void => {
      for (const app of APPS) messages.requeueGone(peer, app, time.now)
    },
    written: () => all().filter(({ out }) => out),
    read: () => all().filter(({ out }) => !out),
    has: (m: Uint8Array): boolean => messages.hasArrived(peer, m),
    free: (): void => void free.push(database),
  }
  return copy
}

/** A connection: both say what is here, then so much of what waits, then perhaps what arrived. */
const connect = (a: Copy, b: Copy, most: number, dice: Dice): void => {
  const isWhole = most === WHOLE
  const [fromA, fromB] = [a.full(), b.full()]
  a.hear(fromB, true)
  b.hear(fromA, true)
  // What is forked mid-way is told with earlier places, and what is begun anew goes out on the same connection.
  for (let turn = 0; turn < (isWhole ? 3 : 1); turn++) {
    const [toB, toA] = [a.outgoing(most), b.outgoing(most)]
    const fits = [b.take(toB), a.take(toA)]
    if (isWhole) a.wants = b.wants = false
    if (isWhole || dice.next() < 0.7) a.hear(fits[0] ? b.plain() : b.full(), false)
    if (isWhole || dice.next() < 0.7) b.hear(fits[1] ? a.plain() : a.full(), false)
  }
}

const WHOLE = 10_000

type Mail = { readonly got: readonly Receipt[]; readonly want: boolean; readonly messages: readonly IncomingMessage[] }

const theft = (a: Copy, setting: Setting): readonly string[] => {
  const { dice } = setting
  const thief = openCopy('B', setting)
  const before = a.written().filter(({ state }) => state !== 'queued' && state !== 'sent')
  for (let turn = 0; turn < 4; turn++) {
    connect(a, thief, dice.one([0, 1, WHOLE]), dice)
    a.write()
  }
  const broken = before.flatMap(({ m }) => (thief.has(m) ? ['a thief of keys has what was delivered before'] : []))
  thief.free()
  return broken
}

const check = (a: Copy, b: Copy): Omit<Outcome, 'held'> => {
  const broken: string[] = []
  let gone = 0
  for (const [writer, reader] of [
    [a, b],
    [b, a],
  ] as const)
    for (const { m, state } of writer.written()) {
      if (state === 'gone') gone += 1
      else if (!reader.has(m)) broken.push(`a message is ${state} and not there`)
      else if (state !== 'delivered') broken.push(`a message is ${state} and there`)
    }
  for (const copy of [a, b]) {
    const ids = copy.read().map(({ m }) => hex(m))
    if (new Set(ids).size < ids.length) broken.push('a message came twice')
  }
  return { broken, gone }
}

/** Plays one schedule from its seed. */
export const playSchedule = (seed: number, { met = false, thief = false, most }: Kind = {}): Outcome => {
  const dice = createDice(seed)
  const setting: Setting = { dice, time: { now: NOW * 1000 }, most: most ?? null, held: { count: 0 } }
  const live: Record<Name, Copy[]> = { A: [openCopy('A', setting)], B: [openCopy('B', setting)] }
  const snapshots: Record<Name, Rows[]> = { A: [], B: [] }
  const mail: Record<Name, Mail[]> = { A: [], B: [] }
  const isNoticed = dice.next() < 0.5
  if (met) {
    for (const name of ['A', 'B'] as const) dice.one(live[name]).write()
    for (const _ of [1, 2]) connect(dice.one(live.A), dice.one(live.B), WHOLE, dice)
  }
  const goBack = (name: Name, copy: Copy): void => {
    const back = openCopy(name, setting, dice.one(snapshots[name]))
    if (isNoticed && dice.next() < 0.6) {
      back.closeSequences()
      back.wants = true
    }
    live[name][live[name].indexOf(copy)] = back
    copy.free()
  }
  for (let step = 5 + dice.upTo(56); step > 0; step--) {
    const name = dice.one(['A', 'B'] as const)
    const other = otherOf(name)
    const [x, y] = [dice.one(live[name]), dice.one(live[other])]
    const move = dice.next()
    if (move < 0.3) x.write()
    else if (move < 0.5) connect(x, y, dice.one([0, 1, 2, WHOLE]), dice)
    else if (move < 0.62)
      mail[other].push({
        ...{ got: x.wants ? x.full() : x.plain(), want: x.wants },
        messages: x.outgoing(dice.one([0, 1, 3, WHOLE])),
      })
    else if (move < 0.76 && mail[name].length > 0) {
      const index = dice.upTo(mail[name].length)
      const { got, want, messages } = mail[name][index] ?? assert.fail('no mail')
      if (dice.next() < 0.7) mail[name].splice(index, 1)
      x.hear(got, want)
      x.take(messages)
    } else if (move < 0.86) snapshots[name].push(x.snapshot())
    else if (move < 0.95 && snapshots[name].length > 0) goBack(name, x)
    else if (move < 0.98 && live[name].length < 2 && snapshots[name].length > 0)
      live[name].push(openCopy(name, setting, dice.one(snapshots[name])))
  }
  // In the end one copy of each goes on, and they exchange everything until it is quiet.
  const [a, b] = [dice.one(live.A), dice.one(live.B)]
  const stolen = thief ? theft(a, setting) : []
  for (let turn = 0; turn < 3; turn++) connect(a, b, WHOLE, dice)
  // Who has sent as much as may be goes on the next day.
  for (let day = 0; day < 20 && most !== undefined; day++) {
    setting.time.now += 86_400_000
    connect(a, b, WHOLE, dice)
  }
  const { broken, gone } = check(a, b)
  for (const copy of [...live.A, ...live.B]) copy.free()
  return { broken: [...stolen, ...broken], gone, held: setting.held.count }
}
