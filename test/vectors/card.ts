import { hex } from '../../src/core/bytes.ts'
import { type Card, type SignedCard, verifyCard } from '../../src/core/card.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { LABEL_CARD, LABEL_LIVE_CARD } from '../../src/core/labels.ts'
import {
  at,
  type Draft,
  envelopesOf,
  flip,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  presentCard,
  publicOf,
  publishCard,
  signDraft,
  without,
} from '../core/identities.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/card: with the verified `log` of `address`, the `card` (for the connection `channel`, where one stands) verifies
 * at the time `now` and has `hash`, `serial`, `until`, `device` and `current` as given, or is refused with `error`. Where
 * `kem` stands, it is the ML-KEM key that is checked against the verified card.
 */

const bob = makeIdentity('vectors/card', { devices: 2 })
const [phone, laptop] = [at(bob.devices, 0).sign, at(bob.devices, 1).sign]
const prekeys = makePrekeys('vectors/card')
const channel = makeBytes('vectors/card/channel', 64)
const published = publishCard(bob, prekeys)
const live = presentCard(bob, prekeys, channel)
const valid: Draft = { ...published.card }

type Given = { readonly log?: KeyLog; readonly now?: number; readonly channel?: Uint8Array; readonly kem?: Uint8Array }
const given = (description: string, card: Uint8Array, { log = bob.log, now = NOW, channel: bound, kem }: Given) => ({
  description,
  now,
  address: bob.address,
  log: envelopesOf(log).map(hex),
  card: hex(card),
  ...(bound === undefined ? {} : { channel: hex(bound) }),
  ...(kem === undefined ? {} : { kem: hex(kem) }),
})
const accepted =
  (description: string, { card, envelope, hash }: SignedCard<Card>, more: Given = {}) =>
  () => ({
    ...given(description, envelope, more),
    hash: hex(hash),
    serial: card.serial,
    until: card.until,
    device: card.device,
    inc: hex(card.inc),
    current: (more.now ?? NOW) < card.until,
  })
const refused =
  (error: ErrorCode, description: string, card: Uint8Array, more: Given = {}) =>
  () => ({
    ...given(description, card, more),
    error,
  })
const changed = (fields: Draft, key = phone, label = LABEL_CARD) => signDraft({ ...valid, ...fields }, key, label)

const longer = updateLog(bob.log, at(bob.roots, 0), { devices: publicOf(bob.devices), time: NOW })
const retired = updateLog(bob.log, at(bob.roots, 0), { devices: publicOf(bob.devices), status: 'retired', time: NOW })
const week = 7 * 24 * 3600
const aged = verifyCard(changed({ until: NOW + week }), bob.log, NOW)
const short = makeBytes('vectors/card/short', 32)
const badLive = (fields: Draft) => changed({ channel, ...fields }, phone, LABEL_LIVE_CARD)
const three = ['a', 'b', 'c'].map((name) => makeBytes(name, 32))

