import { createCipheriv, createHmac } from 'node:crypto'
import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { hkdf, sha256 } from '../../src/core/kdf.ts'
import { LABEL_CHUNK, LABEL_PARCEL } from '../../src/core/labels.ts'
import { dh, exportPrivateKey } from '../../src/core/p256.ts'
import { PARCEL_SIZES, PARCELLED_BYTES_MAX } from '../../src/core/parcel.ts'
import { flip, makeBytes, makeKey } from '../core/identities.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/parcel: an `envelope`, followed by `zeros` zero bytes, is sealed to the device whose `dh` key has the scalar `self`, with
 * the scalar `ek` and the `iv`. What comes up on the way is written out, the `padded` envelope and the `parcel` unless they are long;
 * `id` is the parcel's hash. The device opens it to the same envelope. Or the `parcel` is refused with `error`; or, where an
 * `envelope` stands beside the `error`, it is refused to seal it to the device whose `dh` key is given.
 */

const bob = makeKey('vectors/parcel/bob')
const mallory = makeKey('vectors/parcel/mallory')
const ek = makeKey('vectors/parcel/ek')
const iv = makeBytes('vectors/parcel/iv', 16)
const MAGIC = utf8('hfbox1')
/** Bytes of a parcel around its padded envelope. */
const AROUND = 97
/** Longer than this, what a vector says is computed from the rest of it and shown by its hash. */
const WRITTEN_MAX = 2048

const shared = dh(bob.publicKey, ek)
const keyBytes = hkdf(concat(ek.publicKey, bob.publicKey), shared, LABEL_PARCEL, 32)

/** `begin` and zeros: `padded` of a parcel of that size. */
const filled = (size: number, ...begin: readonly number[]): Uint8Array => {
  const padded = new Uint8Array(size - AROUND)
  padded.set(begin)
  return padded
}

type Parts = {
  readonly magic?: Uint8Array
  readonly point?: Uint8Array
  readonly key?: Uint8Array
  readonly time?: number
}

/** A parcel of any padded envelope, right or not. */
const make = (padded: Uint8Array, { magic = MAGIC, point = ek.publicKey, key = keyBytes, time = 0 }: Parts = {}) =>
  concat(magic, point, sealFernet(importFernetKey(key), padded, time, iv))

/** A parcel whose token holds whole blocks as they are, without Fernet's own padding. */
const makeOfBlocks = (blocks: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-128-cbc', keyBytes.slice(16), iv).setAutoPadding(false)
  const body = concat(Uint8Array.of(0x80), new Uint8Array(8), iv, cipher.update(blocks), cipher.final())
  return concat(MAGIC, ek.publicKey, body, createHmac('sha256', keyBytes.slice(0, 16)).update(body).digest())
}

const seals = (description: string, begin: Uint8Array, zeros: number, size: number) => () => {
  const padded = filled(size, ...begin)
  padded[begin.length + zeros] = 0x80
  const parcel = make(padded)
  return {
    description,
    self: hex(exportPrivateKey(bob)),
    dh: hex(bob.publicKey),
    envelope: hex(begin),
    zeros,
    ek: hex(exportPrivateKey(ek)),
    ekPublic: hex(ek.publicKey),
    iv: hex(iv),
    shared: hex(shared),
    k: hex(keyBytes),
    size,
    ...(size > WRITTEN_MAX ? {} : { padded: hex(padded), parcel: hex(parcel) }),
    id: hex(sha256(parcel)),
  }
}

const opens = (description: string, parcel: Uint8Array, envelope: Uint8Array) => () => ({
  description,
  self: hex(exportPrivateKey(bob)),
  parcel: hex(parcel),
  opened: hex(envelope),
})

const refuses = (description: string, parcel: Uint8Array) => () => ({
  description,
  self: hex(exportPrivateKey(bob)),
  parcel: hex(parcel),
  error: 'ERR_PARCEL' as const,
})

const doesNotSeal = (error: ErrorCode, description: string, zeros: number, to: Uint8Array) => () => ({
  description,
  dh: hex(to),
  envelope: '',
  zeros,
  ek: hex(exportPrivateKey(ek)),
  iv: hex(iv),
  error,
})

