import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { StoreError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/kdf.ts'
import {
  MAILBOX_AGE,
  MAILBOX_GUESTS,
  MAILBOX_GUESTS_PER_SOURCE,
  MAILBOX_LOOKUPS,
  MAILBOX_SOURCE_PARCELS,
  MAILBOX_STEP_MS,
  MAILBOX_VISIT_MS,
} from '../../src/core/limits/mailbox-limits.ts'
import { depositAt, openFetching } from '../../src/mailbox/client.ts'
import { createMailboxHost } from '../../src/mailbox/host.ts'
import { decodeMailboxAnswer, encodeMailboxRequest } from '../../src/mailbox/mailbox-format.ts'
import { openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { alice, bob, codeOf, isSettled, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { hanging } from '../directory/memory-network.ts'
import { createLines, type LineEnd } from './lines.ts'
import { createOffice, mailbox as id, parcelFor } from './office.ts'

/** A mailbox and its guests on lines in memory. */

const channel = makeBytes('channel', 64)
const patient = new AbortController().signal

const open = async (t: TestContext) => {
  const office = createOffice()
  await office.announce(bob)
  const service = createMailboxHost({
    ...{ id, store: office.store, now: () => office.world.now, random: seededRandom('service') },
    directory: office.directory.directory,
  })
  t.after(() => service.close())
  /** A guest from an IP address: its end of the line, and the visit. */
  const enter = (host = '192.0.2.1'): { readonly line: LineEnd; readonly visit: Promise<void> } => {
    const [near, far] = createLines()
    const visit = service.serve(far, { channel, host })
    void visit.then(far.close)
    return { line: near, visit }
  }
  return { office, service, enter }
}

const hear = async (line: LineEnd): Promise<string> => {
  const message = await line.receive({ signal: patient })
  if (message === null) return 'goodbye'
  const answer = decodeMailboxAnswer(message)
  return answer.t === 'refused' ? answer.code : answer.t
}

const say = (line: LineEnd, request: Parameters<typeof encodeMailboxRequest>[0]): Promise<void> =>
  line.send(encodeMailboxRequest(request), { signal: patient })

test('a guest leaves a parcel, and the recipient takes it', async (t) => {
  const { service, enter } = await open(t)
  const parcel = parcelFor(bob, 'x', 100_000)
  await depositAt(enter().line, { to: bob.log.id, parcel })
  assert.equal(service.size, 1)
  const fetching = await openFetching(enter().line, { ...bob, mailbox: id, channel })
  const handed = await fetching.next()
  assert.deepEqual(handed?.parcel, parcel)
  await fetching.done(handed.id)
  assert.equal(await fetching.next(), null)
  assert.equal(service.size, 0)
})

test('what guests were told is counted, and what is there', async (t) => {
  const { service, enter } = await open(t)
  const none = { parcels: 0, bytes: 0, guests: 0, kept: 0, opened: 0, handed: 0, refused: new Map() }
  assert.deepEqual(service.counts(), none)
  const parcels = [parcelFor(bob, 'x'), parcelFor(bob, 'y', 100_000)]
  for (const parcel of parcels) await depositAt(enter().line, { to: bob.log.id, parcel })
  // Nobody knows her here, so nothing is taken for her.
  assert.equal(await codeOf(depositAt(enter().line, { to: alice.log.id, parcel: parcelFor(alice, 'x') })), 'ERR_REMOTE')
  const bytes = parcels.reduce((sum, parcel) => sum + parcel.length, 0)
  const refused = new Map([['ERR_LOOKUP_NOT_FOUND', 1]])
  const { line, visit } = enter()
  const fetching = await openFetching(line, { ...bob, mailbox: id, channel })
  const handed = await fetching.next()
  assert.ok(handed !== null)
  const full = { parcels: 2, bytes, kept: 2, opened: 1, handed: 1, refused }
  assert.partialDeepStrictEqual(service.counts(), full)
  await fetching.done(handed.id)
  line.close()
  await visit
  assert.partialDeepStrictEqual(service.counts(), { ...full, parcels: 1, bytes: parcels[1]?.length })
})

test('§7 no more than 32 guests are served at a time, and 8 of one network: the idlest gives way, and is told so', async (t) => {
  const { service, enter } = await open(t)
  const few = enter('198.51.99.1')
  const guests = Array.from({ length: MAILBOX_GUESTS_PER_SOURCE }, (_, index) => enter(`192.0.2.${index}`))
  const [first, second] = guests
  assert.ok(first && second)
  const talks = async ({ line }: typeof first): Promise<void> => {
    await say(line, { t: 'challenge' })
    assert.equal(await hear(line), 'challenge')
  }
  await talks(first)
  await talks(enter('192.0.2.200'))
  assert.deepEqual([await hear(second.line), await hear(second.line)], ['ERR_MAILBOX_BUSY', 'goodbye'])
  await second.visit
  assert.deepEqual([service.counts().guests, service.counts().refused], [9, new Map([['ERR_MAILBOX_BUSY', 1]])])
  for (let index = 0; index < 3 * MAILBOX_GUESTS_PER_SOURCE; index++)
    guests.push(enter(`198.51.${Math.floor(index / MAILBOX_GUESTS_PER_SOURCE)}.${index}`))
  // One that alone is of its network keeps its seat, and one of another network finds one, as does a third.
  for (const guest of [few, enter('203.0.113.1'), enter('203.0.114.1'), few]) await talks(guest)
  await settle()
  assert.equal(service.counts().guests, MAILBOX_GUESTS)
})

test('§7 a guest for whom the mailbox is at work does not give way to others', async (t) => {
  const { office, enter } = await open(t)
  const asking = enter()
  for (const node of office.directory.nodes) node.behaviour = hanging
  await say(asking.line, { t: 'deposit', to: makeBytes('somebody', 32), id: makeBytes('id', 32), size: 2048 })
  await settle()
  const others = Array.from({ length: 2 * MAILBOX_GUESTS_PER_SOURCE }, (_, index) => enter(`192.0.2.${index}`))
  await settle()
  assert.equal(await isSettled(asking.visit), false)
  assert.equal(await hear(others[0]?.line ?? assert.fail()), 'ERR_MAILBOX_BUSY')
})

test('§6 who floods from one network is refused, and another network is not', async (t) => {
  const { office, enter } = await open(t)
  const flood = enter()
  for (let index = 0; index < MAILBOX_SOURCE_PARCELS; index++)
    await depositAt(flood.line, { to: bob.log.id, parcel: parcelFor(bob, `${index}`) })
  const more = { to: bob.log.id, parcel: parcelFor(bob, 'more') }
  assert.equal(await codeOf(depositAt(enter('192.0.2.99').line, more)), 'ERR_MAILBOX_SOURCE')
  assert.equal(await codeOf(depositAt(enter('198.51.100.1').line, more)), undefined)
  assert.equal(office.store.size, MAILBOX_SOURCE_PARCELS + 1)
})

test('§7 a guest who says nothing, or begins and stops, is sent away after 30 s', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { office, enter } = await open(t)
  const silent = enter()
  const stopping = enter()
  const parcel = parcelFor(bob, 'half', 20_000)
  await say(stopping.line, { t: 'deposit', to: bob.log.id, id: sha256(parcel), size: parcel.length })
  assert.equal(await hear(stopping.line), 'ready')
  await say(stopping.line, { t: 'part', d: parcel.slice(0, 16_384) })
  await settle()
  t.mock.timers.tick(MAILBOX_STEP_MS - 1)
  assert.equal(await isSettled(silent.visit), false)
  t.mock.timers.tick(1)
  await Promise.all([silent.visit, stopping.visit])
  assert.equal(office.store.size, 0)
})

test('§7 a guest who never comes to an end is sent away after 10 minutes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { enter } = await open(t)
  const { line, visit } = enter()
  for (let passed = 0; passed < MAILBOX_VISIT_MS; passed += MAILBOX_STEP_MS / 2) {
    await say(line, { t: 'challenge' })
    assert.equal(await hear(line), 'challenge')
    await settle()
    assert.equal(await isSettled(visit), false)
    t.mock.timers.tick(MAILBOX_STEP_MS / 2)
  }
  await visit
})

test('§7 strangers make it look up no more than 16 recipients at a time: for one more the longest ends', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { office, enter } = await open(t)
  for (const node of office.directory.nodes) node.behaviour = hanging
  const guests = Array.from({ length: MAILBOX_LOOKUPS + 1 }, (_, index) => enter(`198.51.${index}.1`))
  for (const [index, { line }] of guests.entries())
    await say(line, { t: 'deposit', to: makeBytes(`${index}`, 32), id: makeBytes('id', 32), size: 2048 })
  const [first, ...others] = guests
  assert.ok(first !== undefined)
  assert.equal(await hear(first.line), 'ERR_MAILBOX_BUSY')
  t.mock.timers.tick(10_000)
  for (const { line } of others) assert.equal(await hear(line), 'ERR_LOOKUP_INCOMPLETE')
})

