import assert from 'node:assert/strict'
import type { Receipt } from '../../src/connection/payloads.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { messageId } from '../../src/core/places.ts'
import type { World } from '../../src/core/world.ts'
import { createInbox, type IncomingMessage } from '../../src/messages/inbox.ts'
import { fullReceipts, plainReceipts } from '../../src/messages/receipts.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { createApplications } from '../../src/store/applications.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { createMessageStore } from '../../src/store/message-store.ts'
import { makeBytes, NOW } from '../core/identities.ts'

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

/** A random generator of one schedule: small, and the same everywhere. */
export const createDice = (seed: number) => {
  let state = (seed * 2_654_435_761 + 1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    upTo: (most: number): number => Math.floor(next() * most),
    one: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] ?? assert.fail('nothing to choose from'),
    bytes: (size: number): Uint8Array => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)),
  }
}
export type Dice = ReturnType<typeof createDice>

/** One copy of somebody's data folder, in use. */
export type Copy = ReturnType<typeof openCopy>

const openCopy = (name: Name, dice: Dice, rows: Rows | null = null) => {
  const database = free.pop() ?? openDatabase(null)
  database.transaction(() => {
    for (const table of TABLES) database.run(`DELETE FROM ${table}`)
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
  for (const app of APPS) applications.remember(app)
  const world: World = { clock: () => NOW * 1000, random: dice.bytes }
  const own = idOf(name)
  const peer = idOf(otherOf(name))
  const pair = { own: deviceOf(name), device: deviceOf(otherOf(name)) }
  const repair = createRepair({ own, messages, world })
  const inbox = createInbox({
    own,
    store: { messages, applications },
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
      const [r, at] = [dice.bytes(16), NOW * 1000]
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
        const { forked } = database.transaction(() => inbox.take({ peer, device: pair.device }, incoming))
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
      for (const app of APPS) messages.requeueGone(peer, app, NOW * 1000)
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

/** What became of one schedule. */
export type Outcome = {
  /** what is wrong, in words; empty when nothing is */
  readonly broken: readonly string[]
  /** how many messages are `gone` at the end */
  readonly gone: number
}

export type Kind = {
  /** they have exchanged a message each before anything goes back */
  readonly met?: boolean
  /** somebody with Bob's device keys and nothing else calls at the end */
  readonly thief?: boolean
}

const theft = (a: Copy, dice: Dice): readonly string[] => {
  const thief = openCopy('B', dice)
  const before = a.written().filter(({ state }) => state !== 'queued' && state !== 'sent')
  for (let turn = 0; turn < 4; turn++) {
    connect(a, thief, dice.one([0, 1, WHOLE]), dice)
    a.write()
  }
  const broken = before.flatMap(({ m }) => (thief.has(m) ? ['a thief of keys has what was delivered before'] : []))
  thief.free()
  return broken
}

const check = (a: Copy, b: Copy): Outcome => {
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
export const playSchedule = (seed: number, { met = false, thief = false }: Kind = {}): Outcome => {
  const dice = createDice(seed)
  const live: Record<Name, Copy[]> = { A: [openCopy('A', dice)], B: [openCopy('B', dice)] }
  const snapshots: Record<Name, Rows[]> = { A: [], B: [] }
  const mail: Record<Name, Mail[]> = { A: [], B: [] }
  const isNoticed = dice.next() < 0.5
  if (met) {
    for (const name of ['A', 'B'] as const) dice.one(live[name]).write()
    for (const _ of [1, 2]) connect(dice.one(live.A), dice.one(live.B), WHOLE, dice)
  }
  const goBack = (name: Name, copy: Copy): void => {
    const back = openCopy(name, dice, dice.one(snapshots[name]))
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
      live[name].push(openCopy(name, dice, dice.one(snapshots[name])))
  }
  // In the end one copy of each goes on, and they exchange everything until it is quiet.
  const [a, b] = [dice.one(live.A), dice.one(live.B)]
  const stolen = thief ? theft(a, dice) : []
  for (let turn = 0; turn < 3; turn++) connect(a, b, WHOLE, dice)
  const { broken, gone } = check(a, b)
  for (const copy of [...live.A, ...live.B]) copy.free()
  return { broken: [...stolen, ...broken], gone }
}
