import { utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { EncodingError, KeyError } from './errors.ts'
import { bytes, record, tuple } from './fields.ts'
import { ITEM_BYTES_MAX } from './limits/protocol-limits.ts'
import { lowerS, type P256PrivateKey, SIGNATURE_BYTES, type Signer, sign, verify } from './p256.ts'

/** COSE_Sign1 (RFC 9052 §4.2), untagged, ES256, whose external_aad is the label of what is signed. */

/** The protected header { 1: −7 }, alg: ES256. */
const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x26)

/** Sig_structure (RFC 9052 §4.4). */
const signedBytes = (payload: Uint8Array, label: string): Uint8Array =>
  encodeCbor(['Signature1', PROTECTED, utf8(label), payload])

/** An envelope that was decoded but whose signature has not been verified: `payload` must not be trusted yet. */
export type Envelope = { readonly payload: Uint8Array; readonly signature: Uint8Array }

/** Signs `payload` for the use `label`: the envelope's bytes. */
export const signEnvelope = (payload: Uint8Array, privateKey: P256PrivateKey, label: string): Uint8Array =>
  encodeCbor([PROTECTED, {}, payload, sign(privateKey, signedBytes(payload, label))])

/** Signs `payload` with a key that may be elsewhere. @throws KeyError ERR_SIGNER when the answer is no signature of it */
export const signEnvelopeBy = async (payload: Uint8Array, signer: Signer, label: string): Promise<Uint8Array> => {
  const message = signedBytes(payload, label)
  const signature = lowerS(await signer.sign(message))
  if (!verify(signer.publicKey, message, signature)) throw new KeyError('ERR_SIGNER')
  return encodeCbor([PROTECTED, {}, payload, signature])
}

const readEnvelope = tuple<[Uint8Array, object, Uint8Array, Uint8Array]>(
  bytes(PROTECTED.length),
  record({}),
  bytes(0, ITEM_BYTES_MAX),
  bytes(SIGNATURE_BYTES),
)

/**
 * Decodes an envelope without verifying it.
 * @throws EncodingError ERR_COSE_SIZE above 900 bytes, ERR_COSE when it is not an ES256 COSE_Sign1
 */
export const openEnvelope = (envelope: Uint8Array): Envelope => {
  if (envelope.length > ITEM_BYTES_MAX) throw new EncodingError('ERR_COSE_SIZE')
  try {
    const [header, , payload, signature] = readEnvelope(decodeCbor(envelope), 'envelope')
    if (!PROTECTED.every((byte, index) => header[index] === byte))
      throw new EncodingError('ERR_FIELD', { hint: 'not ES256' })
    return { payload, signature }
  } catch (cause) {
    throw new EncodingError('ERR_COSE', { cause })
  }
}

/** Whether the envelope was signed by `publicKey` for the use `label`. @throws KeyError ERR_P256_POINT */
export const verifyEnvelope = (envelope: Envelope, publicKey: Uint8Array, label: string): boolean =>
  verify(publicKey, signedBytes(envelope.payload, label), envelope.signature)
