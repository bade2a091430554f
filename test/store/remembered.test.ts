import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Floor } from '../../src/core/floor.ts'
import { createIdentity } from '../../src/core/identity.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { NAME_LENGTH_MAX, STRANGER_FLOORS_MAX } from '../../src/core/limits/store-limits.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { freeName, mergeInto, type Remembered, remember } from '../../src/store/remembered.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { runs } from '../runs.ts'
import { anchorAt, bob, carol, contactOf, devicesAt, floorAt, nothing, personOf, remembered, renew } from './backups.ts'
import { makeTemporary } from './folders.ts'

/** What two stores remember becomes one. */

const open = (t: TestContext, folder: string | null = null): Store => {
  const store = openStore(folder)
  t.after(() => store.close())
  return store
}
const memory = (changed: Partial<Remembered>): Remembered => ({ ...nothing, ...changed })
/** What a store remembers that took these one after the other. */
const merged = (t: TestContext, ...memories: readonly Remembered[]): Remembered => {
  const store = open(t)
  for (const one of memories) mergeInto(store, one, NOW)
  return remember(store)
}

test('an empty store remembers exactly what it is given, on disk, and twice is no more than once', async (t) => {
  const folder = await makeTemporary(t)
  const store = open(t, folder)
  assert.deepEqual(remember(store), nothing)
  mergeInto(store, remembered, NOW)
  store.close()
  const ordered = { ...remembered, contacts: remembered.contacts.toSorted((a, b) => a.added - b.added) }
  assert.deepEqual(remember(open(t, folder)), ordered)
  assert.deepEqual(merged(t, remembered, remembered), ordered)
})

test('what fails on the way leaves the store as it was', (t) => {
  const store = open(t)
  mergeInto(store, memory({ floors: [floorAt(bob.log)] }), NOW)
  const before = remember(store)
  const broken = {
    ...remembered,
    settings: {
      get network(): string {
        throw new Error('no')
      },
      mailboxes: null,
      relay: null,
    },
  }
  assert.throws(() => mergeInto(store, broken, NOW), { message: 'no' })
  assert.deepEqual(remember(store), before)
})

const few = fc.integer({ min: 0, max: 2 })
const someFloors = fc.uniqueArray(
  fc
    .record({ epoch: few, seq: few, serial: few, who: few, head: few, asked: fc.boolean() })
    .map(({ who, head, serial, ...rest }) => ({
      ...rest,
      id: makeBytes(`id/${who}`, 32),
      head: makeBytes(`head/${head}`, 32),
      devices: devicesAt(serial),
    })),
  { selector: ({ id }) => id.join() },
)

test('no floor is lowered and none is lost, whatever the order; who was asked for stays asked for', (t) => {
  fc.assert(
    fc.property(someFloors, someFloors, (a, b) => {
      // Serials are of one head: under another one they say nothing.
      const rank = ({ epoch, seq }: Floor) => epoch * 3 + seq
      const serial = ({ devices }: Floor) => devices[0]?.serial ?? 0
      const sameHead = (x: Floor, y: Floor) => rank(x) === rank(y) && x.head.join() === y.head.join()
      const find = (floors: Remembered['floors'], id: Uint8Array) => floors.find((one) => one.id.join() === id.join())
      const both = [
        merged(t, memory({ floors: a }), memory({ floors: b })),
        merged(t, memory({ floors: b }), memory({ floors: a })),
      ]
      for (const { floors } of both)
        for (const floor of [...a, ...b]) {
          const after = find(floors, floor.id)
          assert.ok(after !== undefined && rank(after) >= rank(floor))
          assert.ok(!sameHead(after, floor) || serial(after) >= serial(floor))
          assert.ok(after.asked || !floor.asked)
          assert.ok([...a, ...b].some((one) => sameHead(one, after) && serial(one) === serial(after)))
        }
      const [one, other] = both.map(({ floors }) => floors.toSorted((x, y) => Buffer.compare(x.id, y.id)))
      assert.deepEqual(one, other)
    }),
    { numRuns: runs(60) },
  )
})

