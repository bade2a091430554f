import { HandfastError } from '../../core/errors.ts'
import { type MutableValue, verifyMutable } from '../../core/mutable-value.ts'
import { readSlot, type Slot } from '../../core/slot.ts'
import { decodeMutableAnswer, type MutableAnswer } from './stock-format.ts'
import type { ValuePlace } from './value-places.ts'

/** What nodes said lies at each place, and of what lies in slots the latest: all of it signed by the slot's key. */
export type SlotReadings = {
  /** Reads what lies in a slot, and notes it. */
  read(place: ValuePlace, bytes: Uint8Array): SlotSaid
  note(place: ValuePlace, node: string, said: Said): void
  /** What a node said there. */
  said(place: ValuePlace, node: string): Said | undefined
  /** What was read from a slot, each node's. */
  slots(place: ValuePlace): readonly ReadSlot[]
  /** Whether anybody showed anything that verifies. */
  isAnythingShown(): boolean
  /** Of all that were shown the value with the highest number. */
  latest(place: ValuePlace): MutableValue | null
  /** Whether what is no card lies over all of that, signed by the slot's key. */
  isSpoiled(place: ValuePlace): boolean
}

export type ReadSlot = { readonly kind: 'slot'; readonly seq: number; readonly slot: Slot }

type SlotSaid =
  | ReadSlot
  /** `spoiled`: the slot's key has signed it, so that it is not the node that lies */
  | { readonly kind: 'invalid' | 'spoiled' }

export type Said = SlotSaid | { readonly kind: 'empty' | 'entry' }

export const createSlotReadings = (): SlotReadings => {
  const notes = new Map<string, Map<string, Said>>()
  const latest = new Map<string, MutableValue>()
  const spoiled = new Map<string, number>()

  const notesAt = ({ name }: ValuePlace): readonly Said[] => [...(notes.get(name)?.values() ?? [])]

  return {
    read: ({ target, name, slot: key }, bytes) => {
      let answer: MutableAnswer | null = null
      try {
        answer = decodeMutableAnswer(bytes)
        const slot = readSlot(target, answer)
        if ((latest.get(name)?.seq ?? -1) < answer.seq) latest.set(name, { ...answer, key: slot.slot })
        return { kind: 'slot', seq: answer.seq, slot }
      } catch (error) {
        if (!(error instanceof HandfastError)) throw error
        if (answer === null || key === null || !verifyMutable({ ...answer, key })) return { kind: 'invalid' }
        spoiled.set(name, Math.max(answer.seq, spoiled.get(name) ?? -1))
        return { kind: 'spoiled' }
      }
    },
    note: ({ name }, node, said) => {
      const there = notes.get(name) ?? new Map<string, Said>()
      notes.set(name, there.set(node, said))
    },
    said: ({ name }, node) => notes.get(name)?.get(node),
    slots: (place) => notesAt(place).filter((said) => said.kind === 'slot'),
    isAnythingShown: () =>
      [...notes.values()].some((there) => [...there.values()].some(({ kind }) => kind === 'entry' || kind === 'slot')),
    latest: ({ name }) => latest.get(name) ?? null,
    isSpoiled: ({ name }) => (spoiled.get(name) ?? -1) > (latest.get(name)?.seq ?? -1),
  }
}
