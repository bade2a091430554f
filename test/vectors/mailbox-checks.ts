import assert from 'node:assert/strict'
import { concat, equal, hex, type RandomBytes, utf8 } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, verifyEnvelope } from '../../src/core/cose.ts'
import { checkFetch } from '../../src/core/fetch-proof.ts'
import { hkdf, sha256 } from '../../src/core/kdf.ts'
import { dh, importPrivateKey } from '../../src/core/p256.ts'
import { openParcel, sealParcel } from '../../src/core/parcel.ts'
import { fromHex } from '../core/test-bytes.ts'
import { expecting, type Refused } from './expecting.ts'

/** What each vector of parcels and fetch claims says, held against the code; a mismatch throws. */

export type ParcelVector = Refused & {
  readonly self?: string
  readonly dh?: string
  readonly envelope?: string
  readonly zeros?: number
  readonly ek?: string
  readonly ekPublic?: string
  readonly iv?: string
  readonly shared?: string
  readonly k?: string
  readonly size?: number
  readonly padded?: string
  readonly parcel?: string
  readonly opened?: string
  readonly id?: string
}

const given = (text: string | undefined): Uint8Array => {
  assert.ok(text !== undefined)
  return fromHex(text)
}

/** Draws what the vector says, whatever asks for that many bytes. */
const drawn = ({ ek, iv }: ParcelVector): RandomBytes => {
  const left = [given(ek), given(iv)]
  return (size) => left.find((bytes) => bytes.length === size)?.slice() ?? assert.fail(`${size} bytes were drawn`)
}

const sealed = (vector: ParcelVector): Uint8Array | null => {
  const envelope = concat(given(vector.envelope), new Uint8Array(vector.zeros ?? 0))
  return expecting(vector, () => sealParcel(envelope, given(vector.dh), drawn(vector)))
}

const checkSealed = (vector: ParcelVector): void => {
  const parcel = sealed(vector)
  if (parcel === null) return
  const [self, ek] = [importPrivateKey(given(vector.self)), importPrivateKey(given(vector.ek))]
  const shared = dh(self.publicKey, ek)
  const k = hkdf(concat(ek.publicKey, self.publicKey), shared, 'handfast/v1/parcel', 32)
  const envelope = concat(given(vector.envelope), new Uint8Array(vector.zeros ?? 0))
  const padded = Buffer.concat([envelope, Uint8Array.of(0x80)], parcel.length - 97)
  assert.deepEqual(
    { dh: hex(self.publicKey), ekPublic: hex(ek.publicKey), shared: hex(shared), k: hex(k) },
    { dh: vector.dh, ekPublic: vector.ekPublic, shared: vector.shared, k: vector.k },
  )
  assert.deepEqual({ size: parcel.length, id: hex(sha256(parcel)) }, { size: vector.size, id: vector.id })
  if (vector.parcel !== undefined) assert.equal(hex(parcel), vector.parcel)
  if (vector.padded !== undefined) assert.equal(hex(padded), vector.padded)
  assert.ok(equal(openParcel(parcel, self), envelope))
}

export const checkParcel = (vector: ParcelVector): void => {
  if (vector.envelope !== undefined) {
    checkSealed(vector)
    return
  }
  const opened = expecting(vector, () => openParcel(given(vector.parcel), importPrivateKey(given(vector.self))))
  if (opened !== null) assert.equal(hex(opened), vector.opened)
}

export type FetchVector = Refused & {
  readonly sign: string
  readonly challenge: string
  readonly channel: string
  readonly mailbox: string
  readonly recipient: string
  readonly proof: string
  readonly self?: string
  readonly signed?: string
  readonly structure?: string
}

const LABEL = 'handfast/v1/mailbox-fetch'

export const checkFetchVector = (vector: FetchVector): void => {
  const claim = {
    challenge: fromHex(vector.challenge),
    channel: fromHex(vector.channel),
    mailbox: fromHex(vector.mailbox),
    recipient: fromHex(vector.recipient),
  }
  const proof = fromHex(vector.proof)
  const proven = expecting(vector, () => {
    checkFetch(proof, claim, fromHex(vector.sign))
    return true
  })
  if (proven === null) return
  const envelope = openEnvelope(proof)
  assert.equal(hex(envelope.payload), vector.signed)
  assert.equal(hex(encodeCbor({ v: 1, ...claim })), vector.signed)
  assert.equal(hex(encodeCbor(['Signature1', fromHex('a10126'), utf8(LABEL), envelope.payload])), vector.structure)
  const self = importPrivateKey(given(vector.self))
  assert.equal(hex(self.publicKey), vector.sign)
  assert.ok(verifyEnvelope(envelope, self.publicKey, LABEL))
}

/** How the vectors of each folder are held against the code. */
export const mailboxChecks: { readonly [folder: string]: (vector: never) => void } = {
  parcel: checkParcel,
  fetch: checkFetchVector,
}
