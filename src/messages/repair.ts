import type { Receipt } from '../connection/payloads.ts'
import { encodeAddress } from '../core/address.ts'
import { equal, hex } from '../core/bytes.ts'
import { dayOf } from '../core/clock.ts'
import { MESSAGE_AGE_MAX, REPAIRS_A_DAY, SEQUENCE_ID_BYTES } from '../core/limits/message-limits.ts'
import { type Between, nextPlace, type Place, sequenceStart } from '../core/places.ts'
import { presentOf, timesIn, type World } from '../core/world.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { MessageStore } from '../store/message-store.ts'
import type { DevicePair, OutSequence, Proven } from '../store/outgoing-places.ts'
import type { MessageEvent } from './message-events.ts'

/**
 * What becomes of our messages when the other side says which of them are on its disk (docs/spec/messages.md §5). `delivered` means: covered by a
 * place that was proven. What is not covered is sent again, or is gone; nothing is believed for its number alone.
 */
export type Heard = {
  /** messages that are in another state now */
  readonly changed: readonly StoredMessage[]
  /** Where our sequences go on: behind the place that is proven of them. */
  readonly standing: readonly OutSequence[]
  /** how many that were confirmed are sent again, and how many are gone, since the other store went back */
  readonly again: number
  readonly gone: number
  /** when the earliest place was given that the other side proved, seconds since 1970; null when it proved none */
  readonly since: number | null
  /** The other side has what this store never wrote: this one went back, or has a twin. */
  readonly isOld: boolean
}

/** Of keys that their owner took back nothing is believed. */
export const NOTHING_HEARD: Heard = { changed: [], standing: [], again: 0, gone: 0, since: null, isOld: false }

export type Said = {
  readonly receipts: readonly Receipt[]
  /** whether they are all that is on that disk, as it is now; else they only confirm */
  readonly fresh: boolean
  /** messages that were confirmed after these were said: nothing is concluded about them */
  readonly except?: ReadonlySet<number>
}

export type RepairParts = {
  /** our identity hash */
  readonly own: Uint8Array
  readonly messages: MessageStore
  readonly world: World
}

export type Repair = {
  /** Hears what another side has got; for a transaction of the caller's. */
  hear(peer: Uint8Array, pair: DevicePair, said: Said): Heard
  /**
   * Gives what waits its places in the sequences of two devices, so much that there is something to send; for a transaction of the caller's.
   * @returns all sequences that are written in
   */
  place(peer: Uint8Array, pair: DevicePair): readonly OutSequence[]
}

/** What a folder that went back has done to a conversation, if anything. */
export const repairEvent = (peer: Uint8Array, { again, gone }: Heard): readonly MessageEvent[] =>
  again + gone === 0 ? [] : [{ type: 'peer-went-back', address: encodeAddress(peer), again, gone }]

/** Places that are given ahead of what is sent. */
const AHEAD = 128

type Rung = Proven & { readonly place: number; readonly at: number; readonly isTop: boolean }

/** The highest place of ours that one receipt names; null when it names none. */
const provenBy = ({ messages }: RepairParts, peer: Uint8Array, { s, n, c, back }: Receipt): Rung | null => {
  for (const [index, rung] of [{ n, c }, ...back].entries()) {
    const ours = messages.placeAt(peer, s, rung.n)
    if (ours !== null && equal(ours.c, rung.c))
      return { sequence: s, n: rung.n, place: ours.place, at: ours.at, isTop: index === 0 }
  }
  return null
}

/** What was confirmed and is not there any more: written after something that is there, it is sent again; else it is told. */
const loseUncovered = (
  { messages, world }: RepairParts,
  peer: Uint8Array,
  proven: readonly Rung[],
  except: ReadonlySet<number>,
): { readonly changed: readonly StoredMessage[]; readonly again: number; readonly gone: number } => {
  const now = world.clock()
  const earliest = Math.min(...proven.map(({ place }) => place))
  const lost = messages
    .uncovered(peer, Math.max(0, now - MESSAGE_AGE_MAX * 1000), proven)
    .filter(({ id }) => !except.has(id))
  const sendable = lost.filter(({ placed }) => earliest < placed)
  const again = sendable.slice(0, messages.grantRepairs(peer, dayOf(now), sendable.length, REPAIRS_A_DAY))
  const isAgain = new Set(again.map(({ id }) => id))
  const gone = lost.filter(({ id, state }) => !isAgain.has(id) && state !== 'gone')
  const changed = [
    ...again.flatMap(({ id }) => messages.markLost(id, 'sent', presentOf(world))),
    ...gone.flatMap(({ id }) => messages.markLost(id, 'gone', now)),
  ]
  return { changed, again: again.length, gone: gone.length }
}

