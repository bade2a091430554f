import { verifyCard, verifyLiveCard } from '../../src/core/card.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope } from '../../src/core/cose.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { checkForkProof, encodeForkProof } from '../../src/core/fork-proof.ts'
import { appendEntry, complete, type KeyLog } from '../../src/core/key-log.ts'
import { decodeEntry } from '../../src/core/key-log-entry.ts'
import { LABEL_CARD, LABEL_KEY_LOG, LABEL_LIVE_CARD } from '../../src/core/labels.ts'
import { SEQ_MAX, signMutable } from '../../src/core/mutable-value.ts'
import { readSlot, type Slot, signSlotCard, signSlotMoved } from '../../src/core/slot.ts'
import { logColumn, readLog } from '../../src/store/rows.ts'
import { at, NOW, slotKeyOf } from '../../test/core/identities.ts'
import {
  ALICE,
  BEFORE_ROTATION,
  BEFORE_UPDATE,
  CARD,
  FORKED,
  LIVE,
  PROOFS,
  ROOTS,
  ROTATED,
  UPDATED,
} from '../corpus.ts'
import { ENTRY_CODES } from '../log-codes.ts'
import { type Target, target, textTarget } from '../target.ts'

/** Key logs, cards and fork proofs: as they come, and signed again after they were changed, so that every check is reached. */

const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x26)
const LOG_CODES: readonly ErrorCode[] = [...ENTRY_CODES, 'ERR_LOG_TOO_LONG']
const CARD_CODES: readonly ErrorCode[] = [
  ...(['ERR_CARD_SIZE', 'ERR_CARD_DECODE', 'ERR_CARD_ID', 'ERR_CARD_HEAD', 'ERR_CARD_RETIRED'] as const),
  ...(['ERR_CARD_DEVICE', 'ERR_CARD_SIGNATURE', 'ERR_CARD_WINDOW', 'ERR_CARD_AHEAD'] as const),
]
const LIVE_CODES: readonly ErrorCode[] = [...CARD_CODES, 'ERR_CARD_EXPIRED', 'ERR_CARD_CHANNEL']

/** What was decoded says all that was signed. */
const envelopeOf = (value: CborValue, envelope: Uint8Array): Uint8Array =>
  encodeCbor([PROTECTED, {}, encodeCbor(value), openEnvelope(envelope).signature])

/** Alice's slot. */
const SLOT = slotKeyOf(at(ALICE.roots, 0))
const PLACE = placeOfSlot(SLOT.publicKey)
/** What a value is, if it is anything. */
const loosely = (value: Uint8Array): object | null => {
  try {
    const decoded = decodeCbor(value)
    return typeof decoded === 'object' ? decoded : null
  } catch {
    return null
  }
}

const envelopes = [...ROTATED.entries, FORKED.last].map(({ envelope }) => envelope)
const payloadOf = ({ last }: KeyLog): Uint8Array => openEnvelope(last.envelope).payload
/** What may follow a log, signed by whom: updates, and a rotation. */
const following = [
  { after: BEFORE_UPDATE, root: at(ROOTS, 0), corpus: [UPDATED, FORKED].map(payloadOf) },
  { after: BEFORE_ROTATION, root: at(ROOTS, 1), corpus: [payloadOf(ROTATED)] },
]

