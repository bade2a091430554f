import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSeats, type RoomSize, type Seat, type Where } from '../../src/core/seats.ts'
import { runs } from '../runs.ts'
import { at } from './identities.ts'

type Room = 'low' | 'high'
const SIZES: Readonly<Record<Room, RoomSize>> = { low: { group: 3, all: 5 }, high: { group: 2, all: 4 } }

type Guest = { readonly name: string; where: Where<Room>; heard: number; canLeave: boolean; seat: Seat<Room> | null }

/** Seats, and a list of who sits there beside them that is kept by hand. */
const createHall = () => {
  const seats = createSeats<Room>(SIZES)
  const sitting: Guest[] = []
  const left: Guest[] = []
  let heard = 0
  const goes = (guest: Guest): void => {
    sitting.splice(sitting.indexOf(guest), 1)
    left.push(guest)
  }
  const sittingOf = (guest: Guest) => ({
    where: () => guest.where,
    giveWay: guest.canLeave ? () => goes(guest) : null,
  })
  return {
    seats,
    sitting,
    /** who had to leave, in that order */
    left,
    come: (room: Room, group: string, canLeave = true): Guest => {
      const guest: Guest = { name: `${group} ${heard}`, where: { room, group }, heard: heard++, canLeave, seat: null }
      guest.seat = seats.take(sittingOf(guest))
      if (guest.seat !== null) sitting.push(guest)
      return guest
    },
    speak: (guest: Guest): void => {
      guest.heard = heard++
      guest.seat?.heard()
    },
    move: (guest: Guest, room: Room, group: string): void => {
      guest.heard = heard++
      guest.where = { room, group }
      guest.canLeave = true
      guest.seat?.become(sittingOf(guest))
    },
    leave: (guest: Guest): void => {
      guest.seat?.leave()
      sitting.splice(sitting.indexOf(guest), 1)
    },
  }
}

const namesOf = (guests: readonly Guest[]): readonly string[] => guests.map(({ name }) => name)

test('of a group that has its most, the idlest gives way: not who came first, but who was silent longest', () => {
  const { come, speak, left } = createHall()
  const [first, second] = [come('low', 'a'), come('low', 'a'), come('low', 'a')]
  assert.ok(first && second)
  speak(first)
  come('low', 'a')
  assert.deepEqual(left, [second])
})

test('of a room that has its most, the idlest of the largest group gives way, so a small one keeps what it has', () => {
  const { come, left, sitting } = createHall()
  const small = come('low', 'small')
  const [a] = [come('low', 'a'), come('low', 'a')]
  const [b] = [come('low', 'b'), come('low', 'b')]
  come('low', 'new')
  assert.deepEqual(left, [a])
  come('low', 'newer')
  assert.deepEqual(left, [a, b])
  // All have one seat now, and the next is one of nobody.
  come('low', 'newest')
  assert.deepEqual(left, [a, b, small])
  assert.equal(sitting.length, SIZES.low.all)
})

test('a group that would be the largest with one more takes it from itself', () => {
  const { come, left } = createHall()
  const [a] = [come('low', 'a'), come('low', 'a')]
  come('low', 'b')
  come('low', 'b')
  come('low', 'c')
  come('low', 'a')
  assert.deepEqual(left, [a])
})

test('rooms do not take from each other', () => {
  const { come, left, seats } = createHall()
  for (const group of ['a', 'a', 'b', 'b']) come('high', group)
  for (const group of ['a', 'a', 'a', 'b', 'c', 'd', 'e']) come('low', group)
  assert.deepEqual([...new Set(left.map(({ where }) => where.room))], ['low'])
  assert.deepEqual([seats.count('high'), seats.count('low')], [4, 5])
})

test('who cannot give way keeps its seat, and where nobody can there is none for one more', () => {
  const { come, left } = createHall()
  for (let count = 0; count < SIZES.low.group; count++) come('low', 'a', false)
  assert.equal(come('low', 'a').seat, null)
  const other = come('low', 'b')
  assert.deepEqual([other.seat !== null, left.length], [true, 0])
})

