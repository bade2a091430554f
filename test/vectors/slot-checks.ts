import assert from 'node:assert/strict'
import { hex } from '../../src/core/bytes.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { readSlot, type Slot } from '../../src/core/slot.ts'
import { fromHex } from '../core/test-bytes.ts'
import { expecting, type Refused } from './expecting.ts'

/** What each vector of slots claims, held against the code. */

export type SlotVector = Refused & {
  readonly place: string
  readonly seq: number
  readonly value: string
  readonly signature: string
  readonly output?: ReturnType<typeof slotOutput>
}

export const slotOutput = (slot: Slot) => ({
  slot: hex(slot.slot),
  ...(slot.kind === 'moved'
    ? { moved: hex(slot.head) }
    : { card: hex(slot.envelope), id: hex(slot.card.id), head: hex(slot.card.head), serial: slot.card.serial }),
})

export const checkSlot = (vector: SlotVector): void => {
  const { place, seq, value, signature, output } = vector
  const given = { seq, value: fromHex(value), signature: fromHex(signature) }
  const slot = expecting(vector, () => readSlot(fromHex(place), given))
  if (slot === null) return
  assert.deepEqual(slotOutput(slot), output)
  assert.equal(hex(placeOfSlot(slot.slot)), place)
}
