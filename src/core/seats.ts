/**
 * Who has a seat, where there are not enough for all who come. A seat is in a room and is counted with others of its group: the network it
 * comes from, or the contact it is of. One rule decides who has to stand up when somebody sits down:
 *
 *     the group has its most     the idlest of that group
 *     the room has its most      the idlest of the group that has most seats there
 *
 * So nobody loses a seat to a group that has more of them, nor to another room, and what is idle goes before what is in use, however early
 * it came. Nobody knows here what sits: no time, no socket.
 */

/** The most seats that a group, and all of them, have in a room. */
export type RoomSize = { readonly group: number; readonly all: number }

/** Where a seat is counted. */
export type Where<Room extends string> = { readonly room: Room; readonly group: string }

/** What is to sit. */
export type Sitting<Room extends string> = {
  /** Where it belongs: asked anew before it has to give way, since who was nobody may be a contact by now. */
  where(): Where<Room>
  /** Called once when it has lost its seat to another. Null: what has begun cannot be ended, and keeps its seat until it leaves. */
  readonly giveWay: (() => void) | null
}

export type Seat<Room extends string> = {
  /** Something came from it: it is the last to be idle. */
  heard(): void
  /** It is something else from now on: it may belong elsewhere, and counts as heard. Nothing happens when it has lost its seat. */
  become(sitting: Sitting<Room>): void
  /** Gives the seat back; idempotent. */
  leave(): void
}

export type Seats<Room extends string> = {
  /** @returns null when there is no seat, since nobody who could give way may */
  take(sitting: Sitting<Room>): Seat<Room> | null
  /** How many sit in a room. */
  count(room: Room): number
}

type Taken<Room extends string> = { where: Where<Room>; sitting: Sitting<Room>; heard: number }

const groupsOf = <Room extends string>(seats: readonly Taken<Room>[]): ReadonlyMap<string, readonly Taken<Room>[]> =>
  Map.groupBy(seats, ({ where }) => where.group)

/** The one among these that can give way and was heard longest ago. */
const idlestOf = <Room extends string>(seats: readonly Taken<Room>[]): Taken<Room> | null =>
  seats
    .filter(({ sitting }) => sitting.giveWay !== null)
    .reduce<Taken<Room> | null>((idlest, one) => (idlest === null || one.heard < idlest.heard ? one : idlest), null)

/**
 * Who has to give way for one more in `where`.
 * @param seats those of that room
 * @returns `none` when there is room; null when there is none, and nobody can give way
 */
const whoGivesWay = <Room extends string>(
  seats: readonly Taken<Room>[],
  { group }: Where<Room>,
  size: RoomSize,
): Taken<Room> | 'none' | null => {
  const groups = groupsOf(seats)
  const own = groups.get(group) ?? []
  if (own.length >= size.group) return idlestOf(own)
  if (seats.length < size.all) return 'none'
  // With the one who comes, its own group may be one of the largest.
  const most = Math.max(own.length + 1, ...[...groups.values()].map(({ length }) => length))
  const largest = [...groups].filter(([name, { length }]) => length + (name === group ? 1 : 0) >= most)
  return idlestOf(largest.flatMap(([, members]) => members))
}

export const createSeats = <Room extends string>(sizes: Readonly<Record<Room, RoomSize>>): Seats<Room> => {
  const taken = new Set<Taken<Room>>()
  let heard = 0

  /** Makes room for one more. @returns false when there is none */
  const makeRoom = (where: Where<Room>): boolean => {
    for (;;) {
      const seats = [...taken].filter((one) => one.where.room === where.room)
      const leaving = whoGivesWay(seats, where, sizes[where.room])
      if (leaving === 'none') return true
      if (leaving === null) return false
      // Out first: where it belongs by now, it is one more.
      taken.delete(leaving)
      const belongs = leaving.sitting.where()
      const hasMoved = belongs.room !== leaving.where.room || belongs.group !== leaving.where.group
      if (hasMoved && makeRoom(belongs)) {
        leaving.where = belongs
        taken.add(leaving)
      } else leaving.sitting.giveWay?.()
    }
  }

  const take: Seats<Room>['take'] = (sitting) => {
    const where = sitting.where()
    if (!makeRoom(where)) return null
    heard += 1
    const seat: Taken<Room> = { where, sitting, heard }
    taken.add(seat)
    return {
      heard: () => {
        heard += 1
        seat.heard = heard
      },
      become: (next) => {
        if (!taken.delete(seat)) return
        heard += 1
        Object.assign(seat, { sitting: next, where: next.where(), heard })
        if (makeRoom(seat.where)) taken.add(seat)
        else next.giveWay?.()
      },
      leave: () => void taken.delete(seat),
    }
  }

  return { take, count: (room) => [...taken].filter(({ where }) => where.room === room).length }
}
