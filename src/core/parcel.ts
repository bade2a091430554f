import { concat, equal, type RandomBytes, utf8 } from './bytes.ts'
import { HandfastError, MailboxError } from './errors.ts'
import { FERNET_IV_BYTES, type FernetKey, openFernet, sealFernet, takeFernetKey } from './fernet.ts'
import { hkdf } from './kdf.ts'
import { LABEL_PARCEL } from './labels.ts'
import { dh, generatePrivateKey, type P256PrivateKey, POINT_BYTES } from './p256.ts'

/**
 * Parcels: what lies in a mailbox (docs/spec/mailbox.md §1). An envelope padded to one of four sizes and sealed to the recipient's
 * device, so that the mailbox sees neither where the padding begins nor what the envelope itself shows. Privacy of the content is the
 * envelope's own business: this layer hides its length and form, from everyone but a quantum computer.
 */

/** The sizes of parcels, bytes, ascending: a short text, a long one, the longest message, and several of those. */
export const PARCEL_SIZES: readonly number[] = [2, 8, 32, 128].map((kibibytes) => kibibytes * 1024)

/** Says what it is, in as many bytes as make the rest whole blocks of AES. */
const MAGIC = utf8('hfbox1')

/** Version, time, iv and MAC of a raw Fernet token. */
const TOKEN_BYTES = 1 + 8 + 16 + 32
const HEAD_BYTES = MAGIC.length + POINT_BYTES
/** Of the padded envelope Fernet's own padding takes one byte more. */
const OVERHEAD = HEAD_BYTES + TOKEN_BYTES + 1
const MARK = 0x80

/** Bytes of the longest envelope that fits a parcel. */
export const PARCELLED_BYTES_MAX = Math.max(...PARCEL_SIZES) - OVERHEAD - 1

/** The smallest parcel with room for an envelope of `size` bytes and its mark. */
const parcelSize = (size: number): number => PARCEL_SIZES.find((one) => size <= one - OVERHEAD - 1) ?? 0

/** The shared secret is wiped. */
const keyOf = (ek: Uint8Array, to: Uint8Array, shared: Uint8Array): FernetKey => {
  const key = takeFernetKey(hkdf(concat(ek, to), shared, LABEL_PARCEL, 32))
  shared.fill(0)
  return key
}

/**
 * Seals an envelope to a device.
 * @param to the device's `dh` key, 33 bytes, from its verified log
 * @returns 2, 8, 32 or 128 KiB
 * @throws MailboxError ERR_MAILBOX_SIZE above 130,974 bytes; KeyError ERR_P256_POINT
 */
export const sealParcel = (envelope: Uint8Array, to: Uint8Array, random: RandomBytes): Uint8Array => {
  if (envelope.length > PARCELLED_BYTES_MAX)
    throw new MailboxError('ERR_MAILBOX_SIZE', { hint: `${envelope.length} bytes in one envelope` })
  const padded = new Uint8Array(parcelSize(envelope.length) - OVERHEAD)
  padded.set(envelope)
  padded[envelope.length] = MARK
  const ek = generatePrivateKey(random)
  const key = keyOf(ek.publicKey, to, dh(to, ek))
  // Without a time: that of the sender's clock would tell senders apart.
  return concat(MAGIC, ek.publicKey, sealFernet(key, padded, 0, random(FERNET_IV_BYTES)))
}

/**
 * The envelope in a parcel. One code for every failure: nobody learns where it stopped.
 * @param own the private half of the device's `dh` key
 * @throws MailboxError ERR_PARCEL
 */
export const openParcel = (parcel: Uint8Array, own: P256PrivateKey): Uint8Array => {
  try {
    if (!PARCEL_SIZES.includes(parcel.length) || !equal(parcel.subarray(0, MAGIC.length), MAGIC))
      throw new MailboxError('ERR_PARCEL')
    const ek = parcel.slice(MAGIC.length, HEAD_BYTES)
    const padded = openFernet(keyOf(ek, own.publicKey, dh(ek, own)), parcel.slice(HEAD_BYTES))
    return unpad(padded, parcel.length)
  } catch (cause) {
    if (cause instanceof HandfastError) throw new MailboxError('ERR_PARCEL', { cause })
    throw cause
  }
}

/** Exactly one padding is right: another one would carry what nobody sees. */
const unpad = (padded: Uint8Array, size: number): Uint8Array => {
  const mark = padded.findLastIndex((byte) => byte !== 0)
  if (padded[mark] !== MARK || padded.length !== size - OVERHEAD || parcelSize(mark) !== size)
    throw new MailboxError('ERR_PARCEL')
  return padded.slice(0, mark)
}
