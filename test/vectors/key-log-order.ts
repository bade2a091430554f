import { encodeAddress } from '../../src/core/address.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import {
  at,
  type Draft,
  draftEntry,
  envelopesOf,
  lengthen,
  makeBytes,
  makeIdentity,
  makeKey,
  NOW,
  nextTo,
  signDraft,
} from '../core/identities.ts'
import { accepted, alice, bad, refused, retired, root, second } from './key-log-cases.ts'
import type { VectorMakers } from './vector-files.ts'

/** vectors/key-log: what is wrong with a first entry, under its own address, and which of two faults is reported. */

const stranger = makeKey('vectors/stranger')
const first = (fields: Draft, key = root(0)) => signDraft({ ...draftEntry(null, alice), ...fields }, key)
const addressOf = (envelope: Uint8Array) => encodeAddress(blake2b256(envelope))
const badFirst = (error: ErrorCode, description: string, envelope: Uint8Array) =>
  refused(error, description, [envelope], { address: addressOf(envelope) })

const other = makeIdentity('vectors/other')
const full = lengthen(alice.log, root(0), 64)
const noise = makeBytes('vectors/key-log/noise', 32)
const retiredEnvelope = first({ status: 'retired' })
const retiredFirst = verifyLog(blake2b256(retiredEnvelope), [retiredEnvelope])

export const keyLogOrder: VectorMakers = {
  'first-retired': accepted('an identity that was retired from the start', retiredFirst, {
    address: encodeAddress(retiredFirst.id),
  }),
  'first-size': badFirst('ERR_LOG_SIZE', 'a first entry of more than 900 bytes', first({ pad: new Uint8Array(800) })),
  'first-decode': badFirst('ERR_LOG_DECODE', 'a first entry with a field too many', first({ note: null })),
  'first-seq': badFirst('ERR_LOG_SEQ', 'a first entry with number 1', first({ seq: 1 })),
  'first-prev': badFirst('ERR_LOG_PREV', 'a first entry after another', first({ prev: noise })),
  'first-signature': badFirst('ERR_LOG_SIGNATURE', 'a first entry signed by another key', first({}, stranger)),
  'eight-devices': bad(
    'ERR_LOG_SIZE',
    'eight devices do not fit',
    second({ devices: Array.from({ length: 8 }, () => ({ ...at(alice.log.last.entry.devices, 0) })) }),
  ),
  'later-entry': refused('ERR_LOG_SEQ', 'a fault in the second entry and another in the third', [
    ...envelopesOf(alice.log),
    second({ seq: 2 }),
    second({}, stranger),
  ]),

  'order-too-long-address': refused('ERR_LOG_TOO_LONG', '65 entries of another identity', [
    ...envelopesOf(lengthen(other.log, at(other.roots, 0), 64)),
    noise,
  ]),
  'order-address-size': refused('ERR_LOG_ADDRESS', 'another first entry, of more than 900 bytes', [
    first({ pad: new Uint8Array(800) }),
  ]),
  'order-size-decode': bad('ERR_LOG_SIZE', '901 bytes that are no envelope', makeBytes('vectors/key-log/noise', 901)),
  'order-decode-seq': bad('ERR_LOG_DECODE', 'a field too many and a number left out', second({ note: null, seq: 2 })),
  'order-seq-prev': bad('ERR_LOG_SEQ', 'the wrong number and the wrong hash', second({ seq: 2, prev: noise })),
  'order-prev-retired': bad(
    'ERR_LOG_PREV',
    'the wrong hash after a retirement',
    signDraft({ ...draftEntry(retired, alice), prev: noise }, root(0)),
    retired,
  ),
  'order-retired-signature': bad(
    'ERR_LOG_RETIRED',
    'signed by another key after a retirement',
    signDraft(draftEntry(retired, alice), stranger),
    retired,
  ),
  'order-signature-next': bad(
    'ERR_LOG_SIGNATURE',
    'signed by another key, and an update that commits to other keys',
    second({ next: nextTo([stranger]) }, stranger),
  ),
  'order-signature-root': bad(
    'ERR_LOG_SIGNATURE',
    'a key nobody committed to, and signed by the key before',
    second({ root: stranger.publicKey }),
  ),
  'order-next-time': bad(
    'ERR_LOG_NEXT',
    'an update that commits to other keys, and a second before the entry before',
    second({ next: noise, time: NOW - 1 }),
  ),
  'order-next-slot': bad(
    'ERR_LOG_NEXT',
    'an update that commits to other keys and has another slot',
    second({ next: noise, slot: noise }),
  ),
  'order-root-slot': bad(
    'ERR_LOG_ROOT',
    'a rotation nobody committed to, to another slot',
    second({ root: stranger.publicKey, slot: noise }, stranger),
  ),
  'order-slot-bridge': bad(
    'ERR_LOG_SLOT',
    'a bridge under the same root key with another slot',
    second({ slot: noise, status: 'bridge', devices: [] }),
  ),
  'order-slot-time': bad(
    'ERR_LOG_SLOT',
    'an update with another slot, a second before the entry before',
    second({ slot: noise, time: NOW - 1 }),
  ),
  'order-root-time': bad(
    'ERR_LOG_ROOT',
    'a rotation nobody committed to, an hour and a second ahead',
    second({ root: stranger.publicKey, time: NOW + 3601 }, stranger),
  ),
  'order-too-long-first': refused('ERR_LOG_TOO_LONG', '65 entries, of which the second is no envelope', [
    ...envelopesOf(full).with(1, noise),
    noise,
  ]),
}