test('strangers of a backup make room for those who called since, never the other way round', (t) => {
  const strangers = (name: string, size: number) =>
    Array.from({ length: size }, (_, index) =>
      floorAt(bob.log, { id: makeBytes(`${name}/${index}`, 32), asked: false }),
    )
  const [since, before] = [strangers('since', STRANGER_FLOORS_MAX - 2), strangers('before', 5)]
  const { floors } = merged(t, memory({ floors: since }), memory({ floors: before }))
  // The latest two of the backup, before all that are there, in the order in which they came.
  assert.deepEqual(floors, [...before.slice(-2), ...since])
})

test('of a contact that both know, a person’s word, the further log and the name are kept', (t) => {
  const later = renew(bob, 'later')
  const plain = contactOf(bob.log, { added: NOW - 9, published: 3 })
  const verified = contactOf(later.log, { name: 'Bob', anchor: anchorAt(bob.log), verified: NOW - 4, published: 1 })
  const expected = { ...verified, added: NOW - 9, published: 3 }
  const own = memory({ contacts: [plain], floors: [floorAt(bob.log)] })
  const theirs = memory({ contacts: [verified], floors: [floorAt(later.log)] })
  for (const order of [
    [own, theirs],
    [theirs, own],
  ]) {
    const { contacts, floors, forks } = merged(t, ...order)
    assert.deepEqual([contacts, floors, forks], [[expected], [floorAt(later.log)], []])
  }
  // Of two words the latest; of two names the one that is there.
  const again = contactOf(later.log, { name: 'Robert', anchor: anchorAt(later.log), verified: NOW - 3 })
  for (const order of [
    [verified, again],
    [again, verified],
  ] as const) {
    const [contact] = merged(t, ...order.map((one) => memory({ contacts: [one] }))).contacts
    assert.deepEqual([contact?.anchor, contact?.verified], [anchorAt(later.log), NOW - 3])
    assert.equal(contact?.name, order[0].name)
  }
})

test('a name that is taken gets a number, and is never too long', (t) => {
  const named = (log: KeyLog, name: string) => contactOf(log, { name })
  const names = (...memories: readonly Remembered[]) =>
    merged(t, ...memories).contacts.map(({ log, name }) => [log.id.join(), name])
  const [dave, erin] = [personOf('Dave'), personOf('Erin')]
  const own = memory({ contacts: [named(bob.log, 'Bob'), named(carol.log, 'Bob 2')] })
  const theirs = memory({ contacts: [named(dave.log, 'Bob'), named(erin.log, 'Erin')] })
  assert.deepEqual(
    new Map(names(own, theirs) as [string, string][]),
    new Map([
      [bob.log.id.join(), 'Bob'],
      [carol.log.id.join(), 'Bob 2'],
      [dave.log.id.join(), 'Bob 3'],
      [erin.log.id.join(), 'Erin'],
    ]),
  )
  // The same contact is not in its own way.
  assert.deepEqual(names(own, memory({ contacts: [named(bob.log, 'Bob')] })), names(own))

  const taken = new Set<string>()
  for (const name of ['x'.repeat(NAME_LENGTH_MAX), `${'x'.repeat(61)} yz`, `${'x'.repeat(61)}😀y`])
    for (let round = 0; round < 12; round++) {
      const free = freeName(name, (one) => taken.has(one))
      assert.ok(free.length <= NAME_LENGTH_MAX && !taken.has(free) && free.isWellFormed() && !/ {2}/.test(free), free)
      taken.add(free)
    }
})

test('of a setting the one that is there stays', (t) => {
  const setting = (network: string | null) => memory({ settings: { network, mailboxes: null, relay: null } })
  for (const [a, b, expected] of [
    ['one', 'other', 'one'],
    [null, 'other', 'other'],
    ['one', null, 'one'],
  ] as const)
    assert.equal(merged(t, setting(a), setting(b)).settings.network, expected)
})

