import { createHmac } from 'node:crypto'
import { concat, hex, utf8 } from '../../src/core/bytes.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { Vectors } from './vector-files.ts'

/**
 * vectors/fernet: `token` opens under `key` at the time `now` with `ttl` to `output`, or is refused with `error`.
 * Where an `iv` stands, encrypting `output` with it at `now` gives the token.
 */

const random = seededRandom('vectors/fernet')
const keyBytes = random(32)
const iv = random(16)
const NOW = 1_767_225_600
const hello = utf8('hello')

const text = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('base64url')
    .padEnd(Math.ceil(bytes.length / 3) * 4, '=')
const key = text(keyBytes)
const seal = (data: Uint8Array, time = NOW) => sealFernet(importFernetKey(keyBytes), data, time, iv)
const raw = seal(hello)

const withMac = (body: Uint8Array) => concat(body, createHmac('sha256', keyBytes.subarray(0, 16)).update(body).digest())
const flipped = (index: number, bytes = raw) => bytes.map((byte, at) => (at === index ? byte ^ 1 : byte))

const sealed = (description: string, data: Uint8Array) => ({
  description,
  key,
  iv: hex(iv),
  now: NOW,
  token: text(seal(data)),
  output: hex(data),
})
const opens = (description: string, age: { now: number; ttl?: number }, token = raw) => ({
  description,
  key,
  token: text(token),
  ...age,
  output: hex(hello),
})
const refused = (
  error: string,
  description: string,
  token: Uint8Array | string,
  age: { now: number; ttl?: number } = { now: NOW },
) => ({
  description,
  key,
  token: typeof token === 'string' ? token : text(token),
  ...age,
  error,
})
const refusedKey = (description: string, badKey: string) => ({
  ...refused('ERR_FERNET_KEY', description, raw),
  key: badKey,
})

const body = raw.slice(0, -32)
const brokenPadding = withMac(flipped(24, body)) // the last byte of the iv decides the last byte of the only block
const farFuture = withMac(Uint8Array.from(body, (byte, at) => (at >= 1 && at <= 8 ? 0xff : byte)))

export const fernetVectors: Vectors = {
  'empty-message': sealed('no bytes', new Uint8Array(0)),
  hello: sealed('five bytes', hello),
  'one-block': sealed('16 bytes: a whole block of padding follows', random(16)),
  'all-bytes': sealed(
    'every byte value',
    Uint8Array.from({ length: 256 }, (_, value) => value),
  ),
  'last-second': opens('as old as its ttl', { now: NOW + 60, ttl: 60 }),
  'ttl-zero': opens('ttl 0 in the same second', { now: NOW, ttl: 0 }),
  'any-age': opens('years old, without ttl', { now: NOW + 10 ** 9 }),
  'clock-skew': opens('60 s ahead of the clock', { now: NOW - 60, ttl: 10 }),

  'key-short': refusedKey('a key of 31 bytes', text(keyBytes.subarray(1))),
  'key-long': refusedKey('a key of 33 bytes', text(concat(keyBytes, Uint8Array.of(0)))),
  'key-unpadded': refusedKey('a key without its =', key.slice(0, -1)),
  'key-loose-bits': refusedKey('a key of zeros whose last letter carries loose bits', `${'A'.repeat(42)}B=`),
  'key-not-base64': refusedKey('a key that is no base64url', '*'.repeat(44)),

  'base64-unpadded': refused('ERR_FERNET_BASE64', 'a token without its ==', text(raw).slice(0, -2)),
  'base64-newline': refused('ERR_FERNET_BASE64', 'a newline after the token', `${text(raw)}\n`),
  'base64-inner-space': refused(
    'ERR_FERNET_BASE64',
    'a space inside',
    `${text(raw).slice(0, 20)} ${text(raw).slice(20)}`,
  ),
  'base64-other-alphabet': refused('ERR_FERNET_BASE64', '+ of the other alphabet', `gAAA+${text(raw).slice(5)}`),
  'base64-loose-bits': refused('ERR_FERNET_BASE64', 'loose bits in the last letter', 'gB=='),
  'base64-trailing': refused('ERR_FERNET_BASE64', 'text after the padding', `${text(raw)}gAAA`),

  'version-81': refused('ERR_FERNET_VERSION', 'version 0x81, even with a MAC that holds', withMac(flipped(0, body))),
  'version-00': refused(
    'ERR_FERNET_VERSION',
    'version 0',
    Uint8Array.from(raw, (byte, at) => (at === 0 ? 0 : byte)),
  ),
  empty: refused('ERR_FERNET_LENGTH', 'no bytes', ''),
  'version-only': refused('ERR_FERNET_LENGTH', 'one byte', Uint8Array.of(0x80)),
  'no-ciphertext': refused('ERR_FERNET_LENGTH', 'no block of ciphertext', withMac(body.slice(0, 25))),
  'half-block': refused(
    'ERR_FERNET_LENGTH',
    'a block of ciphertext and a half',
    withMac(concat(body, new Uint8Array(8))),
  ),
  'cut-off': refused('ERR_FERNET_LENGTH', 'the last byte missing', raw.slice(0, -1)),

  'mac-flipped': refused('ERR_FERNET_MAC', 'a bit of the MAC flipped', flipped(raw.length - 1)),
  'time-flipped': refused('ERR_FERNET_MAC', 'a bit of the time flipped', flipped(8)),
  'iv-flipped': refused('ERR_FERNET_MAC', 'a bit of the iv flipped', flipped(9)),
  'ciphertext-flipped': refused('ERR_FERNET_MAC', 'a bit of the ciphertext flipped', flipped(25)),
  'block-appended': refused('ERR_FERNET_MAC', 'a block appended', concat(raw, new Uint8Array(16))),
  'wrong-key': { ...refused('ERR_FERNET_MAC', 'under another key', raw), key: text(random(32)) },
  'mac-before-age': refused('ERR_FERNET_MAC', 'expired and changed: the MAC is checked first', flipped(25), {
    now: NOW + 61,
    ttl: 60,
  }),

  expired: refused('ERR_FERNET_EXPIRED', 'one second older than its ttl', raw, { now: NOW + 61, ttl: 60 }),
  'age-before-padding': refused('ERR_FERNET_EXPIRED', 'expired, with broken padding', brokenPadding, {
    now: NOW + 61,
    ttl: 60,
  }),
  future: refused('ERR_FERNET_FUTURE', '61 s ahead of the clock', raw, { now: NOW - 61, ttl: 60 }),
  'future-without-ttl': refused('ERR_FERNET_FUTURE', '61 s ahead of the clock, without ttl', raw, { now: NOW - 61 }),
  'time-64-bits': refused('ERR_FERNET_FUTURE', 'the time 2^64 − 1', farFuture, { now: NOW, ttl: 60 }),
  padding: refused('ERR_FERNET_PADDING', 'a MAC that holds over broken padding', brokenPadding),
  'negative-ttl': refused('ERR_FERNET_OPTION', 'a negative ttl', raw, { now: NOW, ttl: -1 }),
}