test('an end of the mailbox ends its visits', async (t) => {
  const { service, enter } = await open(t)
  const { visit } = enter()
  await service.close()
  await visit
  const late = enter()
  await late.visit
})

test('§6 what has expired is gone when it starts, and after every hour', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { office, enter } = await open(t)
  await depositAt(enter().line, { to: bob.log.id, parcel: parcelFor(bob, 'x') })
  office.pass(MAILBOX_AGE)
  assert.equal(office.store.size, 1)
  t.mock.timers.tick(3_600_000)
  assert.equal(office.store.size, 0)
})

test('a disk that fails is told as full, or not at all, and ends nothing but the visit', async (t) => {
  const office = createOffice()
  await office.announce(bob)
  const store = openMailboxStore(null)
  const service = createMailboxHost({
    ...{ id, now: () => office.world.now, random: seededRandom('service') },
    directory: office.directory.directory,
    store,
  })
  t.after(() => service.close())
  const enter = (): LineEnd => {
    const [near, far] = createLines()
    void service.serve(far, { channel, host: '192.0.2.1' }).then(far.close)
    return near
  }
  const warned = t.mock.method(process, 'emitWarning', () => {})
  for (const [code, told] of [
    ['ERR_STORE_FULL', 'ERR_MAILBOX_FULL'],
    ['ERR_STORE_IO', 'ERR_REMOTE'],
  ] as const) {
    const failing = t.mock.method(store, 'checkRoom', () => {
      throw new StoreError(code)
    })
    assert.equal(await codeOf(depositAt(enter(), { to: bob.log.id, parcel: parcelFor(bob, code) })), told)
    failing.mock.restore()
  }
  const broken = t.mock.method(store, 'checkRoom', () => {
    throw new TypeError('a mistake')
  })
  const line = enter()
  assert.equal(await codeOf(depositAt(line, { to: bob.log.id, parcel: parcelFor(bob, 'y') })), 'ERR_CONNECTION_CLOSED')
  assert.equal(warned.mock.callCount(), 1)
  broken.mock.restore()
  await depositAt(enter(), { to: bob.log.id, parcel: parcelFor(bob, 'z') })
  assert.equal(await codeOf(openFetching(enter(), { ...alice, mailbox: id, channel })), 'ERR_REMOTE')
})