const { identity: dave, phrase } = createIdentity(NOW, seededRandom('backup/dave'))
const [mine, yours] = [renew(dave, 'mine'), renew(dave, 'yours')]
const [a, b] = [mine.log, yours.log]
const fork = { a, b, found: NOW - 5 }
const rotated = rotateIdentity(dave.log, phrase, NOW, seededRandom('backup/rotated'))
const decided = (log: KeyLog) => contactOf(log, { anchor: anchorAt(log), verified: NOW })
const on = (log: KeyLog, contact = contactOf(log)) => memory({ floors: [floorAt(log)], contacts: [contact] })

test('a contradiction that nobody decided is kept, from either side', (t) => {
  const forked = { ...on(a), forks: [fork] }
  for (const order of [
    [forked, on(a)],
    [on(a), forked],
    [nothing, forked],
    [forked, forked],
  ])
    assert.deepEqual(merged(t, ...order).forks, [fork])
  // A person's word is about an earlier entry, that both have.
  const early = on(a, contactOf(a, { anchor: anchorAt(dave.log), verified: NOW }))
  assert.deepEqual(merged(t, early, forked).forks, [fork])
})

test('two memories that contradict each other are a contradiction, found now', (t) => {
  for (const [first, second] of [
    [a, b],
    [b, a],
  ] as const)
    assert.deepEqual(merged(t, on(first), on(second)).forks, [{ a: first, b: second, found: NOW }])
})

test('of two contradictions the one that is there stays', (t) => {
  const later = { a: renew(mine, 'later').log, b, found: NOW - 1 }
  const [first, second] = [fork, later].map((one) => memory({ floors: [floorAt(a)], forks: [one] }))
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(merged(t, first, second).forks, [fork])
  assert.deepEqual(merged(t, second, first).forks, [later])
})

test('of two logs that contradict each other a contact has the one that the floor is on', (t) => {
  const [, higher] = [a, b].toSorted((x, y) => Buffer.compare(x.last.hash, y.last.hash))
  assert.ok(higher !== undefined)
  // Serials are of one head, and say nothing about which of two it is.
  for (const serials of [devicesAt(1), []]) {
    const sides = [a, b].map((log) => {
      const devices = log === higher ? [] : serials
      return { ...on(log), floors: [floorAt(log, { devices })] }
    })
    for (const order of [sides, sides.toReversed()]) {
      const { contacts, floors } = merged(t, ...order)
      assert.deepEqual([contacts, floors], [[contactOf(higher)], [floorAt(higher)]])
    }
  }
})

test('a contradiction is over when a person decided it and nothing else was believed since', (t) => {
  const forked = { ...on(a), forks: [fork] }
  for (const order of [
    [on(a, decided(a)), forked],
    [forked, on(a, decided(a))],
  ])
    assert.deepEqual(merged(t, ...order), on(a, decided(a)))
  // The floor is on the other branch: whoever believed that has to be asked.
  const [low, high] = [floorAt(a), floorAt(b)].toSorted((x, y) => Buffer.compare(x.head, y.head))
  const branchOf = (floor = low): KeyLog => (floor?.head === a.last.hash ? a : b)
  const against = memory({ floors: low && high ? [high] : [], contacts: [] })
  const kept = merged(t, against, on(branchOf(low), decided(branchOf(low))), { ...nothing, forks: [fork] })
  assert.deepEqual([kept.floors, kept.forks], [[high], [fork]])
})

test('a contradiction is over once the owner has rotated, and what was accepted then stands', (t) => {
  const forked = { ...on(a), forks: [fork] }
  const { forks, contacts, floors } = merged(t, on(rotated.log), forked)
  assert.deepEqual([forks, contacts, floors], [[], [contactOf(rotated.log)], [floorAt(rotated.log)]])
  assert.deepEqual(merged(t, forked, on(rotated.log)), merged(t, on(rotated.log)))
})
