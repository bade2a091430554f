import { equal, hex } from '../../core/bytes.ts'
import { placeOfSlot } from '../../core/epoch-keys.ts'
import type { PartialLog } from '../../core/key-log.ts'
import type { ValueKind } from './stock-requests.ts'

/** Where the values of an identity lie, as far as its log tells. */

export type ValuePlace = {
  /** 32 bytes, and the same as text */
  readonly target: Uint8Array
  readonly name: string
  readonly kind: ValueKind
  /** the key of the slot; null where only its hash is known */
  readonly slot: Uint8Array | null
}

/** A place that says whether a log is the present one. */
export type DecidingPlace = ValuePlace & { readonly what: 'log' | 'slot' | 'next' }

const NONE = new Uint8Array(32)

/** Where its first entry lies: the hash that the address encodes. */
const logPlace = (id: Uint8Array): ValuePlace => ({ target: id, name: hex(id), kind: 'immutable', slot: null })

const slotPlace = ({ last: { entry } }: PartialLog): ValuePlace => {
  const target = placeOfSlot(entry.slot)
  return { target, name: hex(target), kind: 'mutable', slot: entry.slot }
}

/** Where the next slot will be; null in the last epoch there is. */
const nextPlace = ({ last: { entry } }: PartialLog): ValuePlace | null =>
  equal(entry.after, NONE) ? null : { target: entry.after, name: hex(entry.after), kind: 'mutable', slot: null }

/** The places that logs lead to, each once: that of entry 0, and of each of them its slot and the one after. */
export const placesOf = (id: Uint8Array, logs: Iterable<PartialLog>): readonly ValuePlace[] => {
  const places = [...logs].flatMap((log) => [slotPlace(log), nextPlace(log)]).filter((place) => place !== null)
  // A slot whose key is known, before the same place by its hash alone.
  const named = places.toSorted((a, b) => Number(a.slot === null) - Number(b.slot === null))
  const once = new Map<string, ValuePlace>()
  for (const place of [logPlace(id), ...named]) if (!once.has(place.name)) once.set(place.name, place)
  return [...once.values()]
}

/** Entry 0, the slot of the present keys, and where the next would be. */
export const decidingPlaces = (log: PartialLog): readonly DecidingPlace[] => {
  const next = nextPlace(log)
  return [
    { ...logPlace(log.id), what: 'log' },
    { ...slotPlace(log), what: 'slot' },
    ...(next === null ? [] : [{ ...next, what: 'next' } as const]),
  ]
}
