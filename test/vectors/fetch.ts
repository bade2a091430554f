import { concat, hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope } from '../../src/core/cose.ts'
import { type FetchClaim, signFetch } from '../../src/core/fetch-proof.ts'
import { LABEL_CARD, LABEL_MAILBOX_FETCH } from '../../src/core/labels.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { flip, makeBytes, makeKey, without } from '../core/identities.ts'
import { fromHex } from '../core/test-bytes.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/fetch: the mailbox knows what a guest has to claim (`challenge`, `channel`, `mailbox`, `recipient`) and the device's public
 * `sign` key. The guest's `proof` proves it, where `signed` is what the envelope is over and `structure` what was hashed for its
 * signature; or it is refused with `error`. `self` is the scalar of `sign`, to sign with.
 */

const device = makeKey('vectors/fetch/sign')
const mallory = makeKey('vectors/fetch/mallory')
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const claim: FetchClaim = {
  challenge: makeBytes('vectors/fetch/challenge', 32),
  channel: makeBytes('vectors/fetch/channel', 64),
  mailbox: makeBytes('vectors/fetch/mailbox', 32),
  recipient: makeBytes('vectors/fetch/recipient', 32),
}
const fields = { v: 1, ...claim }
const signed = (value: CborValue, label = LABEL_MAILBOX_FETCH, key = device): Uint8Array =>
  signEnvelope(encodeCbor(value), key, label)

const vector = (description: string, wanted: FetchClaim, proof: Uint8Array) => ({
  description,
  sign: hex(device.publicKey),
  challenge: hex(wanted.challenge),
  channel: hex(wanted.channel),
  mailbox: hex(wanted.mailbox),
  recipient: hex(wanted.recipient),
  proof: hex(proof),
})

const proves = (description: string, wanted: FetchClaim) => () => {
  const payload = encodeCbor({ v: 1, ...wanted })
  const label = Uint8Array.from(Buffer.from(LABEL_MAILBOX_FETCH))
  return {
    ...vector(description, wanted, signFetch(wanted, device)),
    self: hex(exportPrivateKey(device)),
    signed: hex(payload),
    structure: hex(encodeCbor(['Signature1', fromHex('a10126'), label, payload])),
  }
}

const refuses = (description: string, proof: () => Uint8Array) => () => ({
  ...vector(description, claim, proof()),
  error: 'ERR_MAILBOX_PROOF' as const,
})

/** The envelope with another signature. */
const resigned = (change: (signature: Uint8Array) => Uint8Array): Uint8Array => {
  const { payload, signature } = openEnvelope(signFetch(claim, device))
  return encodeCbor([fromHex('a10126'), {}, payload, change(signature)])
}

const highS = (signature: Uint8Array): Uint8Array => {
  const s = BigInt(`0x${hex(signature.slice(32))}`)
  return concat(signature.slice(0, 32), fromHex((N - s).toString(16).padStart(64, '0')))
}

/** The payload with `v` first: the keys in another order than theirs. */
const unsorted = (): Uint8Array => {
  const { v, ...rest } = fields
  const sorted = encodeCbor(rest)
  return signEnvelope(
    concat(Uint8Array.of(0xa5), sorted.slice(1), encodeCbor('v'), encodeCbor(v)),
    device,
    LABEL_MAILBOX_FETCH,
  )
}

export const fetchVectors: VectorMakers = {
  proof: proves('the device proves that it may fetch', claim),
  'short-channel': proves('on a connection whose hash has 32 bytes', { ...claim, channel: claim.channel.slice(32) }),

  'other-challenge': refuses('another challenge', () => signed({ ...fields, challenge: flip(claim.challenge) })),
  'other-channel': refuses('another connection', () => signed({ ...fields, channel: flip(claim.channel) })),
  'channel-cut': refuses('the first 32 bytes of the connection’s hash', () =>
    signed({ ...fields, channel: claim.channel.slice(0, 32) }),
  ),
  'other-mailbox': refuses('another mailbox, which passes the proof on', () =>
    signed({ ...fields, mailbox: flip(claim.mailbox) }),
  ),
  'other-recipient': refuses('another recipient', () => signed({ ...fields, recipient: flip(claim.recipient) })),
  swapped: refuses('mailbox and recipient exchanged', () =>
    signed({ ...fields, mailbox: claim.recipient, recipient: claim.mailbox }),
  ),
  version: refuses('v is 2', () => signed({ ...fields, v: 2 })),
  'more-fields': refuses('a field more', () => signed({ ...fields, more: 0 })),
  'field-missing': refuses('no recipient', () => signed(without(fields, 'recipient'))),
  list: refuses('a list in the place of the map', () => signed(Object.values(fields))),
  unsorted: refuses('the keys in another order', unsorted),
  'other-key': refuses('signed by another key', () => signFetch(claim, mallory)),
  'other-label': refuses('signed under the label of cards', () => signed(fields, LABEL_CARD)),
  'no-label': refuses('signed without external_aad', () => signed(fields, '')),
  'signature-changed': refuses('one bit of the signature changed', () => resigned(flip)),
  'high-s': refuses('the same signature with n − s', () => resigned(highS)),
  'not-signed': refuses('the claim without an envelope', () => encodeCbor(fields)),
  tagged: refuses('with the tag of COSE_Sign1', () => concat(Uint8Array.of(0xd2), signFetch(claim, device))),
  'trailing-byte': refuses('one byte after the envelope', () => concat(signFetch(claim, device), Uint8Array.of(0))),
  'cut-off': refuses('the last byte missing', () => signFetch(claim, device).slice(0, -1)),
  empty: refuses('no bytes', () => new Uint8Array(0)),
  'too-large': refuses('901 bytes', () => new Uint8Array(901)),
}
