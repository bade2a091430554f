import { hex } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { rotateLog, updateLog } from '../../src/core/key-log.ts'
import { LABEL_CARD } from '../../src/core/labels.ts'
import {
  commitmentAfter,
  draftEntry,
  envelopesOf,
  flip,
  lengthen,
  makeDevice,
  makeIdentity,
  makeKey,
  NOW,
  nextTo,
  signDraft,
  slotKeyOf,
  without,
} from '../core/identities.ts'
import { accepted, alice, bad, content, refused, retired, root, rotated, second, updated } from './key-log-cases.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/key-log: the `envelopes` verify to `address` at the time `now`, with `head`, `seq`, `epoch` and `status` as given,
 * or are refused with `error`. Where `other` stands, it verifies too, and `relation` says how the first log stands to it.
 */

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const stranger = makeKey('vectors/stranger')

const highS = (envelope: Uint8Array): Uint8Array => {
  const s = order - BigInt(`0x${hex(envelope.subarray(-32))}`)
  return Uint8Array.from(Buffer.from(hex(envelope.subarray(0, -32)) + s.toString(16).padStart(64, '0'), 'hex'))
}
const seven = makeIdentity('vectors/seven', { devices: 7 })
const thiefsSlot = slotKeyOf(stranger).publicKey
const full = lengthen(alice.log, root(0), 64)
const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1)
const device = { sign: makeDevice('vectors').sign.publicKey, dh: offCurve }

