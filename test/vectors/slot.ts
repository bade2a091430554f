import { hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type MutableValue, SEQ_MAX, signMutable } from '../../src/core/mutable-value.ts'
import { readSlot, signSlotCard, signSlotMoved } from '../../src/core/slot.ts'
import {
  at,
  commitmentAfter,
  flip,
  makeIdentity,
  makePrekeys,
  NOW,
  publishCard,
  slotKeyOf,
} from '../core/identities.ts'
import { slotOutput } from './slot-checks.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/slot: `value` with `seq` and `signature`, found at `place`, says `output`; or it is refused with `error`.
 */

const bob = makeIdentity('vectors/slot')
const [key, next] = [slotKeyOf(at(bob.roots, 0)), slotKeyOf(at(bob.roots, 1))]
const place = placeOfSlot(key.publicKey)
const signed = publishCard(bob, makePrekeys('vectors/slot'))
const { serial } = signed.card
const open = signSlotCard(key, signed)
const head = bob.log.last.hash
const closed = signSlotMoved(key, head)

type Given = { readonly seq?: number; readonly from?: typeof key; readonly where?: Uint8Array }
const given = (description: string, { value, seq, signature }: Omit<MutableValue, 'key'>, where = place) => ({
  description,
  place: hex(where),
  seq,
  value: hex(value),
  signature: hex(signature),
})
const accepted =
  (description: string, value: MutableValue, where = place) =>
  () => ({ ...given(description, value, where), output: slotOutput(readSlot(where, value)) })
const refused =
  (error: ErrorCode, description: string, value: Omit<MutableValue, 'key'>, where = place) =>
  () => ({ ...given(description, value, where), error })
/** A value whose signature holds. */
const bad = (error: ErrorCode, description: string, value: CborValue | Uint8Array, more: Given = {}) => {
  const { seq = serial, from = key, where } = more
  const bytes = value instanceof Uint8Array ? value : encodeCbor(value)
  return refused(error, description, signMutable(from, seq, bytes), where)
}

const slot = key.publicKey
const card = signed.envelope

export const slotVectors: VectorMakers = {
  card: accepted('a card', open),
  moved: accepted('a closed slot', closed),
  after: accepted('the next slot, found by its place alone', signSlotMoved(next, head), commitmentAfter(bob, 0).after),

  size: bad('ERR_SLOT_SIZE', '987 bytes', new Uint8Array(987)),
  empty: bad('ERR_SLOT_DECODE', 'no bytes', new Uint8Array(0)),
  random: bad('ERR_SLOT_DECODE', 'bytes that are no CBOR', Uint8Array.of(0xff)),
  'trailing-byte': bad('ERR_SLOT_DECODE', 'a byte after the value', Uint8Array.of(...open.value, 0)),
  version: bad('ERR_SLOT_DECODE', 'version 2', { v: 2, slot, card }),
  'both-forms': bad('ERR_SLOT_DECODE', 'a card and a closed slot', { v: 1, slot, card, moved: head }),
  'no-form': bad('ERR_SLOT_DECODE', 'neither', { v: 1, slot }),
  'slot-short': bad('ERR_SLOT_DECODE', 'a key of 31 bytes', { v: 1, slot: slot.slice(1), card }),
  'moved-short': bad('ERR_SLOT_DECODE', 'a hash of 31 bytes', { v: 1, slot, moved: head.slice(1) }, { seq: SEQ_MAX }),
  'card-none': bad('ERR_SLOT_DECODE', 'an empty card', { v: 1, slot, card: new Uint8Array(0) }),
  'card-random': bad('ERR_SLOT_DECODE', 'a card that is no envelope', { v: 1, slot, card: head }),
  'card-large': bad('ERR_SLOT_DECODE', 'a card of 901 bytes', { v: 1, slot, card: new Uint8Array(901) }),
  place: bad('ERR_SLOT_PLACE', 'the slot of somebody else', { v: 1, slot: next.publicKey, card }, { from: next }),
  'signature-other': bad('ERR_SLOT_SIGNATURE', 'signed by another key', { v: 1, slot, card }, { from: next }),
  'signature-changed': refused('ERR_SLOT_SIGNATURE', 'one bit of the signature changed', {
    ...open,
    signature: flip(open.signature),
  }),
  'signature-short': refused('ERR_SLOT_SIGNATURE', 'a signature of 63 bytes', {
    ...open,
    signature: open.signature.slice(1),
  }),
  'seq-changed': refused('ERR_SLOT_SIGNATURE', 'another number than was signed', { ...open, seq: serial + 1 }),
  'seq-unsafe': refused('ERR_SLOT_SIGNATURE', 'a number beyond what HyperDHT reads', { ...open, seq: 2 ** 53 }),
  'seq-higher': bad('ERR_SLOT_SEQ', 'a number above the serial of its card', { v: 1, slot, card }, { seq: serial + 1 }),
  'seq-lower': bad('ERR_SLOT_SEQ', 'a number below it', { v: 1, slot, card }, { seq: serial - 1 }),
  'seq-closing': bad(
    'ERR_SLOT_SEQ',
    'a card under the number that closes a slot',
    { v: 1, slot, card },
    { seq: SEQ_MAX },
  ),
  'moved-seq': bad('ERR_SLOT_SEQ', 'a slot that is closed under a lower number', { v: 1, slot, moved: head }),

  'order-size-decode': bad('ERR_SLOT_SIZE', '987 bytes that are no CBOR', new Uint8Array(987).fill(0xff)),
  'order-decode-place': bad('ERR_SLOT_DECODE', 'a field too many in the slot of somebody else', {
    ...{ v: 1, slot: next.publicKey, card, note: null },
  }),
  'order-place-signature': bad('ERR_SLOT_PLACE', 'the slot of somebody else, signed by the wrong key', {
    ...{ v: 1, slot: next.publicKey, card },
  }),
  'order-signature-seq': bad(
    'ERR_SLOT_SIGNATURE',
    'signed by another key, with another number than the serial',
    { v: 1, slot, card },
    { from: next, seq: NOW },
  ),
}