/** Whether what waits is what follows the proven place, in order, so that the sequence can go on there. */
const canGoOn = ({ messages }: RepairParts, peer: Uint8Array, { sequence, app }: OutSequence, n: number): boolean => {
  const tail = messages.idsBehind(peer, sequence, n)
  const waiting = messages.waitingIds(peer, app, tail.length)
  return tail.every((id, index) => waiting[index] === id)
}

export const createRepair = (parts: RepairParts): Repair => {
  const { own, messages, world } = parts

  const between = (peer: Uint8Array, app: string): Between => ({ from: own, to: peer, app })

  const hear: Repair['hear'] = (peer, pair, { receipts, fresh, except = new Set() }) => {
    const rungs = receipts.flatMap((one) => provenBy(parts, peer, one) ?? [])
    const before = messages.sequences(peer, pair)
    const isOf = (s: Uint8Array) => (one: { readonly sequence: Uint8Array }) => equal(one.sequence, s)
    const covered = rungs.flatMap((rung) => {
      const known = fresh ? 0 : (before.find(isOf(rung.sequence))?.got ?? 0)
      return messages.markCovered(peer, rung, known)
    })
    const lost = fresh ? loseUncovered(parts, peer, rungs, except) : { changed: [], again: 0, gone: 0 }
    let isOld = false
    const standing: OutSequence[] = []
    for (const one of before) {
      const rung = rungs.find(isOf(one.sequence))
      const isNamed = receipts.some(({ s }) => equal(s, one.sequence))
      if (!fresh && !isNamed) continue
      const isContradicted = isNamed && rung?.isTop !== true
      isOld ||= isContradicted
      const got = rung?.n ?? 0
      if (isContradicted || (fresh && !canGoOn(parts, peer, one, got))) messages.closeSequence(peer, one.sequence)
      else {
        // Old news, by another way, takes nothing back.
        const upTo = fresh ? got : Math.max(got, one.got)
        messages.markGot(peer, one.sequence, upTo)
        standing.push({ ...one, got: upTo })
      }
    }
    const since = rungs.length === 0 ? null : Math.min(...rungs.map(({ at }) => at))
    const { again, gone } = lost
    return { changed: lastOf([...covered, ...lost.changed]), standing, again, gone, since, isOld }
  }

  /** Appends what waits for one application, up to so many at once. */
  const placeOf = (peer: Uint8Array, pair: DevicePair, app: string, known: OutSequence | undefined): void => {
    const ids = messages.unplaced(peer, app, known?.sequence ?? null, AHEAD)
    if (ids.length === 0) return
    const sequence = known?.sequence ?? world.random(SEQUENCE_ID_BYTES)
    if (known === undefined) messages.beginSequence(peer, pair, { sequence, app })
    let last: Place = messages.lastPlace(peer, sequence) ?? sequenceStart(between(peer, app), sequence)
    const at = timesIn(world).present
    for (const id of ids) {
      const message = messages.get(id)
      if (message === null) continue
      last = nextPlace(last, message.m)
      messages.setPlace(peer, pair.device, at, { id, sequence, ...last })
    }
  }

  return {
    hear,
    place: (peer, pair) => {
      const known = messages.sequences(peer, pair)
      for (const app of messages.waitingApps(peer))
        placeOf(
          peer,
          pair,
          app,
          known.find((one) => one.app === app),
        )
      return messages.sequences(peer, pair)
    },
  }
}

/** Of messages that changed more than once only how they are at the end. */
const lastOf = (changed: readonly StoredMessage[]): readonly StoredMessage[] => [
  ...new Map(changed.map((message) => [`${hex(message.peer)}/${message.id}`, message])).values(),
]