export const cardVectors: VectorMakers = {
  published: accepted('a published card', published, { kem: prekeys.kem.publicKey }),
  live: accepted('a live card', live, { channel }),
  'other-device': accepted('a card of the second device', publishCard(bob, prekeys, { device: 1 })),
  stale: accepted('a card that has just expired', published, { now: NOW + 24 * 3600 }),
  'hour-ahead': accepted('a card exactly an hour ahead', publishCard(bob, prekeys, { now: NOW + 3600 })),

  size: refused('ERR_CARD_SIZE', 'more than 900 bytes', changed({ pad: new Uint8Array(600) })),
  random: refused('ERR_CARD_DECODE', 'bytes that are no envelope', makeBytes('noise', 400)),
  'unknown-field': refused('ERR_CARD_DECODE', 'a field this version does not know', changed({ note: null })),
  'four-mailboxes': refused(
    'ERR_CARD_DECODE',
    'four mailboxes',
    changed({ mailboxes: [...three, ...three.slice(0, 1)] }),
  ),
  'spk-off-curve': refused(
    'ERR_CARD_DECODE',
    'a prekey that is no point',
    changed({ spk: Uint8Array.of(2, ...new Uint8Array(31), 1) }),
  ),
  'device-index': refused('ERR_CARD_DECODE', 'device 7', changed({ device: 7 })),
  'live-as-published': refused('ERR_CARD_DECODE', 'a live card read as a published one', live.envelope),
  'published-as-live': refused('ERR_CARD_DECODE', 'a published card read as a live one', published.envelope, {
    channel,
  }),
  id: refused('ERR_CARD_ID', 'another identity', changed({ id: makeBytes('id', 32) })),
  'head-of-longer': refused('ERR_CARD_HEAD', 'the log has grown since', published.envelope, { log: longer }),
  'head-hash': refused('ERR_CARD_HEAD', 'the right number and another hash', changed({ head: makeBytes('head', 32) })),
  'head-seq': refused('ERR_CARD_HEAD', 'the right hash and another number', changed({ seq: 1 })),
  retired: refused('ERR_CARD_RETIRED', 'a retired identity', changed({ seq: 1, head: retired.last.hash }), {
    log: retired,
  }),
  device: refused('ERR_CARD_DEVICE', 'a device the log does not have', changed({ device: 2 })),
  'signature-device': refused('ERR_CARD_SIGNATURE', 'signed by the other device', changed({}, laptop)),
  'signature-root': refused('ERR_CARD_SIGNATURE', 'signed by the root key', changed({}, at(bob.roots, 0))),
  'signature-label': refused('ERR_CARD_SIGNATURE', 'signed as a live card', changed({}, phone, LABEL_LIVE_CARD)),
  'signature-changed': refused('ERR_CARD_SIGNATURE', 'one bit of the signature changed', flip(published.envelope)),
  'window-empty': refused('ERR_CARD_WINDOW', 'until equals from', changed({ until: NOW })),
  'window-long': refused('ERR_CARD_WINDOW', 'seven days and a second', changed({ until: NOW + week + 1 })),
  'from-ahead': refused('ERR_CARD_AHEAD', 'begins an hour and a second ahead', changed({ from: NOW + 3601 })),
  'serial-ahead': refused(
    'ERR_CARD_AHEAD',
    'a serial an hour and a millisecond ahead',
    changed({ serial: (NOW + 3600) * 1000 + 1 }),
  ),
  'live-expired': refused('ERR_CARD_EXPIRED', 'a live card that has expired', live.envelope, {
    channel,
    now: NOW + 24 * 3600,
  }),
  channel: refused('ERR_CARD_CHANNEL', 'a live card of another connection', live.envelope, { channel: flip(channel) }),
  kem: refused('ERR_CARD_KEM', 'another ML-KEM key', published.envelope, { kem: flip(prekeys.kem.publicKey) }),
  'kem-short': refused('ERR_CARD_KEM', 'a byte missing', published.envelope, { kem: prekeys.kem.publicKey.slice(1) }),

  'last-second': accepted('a second before it expires', published, { now: NOW + 24 * 3600 - 1 }),
  'long-stale': accepted('a card of a year ago', published, { now: NOW + 365 * 24 * 3600 }),
  week: accepted('valid for seven days, in their last second', aged, { now: NOW + week - 1 }),
  'week-stale': accepted('valid for seven days, which are over', aged, { now: NOW + week }),
  'live-last-second': accepted('a live card a second before it expires', live, { channel, now: NOW + 24 * 3600 - 1 }),
  'live-short-channel': accepted('a live card for a channel of 32 bytes', presentCard(bob, prekeys, short), {
    channel: short,
  }),
  'live-window': refused('ERR_CARD_WINDOW', 'a live card whose until is before its from', badLive({ until: NOW - 1 }), {
    channel,
  }),
  'order-size-decode': refused('ERR_CARD_SIZE', '901 bytes that are no envelope', makeBytes('noise', 901)),
  'order-decode-id': refused(
    'ERR_CARD_DECODE',
    'a field too many, and another identity',
    changed({ note: null, id: makeBytes('id', 32) }),
  ),
  'order-id-head': refused(
    'ERR_CARD_ID',
    'another identity, and the log has grown since',
    changed({ id: makeBytes('id', 32) }),
    { log: longer },
  ),
  'order-head-retired': refused('ERR_CARD_HEAD', 'the log has been retired since', published.envelope, {
    log: retired,
  }),
  'order-retired-device': refused(
    'ERR_CARD_RETIRED',
    'a retired identity, and a device it does not have',
    changed({ seq: 1, head: retired.last.hash, device: 2 }),
    { log: retired },
  ),
  'order-device-signature': refused(
    'ERR_CARD_DEVICE',
    'a device the log does not have, signed by another',
    changed({ device: 2 }, laptop),
  ),
  'order-signature-window': refused(
    'ERR_CARD_SIGNATURE',
    'until equals from, signed by the other device',
    changed({ until: NOW }, laptop),
  ),
  'order-window-ahead': refused(
    'ERR_CARD_WINDOW',
    'until equals from, an hour and a second ahead',
    changed({ from: NOW + 3601, until: NOW + 3601 }),
  ),
  'order-ahead-expired': refused(
    'ERR_CARD_AHEAD',
    'a live card with a serial ahead that has expired',
    badLive({ serial: (NOW + 2 * 24 * 3600) * 1000 }),
    { channel, now: NOW + 24 * 3600 },
  ),
  'order-expired-channel': refused('ERR_CARD_EXPIRED', 'an expired live card of another connection', live.envelope, {
    channel: flip(channel),
    now: NOW + 24 * 3600,
  }),
  'inc-short': refused('ERR_CARD_DECODE', 'an incarnation of 15 bytes', changed({ inc: makeBytes('inc', 15) })),
  'inc-missing': refused('ERR_CARD_DECODE', 'no incarnation', signDraft(without(valid, 'inc'), phone, LABEL_CARD)),
  'two-relays': refused('ERR_CARD_DECODE', 'two relays', changed({ relays: three.slice(0, 2) })),
}