const roomOf = (size: number): number => size - AROUND - 1
const sizes = PARCEL_SIZES.flatMap((size, index) => {
  const [room, larger] = [roomOf(size), PARCEL_SIZES[index + 1]]
  const most = seals(`the longest envelope of a parcel of ${size} bytes`, new Uint8Array(0), room, size)
  const named: (readonly [string, ReturnType<typeof seals>])[] = [[`most-${size}`, most]]
  if (larger !== undefined)
    named.push([`least-${larger}`, seals(`one byte more: ${larger} bytes`, new Uint8Array(0), room + 1, larger)])
  return named
})

const text = utf8('hello, Bob')
const right = filled(2048, ...text, 0x80)
const valid = make(right)
const keyWith = (salt: Uint8Array, label: string = LABEL_PARCEL): Uint8Array => hkdf(salt, shared, label, 32)

export const parcelVectors: VectorMakers = {
  text: seals('a short envelope', text, 0, 2048),
  empty: seals('an envelope without bytes', new Uint8Array(0), 0, 2048),
  'ends-in-mark': seals('an envelope that ends as padding does', Uint8Array.of(1, 0x80, 0), 0, 2048),
  ...Object.fromEntries(sizes),
  'other-time': opens('a token with a time: it is not looked at', make(right, { time: 1_767_225_600 }), text),

  'seal-too-long': doesNotSeal(
    'ERR_MAILBOX_SIZE',
    'an envelope of 130,975 bytes',
    PARCELLED_BYTES_MAX + 1,
    bob.publicKey,
  ),
  'seal-off-curve': doesNotSeal(
    'ERR_P256_POINT',
    'to a key that is no point',
    1,
    Uint8Array.of(2, ...new Uint8Array(31), 1),
  ),

  nothing: refuses('no bytes', new Uint8Array(0)),
  'one-missing': refuses('the last byte missing', valid.slice(0, -1)),
  'one-more': refuses('one byte more', concat(valid, Uint8Array.of(0))),
  'other-size': refuses('4,096 bytes', make(filled(4096, ...text, 0x80))),
  magic: refuses('hfbox2 in the place of hfbox1', make(right, { magic: utf8('hfbox2') })),
  'ek-changed': refuses('another point as EK', make(right, { point: mallory.publicKey })),
  'ek-off-curve': refuses('an EK that is no point', make(right, { point: Uint8Array.of(2, ...new Uint8Array(31), 1) })),
  'ek-negated': refuses('the point −EK, with the same shared secret', make(right, { point: flip(ek.publicKey, 0) })),
  'token-version': refuses('a token that does not begin with 80', flip(valid, 39)),
  'time-changed': refuses('another time in the token', flip(valid, 47)),
  'iv-changed': refuses('another iv', flip(valid, 48)),
  'ciphertext-changed': refuses('one bit of the ciphertext changed', flip(valid, 100)),
  'mac-changed': refuses('one bit of the MAC changed', flip(valid)),
  'salt-order': refuses('a key from dh_B ‖ EK', make(right, { key: keyWith(concat(bob.publicKey, ek.publicKey)) })),
  'no-recipient': refuses('a key from EK alone', make(right, { key: keyWith(ek.publicKey) })),
  label: refuses(
    'a key under the label of file chunks',
    make(right, { key: keyWith(concat(ek.publicKey, bob.publicKey), LABEL_CHUNK) }),
  ),
  'other-device': refuses(
    'sealed to another device',
    make(right, {
      key: hkdf(concat(ek.publicKey, mallory.publicKey), dh(mallory.publicKey, ek), LABEL_PARCEL, 32),
    }),
  ),
  'no-mark': refuses('padded with zeros only', make(filled(2048))),
  'other-mark': refuses('padded with 81 00…', make(filled(2048, ...text, 0x81))),
  'after-mark': refuses('padded with 80 00 01 00…', make(filled(2048, ...text, 0x80, 0, 1))),
  'larger-than-needed': refuses('an envelope that a smaller parcel holds', make(filled(8192, ...text, 0x80))),
  'padded-short': refuses('one zero less, which a token of the same size holds', make(right.slice(0, -1))),
  'fernet-padding': refuses('Fernet’s own padding ends in 00', makeOfBlocks(concat(right, Uint8Array.of(0)))),
}
