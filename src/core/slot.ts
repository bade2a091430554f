import { equal } from './bytes.ts'
import { type Card, decodeCard, type SignedCard } from './card.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { Ed25519PrivateKey } from './ed25519.ts'
import { placeOfSlot } from './epoch-keys.ts'
import { SlotError } from './errors.ts'
import { bytes, literal, type Reader, record } from './fields.ts'
import { isRotationAt, type PartialLog } from './key-log.ts'
import { ITEM_BYTES_MAX, SLOT_BYTES_MAX } from './limits/protocol-limits.ts'
import { type MutableValue, SEQ_MAX, signMutable, verifyMutable } from './mutable-value.ts'

/**
 * Slots: where a card lies in any HyperDHT network (docs/spec/slots.md §2). Each epoch of a log has one, and its entries say where the
 * next one will be. What lies in a slot is as good as what the log and the card in it prove, and no better.
 */

const HASH_BYTES = 32
const SLOT_BYTES = 32

type CardValue = { readonly v: 1; readonly slot: Uint8Array; readonly card: Uint8Array }
type MovedValue = { readonly v: 1; readonly slot: Uint8Array; readonly moved: Uint8Array }

const head = { v: literal(1), slot: bytes(SLOT_BYTES) } as const
const readCardValue = record<CardValue>({ ...head, card: bytes(1, ITEM_BYTES_MAX) })
const readMovedValue = record<MovedValue>({ ...head, moved: bytes(HASH_BYTES) })
const readValue: Reader<CardValue | MovedValue> = (value, name) =>
  typeof value === 'object' && value !== null && 'moved' in value
    ? readMovedValue(value, name)
    : readCardValue(value, name)

/** What lies in a slot, by the word of whoever holds its key. */
export type Slot = { readonly slot: Uint8Array } & (
  | {
      readonly kind: 'card'
      readonly envelope: Uint8Array
      /** what the envelope says, and nobody has verified: enough to find the log that it names */
      readonly card: Card
    }
  | {
      /** the slot's epoch is over, or its identity: no card comes here any more */
      readonly kind: 'moved'
      /** the hash of an entry that the log goes on to, 32 bytes */
      readonly head: Uint8Array
    }
)

/** The value that puts a card into the slot of its epoch; `seq` is the card's serial. @throws SlotError ERR_SLOT_SEQ when that is the highest there is */
export const signSlotCard = (key: Ed25519PrivateKey, { card, envelope }: SignedCard): MutableValue => {
  if (card.serial >= SEQ_MAX) throw new SlotError('ERR_SLOT_SEQ')
  return signMutable(key, card.serial, encodeCbor({ v: 1, slot: key.publicKey, card: envelope }))
}

const movedValue = (slot: Uint8Array, to: Uint8Array): Uint8Array => encodeCbor({ v: 1, slot, moved: to })

/**
 * The value that closes a slot: nothing can take its place, whoever has the key.
 * @param to the hash of the entry that ends the slot's epoch, or of its own when the identity is retired by it; 32 bytes
 */
export const signSlotMoved = (key: Ed25519PrivateKey, to: Uint8Array): MutableValue =>
  signMutable(key, SEQ_MAX, movedValue(key.publicKey, to))

/** @throws SlotError ERR_SLOT_DECODE for whatever it fails with */
const decoded = <T>(decode: () => T): T => {
  try {
    return decode()
  } catch (cause) {
    throw new SlotError('ERR_SLOT_DECODE', { cause })
  }
}

/**
 * Reads what a node says lies at a place: the checks run in the order of docs/spec/slots.md §2. The card in it is still to be verified.
 * @param place BLAKE2b-256 of the slot's key, 32 bytes: what an entry's `after` says, or `placeOfSlot` of its `slot`
 * @throws SlotError ERR_SLOT_SIZE, _DECODE, _PLACE, _SIGNATURE, _SEQ
 */
export const readSlot = (place: Uint8Array, { seq, value, signature }: Omit<MutableValue, 'key'>): Slot => {
  if (value.length > SLOT_BYTES_MAX) throw new SlotError('ERR_SLOT_SIZE')
  const content = decoded(() => readValue(decodeCbor(value), 'slot'))
  const { slot } = content
  if (!equal(placeOfSlot(slot), place)) throw new SlotError('ERR_SLOT_PLACE')
  if (!verifyMutable({ key: slot, seq, value, signature })) throw new SlotError('ERR_SLOT_SIGNATURE')
  if ('moved' in content) {
    if (seq !== SEQ_MAX) throw new SlotError('ERR_SLOT_SEQ')
    return { slot, kind: 'moved', head: content.moved }
  }
  const card = decoded(() => decodeCard(content.card))
  if (seq === SEQ_MAX || seq !== card.serial) throw new SlotError('ERR_SLOT_SEQ')
  return { slot, kind: 'card', envelope: content.card, card }
}

/** The slot of each epoch of a log, 32 bytes each, in order: a rotation that a recovery made anew has the same. */
export const slotsOf = (log: PartialLog): readonly Uint8Array[] =>
  log.entries.filter(({ entry }) => entry.seq === 0 || isRotationAt(log, entry.seq)).map(({ entry }) => entry.slot)

/** The hash of the entry that began the last epoch of a log. */
const lastRotation = (log: PartialLog): Uint8Array => {
  const began = log.entries.findLast(({ entry }) => entry.seq === 0 || isRotationAt(log, entry.seq))
  return (began ?? log.last).hash
}

/** What `signSlotMoved` gives for every key: an owner's closed slots, in the order of epochs, as signatures only. */
export const closeSlots = (log: PartialLog, keys: readonly Ed25519PrivateKey[]): readonly Uint8Array[] =>
  keys.map((key) => signSlotMoved(key, lastRotation(log)).signature)

/**
 * The values that close the slots of former epochs of a log, of a retired one its own too, from their signatures alone.
 * @param signatures what `closeSlots` made when the last epoch began, 64 bytes each
 * @throws SlotError ERR_SLOT_SIGNATURE when one is not of that slot
 */
export const closedSlots = (log: PartialLog, signatures: readonly Uint8Array[]): readonly MutableValue[] => {
  const [slots, to] = [slotsOf(log), lastRotation(log)]
  return signatures.map((signature, epoch) => {
    const key = slots[epoch] ?? new Uint8Array(SLOT_BYTES)
    const closed = { key, seq: SEQ_MAX, value: movedValue(key, to), signature }
    if (!verifyMutable(closed)) throw new SlotError('ERR_SLOT_SIGNATURE')
    return closed
  })
}