test('who belongs elsewhere by now moves there instead of leaving', () => {
  const { come, left, seats, sitting } = createHall()
  const [promoted, next] = [come('low', 'a'), come('low', 'a'), come('low', 'a')]
  assert.ok(promoted && next)
  promoted.where = { room: 'high', group: 'a' }
  come('low', 'a')
  assert.deepEqual([left, seats.count('high')], [[], 1])
  come('low', 'a')
  assert.deepEqual(left, [next])
  assert.ok(sitting.includes(promoted))
})

test('who has lost its seat gets none back by what comes later', () => {
  const { come, move, speak, left, seats } = createHall()
  const gone = come('high', 'a')
  come('high', 'a')
  come('high', 'a')
  assert.deepEqual(left, [gone])
  gone.seat?.heard()
  gone.seat?.become({ where: () => ({ room: 'low', group: 'a' }), giveWay: null })
  gone.seat?.leave()
  assert.deepEqual([seats.count('low'), seats.count('high')], [0, 2])
  const stays = come('low', 'a')
  speak(stays)
  move(stays, 'high', 'b')
  assert.equal(seats.count('high'), 3)
})

type Step = { readonly do: 'come' | 'speak' | 'move' | 'leave'; readonly who: number; readonly where: Where<Room> }

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('come', 'come', 'come', 'speak', 'move', 'leave'),
  who: fc.nat(20),
  where: fc.record({ room: fc.constantFrom<Room>('low', 'high'), group: fc.constantFrom('a', 'b', 'c', 'd') }),
})

/** What the rule says of one who had to leave, given who sat before. */
const checkLoss = (before: readonly Guest[], { group, room }: Where<Room>, loser: Guest): void => {
  const there = before.filter((one) => one.where.room === room)
  const of = (name: string): readonly Guest[] => there.filter((one) => one.where.group === name)
  assert.equal(loser.where.room, room)
  const own = of(group).length
  const lost = of(loser.where.group)
  if (loser.where.group !== group) {
    assert.equal(there.length, SIZES[room].all)
    assert.ok(lost.length > own, 'to a group that has fewer')
    for (const name of 'abcd') assert.ok(of(name).length <= lost.length, 'from the largest')
  } else assert.ok(own === SIZES[room].group || there.length === SIZES[room].all)
  for (const one of lost) assert.ok(one.heard >= loser.heard, 'the idlest')
}

test('whatever comes, goes, speaks and moves: no room is too full, and nobody loses a seat against the rule', () => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const hall = createHall()
    for (const { do: what, who, where } of steps) {
      const guest = hall.sitting[who % Math.max(1, hall.sitting.length)]
      const before = hall.sitting.map((one) => ({ ...one }))
      const gone = hall.left.length
      if (what === 'come') assert.ok(hall.come(where.room, where.group).seat)
      else if (guest === undefined) continue
      else if (what === 'speak') hall.speak(guest)
      else if (what === 'leave') hall.leave(guest)
      else hall.move(guest, where.room, where.group)
      const losers = hall.left.slice(gone)
      const others = what === 'move' ? before.filter(({ name }) => name !== guest?.name) : before
      if (what === 'come' || what === 'move') {
        assert.ok(losers.length <= 1)
        for (const { name } of losers) checkLoss(others, where, at(others, namesOf(others).indexOf(name)))
      } else assert.equal(losers.length, 0)
      for (const [room, { group, all }] of Object.entries(SIZES) as [Room, RoomSize][]) {
        const there = hall.sitting.filter((one) => one.where.room === room)
        assert.equal(hall.seats.count(room), there.length)
        assert.ok(there.length <= all)
        for (const name of 'abcd') assert.ok(there.filter((one) => one.where.group === name).length <= group)
      }
    }
  })
  fc.assert(property, { numRuns: runs(2_000) })
})