export const keyLogVectors: VectorMakers = {
  created: accepted('one entry', alice.log),
  updated: accepted('an update a minute later', updated),
  rotated: accepted('an update and a rotation', rotated),
  'seven-devices': accepted('as many devices as an entry holds', seven.log, seven),
  'retired-by-rotation': accepted(
    'a final retirement',
    rotateLog(alice.log, root(1), commitmentAfter(alice, 1), content('retired')),
  ),
  'hour-ahead': accepted(
    'an entry exactly an hour ahead',
    updateLog(alice.log, root(0), content('active', NOW + 3600)),
  ),
  longest: accepted('64 entries', full),

  empty: refused('ERR_LOG_EMPTY', 'no entries', []),
  'too-long': refused('ERR_LOG_TOO_LONG', '65 entries', [
    ...envelopesOf(full),
    signDraft(draftEntry(full, alice), root(0)),
  ]),
  address: refused('ERR_LOG_ADDRESS', 'the log of another identity', envelopesOf(seven.log)),
  'address-signature': refused('ERR_LOG_ADDRESS', 'the first entry signed again', [
    signDraft(draftEntry(null, alice), root(0)),
  ]),
  size: bad('ERR_LOG_SIZE', 'an entry of more than 900 bytes', second({ pad: new Uint8Array(800) })),
  random: bad('ERR_LOG_DECODE', 'bytes that are no envelope', sha256(offCurve)),
  'trailing-byte': bad('ERR_LOG_DECODE', 'a byte after the envelope', Uint8Array.of(...second({}), 0)),
  tagged: bad('ERR_LOG_DECODE', 'a tagged COSE_Sign1', Uint8Array.of(0xd2, ...second({}))),
  'unknown-field': bad('ERR_LOG_DECODE', 'a field this version does not know', second({ note: null })),
  'missing-field': bad(
    'ERR_LOG_DECODE',
    'no status',
    signDraft(without(draftEntry(alice.log, alice), 'status'), root(0)),
  ),
  version: bad('ERR_LOG_DECODE', 'version 2', second({ v: 2 })),
  'no-devices': bad('ERR_LOG_DECODE', 'an empty list of devices', second({ devices: [] })),
  'device-off-curve': bad('ERR_LOG_DECODE', 'a device key that is no point', second({ devices: [device] })),
  'root-identity': bad('ERR_LOG_DECODE', 'the point at infinity as root', second({ root: new Uint8Array(33) })),
  status: bad('ERR_LOG_DECODE', 'an unknown status', second({ status: 'paused' })),
  'unprotected-header': bad(
    'ERR_LOG_DECODE',
    'something in the unprotected header',
    encodeCbor([
      Uint8Array.of(0xa1, 1, 0x26),
      { kid: 1 },
      encodeCbor(draftEntry(alice.log, alice)),
      new Uint8Array(64),
    ]),
  ),
  'seq-repeated': bad('ERR_LOG_SEQ', 'the number of the entry before', second({ seq: 0 })),
  'seq-gap': bad('ERR_LOG_SEQ', 'a number left out', second({ seq: 2 })),
  'prev-missing': bad('ERR_LOG_PREV', 'null after the first entry', second({ prev: null })),
  'prev-other': bad('ERR_LOG_PREV', 'the hash of another entry', second({ prev: updated.last.hash })),
  retired: bad(
    'ERR_LOG_RETIRED',
    'an update after a retirement',
    signDraft({ ...draftEntry(retired, alice), status: 'active' }, root(0)),
    retired,
  ),
  'other-key': bad('ERR_LOG_SIGNATURE', 'signed by another key', second({}, stranger)),
  'other-label': bad(
    'ERR_LOG_SIGNATURE',
    'signed as a card',
    signDraft(draftEntry(alice.log, alice), root(0), LABEL_CARD),
  ),
  'signature-changed': bad('ERR_LOG_SIGNATURE', 'one bit of the signature changed', flip(second({}))),
  'high-s': bad('ERR_LOG_SIGNATURE', 'the same signature with s in the upper half', highS(second({}))),
  'root-not-committed': bad(
    'ERR_LOG_ROOT',
    'a rotation to a key nobody committed to',
    second({ root: stranger.publicKey, ...commitmentAfter(alice, 1) }, stranger),
  ),
  'root-skipped': bad(
    'ERR_LOG_ROOT',
    'a rotation to the key after the next',
    second({ root: root(2).publicKey, ...commitmentAfter(alice, 2) }, root(2)),
  ),
  'update-with-next': bad('ERR_LOG_NEXT', 'an update that commits to other keys', second({ next: nextTo([stranger]) })),
  'rotation-keeps-next': bad(
    'ERR_LOG_ROOT',
    'a rotation that commits to its own key, as the entry before did',
    second({ root: root(1).publicKey }, root(1)),
  ),
  'rotation-other-next': bad(
    'ERR_LOG_ROOT',
    'a rotation to the right key that commits to keys of a thief',
    second({ root: root(1).publicKey, next: nextTo([stranger]) }, root(1)),
  ),
  'rotation-to-none': bad(
    'ERR_LOG_ROOT',
    'a rotation to the right key that commits to none after it',
    second({ root: root(1).publicKey, next: new Uint8Array(32) }, root(1)),
  ),
  'rotation-other-after': bad(
    'ERR_LOG_ROOT',
    'a rotation to the right key that leads to the slot of a thief next',
    second({ root: root(1).publicKey, ...commitmentAfter(alice, 1), after: placeOfSlot(thiefsSlot) }, root(1)),
  ),
  'rotation-other-slot': bad(
    'ERR_LOG_SLOT',
    'a rotation to the right key with the slot of a thief',
    second({ root: root(1).publicKey, ...commitmentAfter(alice, 1), slot: thiefsSlot }, root(1)),
  ),
  'rotation-keeps-slot': bad(
    'ERR_LOG_SLOT',
    'a rotation to the right key with the slot of the entry before',
    second({ root: root(1).publicKey, ...commitmentAfter(alice, 1), slot: alice.log.last.entry.slot }, root(1)),
  ),
  'update-with-slot': bad('ERR_LOG_SLOT', 'an update with another slot', second({ slot: thiefsSlot })),
  'update-with-after': bad(
    'ERR_LOG_SLOT',
    'an update that leads to another slot next',
    second({ after: placeOfSlot(thiefsSlot) }),
  ),
  'slot-short': bad('ERR_LOG_DECODE', 'a slot of 31 bytes', second({ slot: thiefsSlot.slice(1) })),
  'slot-missing': bad('ERR_LOG_DECODE', 'no slot', signDraft(without(draftEntry(alice.log, alice), 'slot'), root(0))),
  'after-missing': bad(
    'ERR_LOG_DECODE',
    'nothing about the next slot',
    signDraft(without(draftEntry(alice.log, alice), 'after'), root(0)),
  ),
  'time-back': bad('ERR_LOG_TIME_BACK', 'a second before the entry before', second({ time: NOW - 1 })),
  'time-ahead': accepted(
    'an entry years ahead of the clock',
    updateLog(alice.log, root(0), content('active', NOW + 10 * 365 * 24 * 3600)),
  ),
  'first-ahead': () => ({ ...accepted('a first entry years ahead of the clock', updated)(), now: 0 }),
}
