import { concat, utf8 } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope } from '../../src/core/cose.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { checkFetch, type FetchClaim } from '../../src/core/fetch-proof.ts'
import { hkdf } from '../../src/core/kdf.ts'
import { LABEL_MAILBOX_FETCH, LABEL_PARCEL } from '../../src/core/labels.ts'
import { dh } from '../../src/core/p256.ts'
import { openParcel, sealParcel } from '../../src/core/parcel.ts'
import {
  decodeMailboxAnswer,
  decodeMailboxRequest,
  encodeMailboxAnswer,
  encodeMailboxRequest,
  type MailboxAnswer,
  type MailboxRequest,
} from '../../src/mailbox/mailbox-format.ts'
import { makeBytes, makeKey } from '../../test/core/identities.ts'
import { fromHex, seededRandom } from '../../test/core/test-bytes.ts'
import type { FetchVector } from '../../test/vectors/mailbox-checks.ts'
import { read, UPDATED } from '../corpus.ts'
import { type Target, target } from '../target.ts'

/** Mailboxes: what is said to and by them, parcels, and what fetches them. */

const [device, ek, sign] = [makeKey('fuzz/device'), makeKey('fuzz/ek'), makeKey('vectors/fetch/sign')]
const hash = makeBytes('fuzz/hash', 32)
const proven = read<FetchVector>('fetch', 'proof')
const claim: FetchClaim = {
  challenge: fromHex(proven.challenge),
  channel: fromHex(proven.channel),
  mailbox: fromHex(proven.mailbox),
  recipient: fromHex(proven.recipient),
}
const proof = fromHex(proven.proof)
const part = { t: 'part', d: makeBytes('fuzz/part', 500) } as const

const requests: readonly MailboxRequest[] = [
  { t: 'deposit', to: claim.recipient, id: hash, size: 8192 },
  part,
  { t: 'challenge' },
  { t: 'log', d: UPDATED.entries.map(({ envelope }) => envelope) },
  { t: 'prove', id: claim.recipient, device: 0, proof },
  { t: 'next' },
  { t: 'done', ids: [hash, claim.mailbox] },
]
const answers: readonly MailboxAnswer[] = [
  { t: 'ready' },
  { t: 'kept' },
  { t: 'challenge', d: claim.challenge },
  { t: 'open' },
  { t: 'parcel', id: hash, size: 2048 },
  part,
  { t: 'end' },
  { t: 'deleted' },
  { t: 'refused', code: 'ERR_MAILBOX_FULL' },
]

const parcelKey = importFernetKey(
  hkdf(concat(ek.publicKey, device.publicKey), dh(device.publicKey, ek), LABEL_PARCEL, 32),
)
/** A parcel with any padded envelope, right or not. */
const withPadded = (padded: Uint8Array): Uint8Array =>
  concat(utf8('hfbox1'), ek.publicKey, sealFernet(parcelKey, padded, 0, makeBytes('fuzz/iv', 16)))
const padded = (envelope: Uint8Array): Uint8Array =>
  Uint8Array.from([...envelope, 0x80, ...new Uint8Array(1950 - envelope.length)])

const seal = (envelope: Uint8Array): Uint8Array => sealParcel(envelope, device.publicKey, seededRandom('fuzz/parcel'))
const check = (envelope: Uint8Array): true => {
  checkFetch(envelope, claim, sign.publicKey)
  return true
}

export const mailboxTargets: readonly Target[] = [
  target({
    name: 'mailbox-request',
    form: 'cbor',
    corpus: requests.map(encodeMailboxRequest),
    decode: decodeMailboxRequest,
    encode: encodeMailboxRequest,
    codes: ['ERR_MAILBOX_REQUEST'],
    share: 16,
  }),
  target({
    name: 'mailbox-answer',
    form: 'cbor',
    corpus: answers.map(encodeMailboxAnswer),
    decode: decodeMailboxAnswer,
    encode: (answer) => ('code' in answer && answer.code === 'ERR_REMOTE' ? null : encodeMailboxAnswer(answer)),
    codes: ['ERR_MAILBOX_REQUEST'],
    share: 16,
  }),
  target({
    name: 'parcel',
    form: 'bytes',
    corpus: [seal(new Uint8Array(0)), seal(makeBytes('fuzz/envelope', 1950)), seal(new Uint8Array(5000))],
    decode: (parcel) => openParcel(parcel, device),
    encode: seal,
    codes: ['ERR_PARCEL'],
    share: 2,
  }),
  target({
    name: 'parcel-authentic',
    form: 'bytes',
    corpus: [padded(new Uint8Array(0)), padded(makeBytes('fuzz/envelope', 1950)), padded(Uint8Array.of(1, 0x80, 0))],
    wrap: withPadded,
    decode: (parcel) => openParcel(parcel, device),
    encode: (envelope) => (envelope.length > 1950 ? null : withPadded(padded(envelope))),
    codes: ['ERR_PARCEL'],
    share: 1,
  }),
  target({
    name: 'fetch-claim',
    form: 'cbor',
    corpus: [proof],
    decode: check,
    codes: ['ERR_MAILBOX_PROOF'],
    share: 2,
  }),
  target({
    name: 'fetch-claim-signed',
    form: 'cbor',
    corpus: [encodeCbor({ v: 1, ...claim })],
    wrap: (payload) => signEnvelope(payload, sign, LABEL_MAILBOX_FETCH),
    decode: (envelope) => check(envelope) && openEnvelope(envelope),
    // There is one claim: whatever is accepted is it.
    encode: ({ signature }) =>
      encodeCbor([Uint8Array.of(0xa1, 1, 0x26), {}, encodeCbor({ v: 1, ...claim }), signature]),
    codes: ['ERR_MAILBOX_PROOF'],
    share: 1,
  }),
]