export const identityTargets: readonly Target[] = [
  target({
    name: 'log-entry',
    form: 'cbor',
    corpus: envelopes,
    decode: (envelope) => ({ envelope: Uint8Array.from(envelope), ...decodeEntry(envelope) }),
    encode: ({ entry, envelope }) =>
      envelopeOf({ ...entry, devices: entry.devices.map(({ sign, dh }) => ({ sign, dh })) }, envelope),
    codes: ['ERR_LOG_SIZE', 'ERR_LOG_DECODE'],
  }),
  ...following.map(({ after, root, corpus }, index) =>
    target({
      name: `log-entry-signed-${index}`,
      form: 'cbor',
      corpus,
      wrap: (payload) => signEnvelope(payload, root, LABEL_KEY_LOG),
      decode: (envelope) => appendEntry(after, envelope).last,
      encode: ({ envelope }) => envelope,
      codes: LOG_CODES,
      share: 1,
    }),
  ),
  target({
    name: 'log',
    form: 'cbor',
    corpus: [BEFORE_UPDATE, UPDATED, FORKED].map((log) => logColumn(complete(log))),
    decode: (column) => readLog(UPDATED.id)(Uint8Array.from(column), 'log'),
    encode: logColumn,
    codes: ['ERR_CBOR', 'ERR_FIELD', 'ERR_LOG_ADDRESS', 'ERR_LOG_EMPTY', ...LOG_CODES],
    share: 1,
  }),
  target({
    name: 'slot',
    form: 'cbor',
    corpus: [signSlotCard(SLOT, CARD).value, signSlotMoved(SLOT, ALICE.log.id).value],
    // Signed again, under the number that it should have: else the signature refuses every change.
    decode: (value) => {
      const seqs = [SEQ_MAX, CARD.card.serial].map((seq) => () => readSlot(PLACE, signMutable(SLOT, seq, value)))
      const [closed, open] = seqs as [() => Slot, () => Slot]
      return 'moved' in (loosely(value) ?? {}) ? closed() : open()
    },
    encode: (slot) =>
      slot.kind === 'moved'
        ? encodeCbor({ v: 1, slot: slot.slot, moved: slot.head })
        : encodeCbor({ v: 1, slot: slot.slot, card: slot.envelope }),
    codes: ['ERR_SLOT_SIZE', 'ERR_SLOT_DECODE', 'ERR_SLOT_PLACE', 'ERR_SLOT_SEQ'],
  }),
  target({
    name: 'slot-signature',
    form: 'bytes',
    corpus: [signSlotCard(SLOT, CARD).signature],
    decode: (signature) => readSlot(PLACE, { ...signSlotCard(SLOT, CARD), signature }),
    codes: ['ERR_SLOT_SIGNATURE'],
  }),
  target({
    name: 'card',
    form: 'cbor',
    corpus: [CARD.envelope],
    decode: (envelope) => verifyCard(envelope, ALICE.log, NOW),
    encode: ({ card, envelope }) => envelopeOf({ ...card }, envelope),
    codes: CARD_CODES,
    share: 2,
  }),
  target({
    name: 'live-card',
    form: 'cbor',
    corpus: [LIVE.card],
    decode: (envelope) => verifyLiveCard(envelope, LIVE.log, NOW, LIVE.channel),
    encode: ({ card, envelope }) => envelopeOf({ ...card }, envelope),
    codes: LIVE_CODES,
    share: 2,
  }),
  target({
    name: 'card-signed',
    form: 'cbor',
    corpus: [openEnvelope(CARD.envelope).payload],
    wrap: (payload) => signEnvelope(payload, at(ALICE.devices, 0).sign, LABEL_CARD),
    decode: (envelope) => verifyCard(envelope, ALICE.log, NOW),
    encode: ({ card, envelope }) => envelopeOf({ ...card }, envelope),
    codes: CARD_CODES,
    share: 1,
  }),
  target({
    name: 'live-card-signed',
    form: 'cbor',
    corpus: [openEnvelope(LIVE.card).payload],
    wrap: (payload) => signEnvelope(payload, at(ALICE.devices, 0).sign, LABEL_LIVE_CARD),
    decode: (envelope) => verifyLiveCard(envelope, LIVE.log, NOW, LIVE.channel),
    encode: ({ card, envelope }) => envelopeOf({ ...card }, envelope),
    codes: LIVE_CODES,
    share: 1,
  }),
  textTarget({
    name: 'fork-proof',
    form: 'json',
    corpus: PROOFS,
    decode: (text) => ({ text, ...checkForkProof(text) }),
    // JSON may be spaced and ordered in many ways; what it says may not be said in many.
    encode: ({ text, a, b }) =>
      encodeForkProof(a, b) === `${JSON.stringify(inOrder(JSON.parse(text)), null, 2)}\n`
        ? null
        : encodeForkProof(a, b),
    codes: ['ERR_PROOF', 'ERR_LOG_ADDRESS', ...LOG_CODES],
    share: 1,
  }),
]

/** Its fields in the order in which we write them. */
const inOrder = ({ handfast, version, address, a, b }: Readonly<Record<string, unknown>>) => ({
  handfast,
  version,
  address,
  a,
  b,
})
