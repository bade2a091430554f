import { hex } from '../../src/core/bytes.ts'
import type { SignedCard } from '../../src/core/card.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { changeSince, type Floor, raiseFloor } from '../../src/core/floor.ts'
import { type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import {
  at,
  commitmentAfter,
  cut,
  envelopesOf,
  lengthen,
  makeBytes,
  makeDevice,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
  publishCard,
} from '../core/identities.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/floor: after `floor` (null: never seen), the verified `log` of `address` with the verified `card` (null: none) is
 * accepted at the time `now`, `change` says what became of the identity, and `raised` is the floor from then on; or it is
 * refused with `error`.
 */

const alice = makeIdentity('vectors/floor', { devices: 2 })
const prekeys = makePrekeys('vectors/floor')
const key = (rotation: number) => at(alice.roots, rotation)
const content = { devices: publicOf(alice.devices), time: NOW }
const rotate = (log: KeyLog): KeyLog =>
  rotateLog(log, key(log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content)
const update = (log: KeyLog): KeyLog => updateLog(log, key(log.epoch), content)
const thief = (log: KeyLog, size: number): KeyLog =>
  lengthen(
    updateLog(log, key(log.epoch), { ...content, devices: publicOf([makeDevice('thief')]) }),
    key(log.epoch),
    size,
  )
/** A card of Alice's first device, `seconds` from now. */
const card = (log: KeyLog, seconds = 0, device = 0, inc?: Uint8Array): SignedCard =>
  publishCard({ ...alice, log }, prekeys, { now: NOW + seconds, device, ...(inc === undefined ? {} : { inc }) })

const seen = lengthen(alice.log, key(0), 4)
const stolen = thief(cut(seen, 1), 9)
const updated = update(seen)
const rotated = rotate(cut(seen, 1))
const twice = rotate(rotated)

const floorOf = (log: KeyLog, of: SignedCard | null = null): Floor => raiseFloor(null, log, of)
/** Alice's first device a minute from now, her second one now. */
const both = raiseFloor(floorOf(seen, card(seen, 60)), seen, card(seen, 0, 1))
const text = ({ epoch, seq, head, devices }: Floor) => ({
  ...{ epoch, seq, head: hex(head) },
  devices: devices.map(({ device, serial, inc }) => ({ device: hex(device), serial, inc: hex(inc) })),
})

type Answer = { readonly log: KeyLog; readonly card?: SignedCard }
const given = (description: string, floor: Floor | null, { log, card: served }: Answer) => ({
  description,
  now: NOW,
  address: alice.address,
  floor: floor && text(floor),
  log: envelopesOf(log).map(hex),
  card: served === undefined ? null : hex(served.envelope),
})
const accepted = (description: string, floor: Floor | null, answer: Answer) => () => ({
  ...given(description, floor, answer),
  change: changeSince(floor, answer.log),
  raised: text(raiseFloor(floor, answer.log, answer.card ?? null)),
})
const refused = (error: ErrorCode, description: string, floor: Floor, answer: Answer) => () => ({
  ...given(description, floor, answer),
  error,
})

export const floorVectors: VectorMakers = {
  unseen: accepted('seen for the first time', null, { log: seen, card: card(seen) }),
  'unseen-without-card': accepted('seen for the first time, and no card', null, { log: rotated }),
  same: accepted('the same log and card', floorOf(seen, card(seen)), { log: seen, card: card(seen) }),
  'later-card': accepted('the same log and a later card', floorOf(seen, card(seen)), {
    log: seen,
    card: card(seen, 60),
  }),
  'first-card': accepted('the same log and its first card', floorOf(seen), { log: seen, card: card(seen) }),
  'no-card': accepted('the same log and no card: stale, and nothing is lowered', floorOf(seen, card(seen)), {
    log: seen,
  }),
  updated: accepted('an update', floorOf(seen, card(seen)), { log: updated, card: card(updated, 60) }),
  'serial-of-other-head': accepted(
    'an update and a card of a lower serial: serials count under one head only',
    floorOf(seen, card(seen, 3600)),
    { log: updated, card: card(updated) },
  ),
  'update-without-card': accepted('an update and no card: no serial yet', floorOf(seen, card(seen)), {
    log: updated,
  }),
  rotated: accepted('a rotation', floorOf(seen, card(seen)), { log: rotate(seen) }),
  'rotated-twice': accepted('two rotations and an update between them', floorOf(seen), {
    log: rotate(update(rotate(seen))),
  }),
  retired: accepted('a final retirement', floorOf(seen), {
    log: rotateLog(seen, key(1), commitmentAfter(alice, 1), { ...content, status: 'retired' }),
  }),
  'superseded-stolen': accepted("a rotation that takes back a thief's nine entries", floorOf(stolen, card(seen, 60)), {
    log: rotated,
    card: card(rotated),
  }),
  'superseded-seen': accepted('a shorter log of a higher epoch', floorOf(seen), { log: rotate(alice.log) }),
  'superseded-rotation': accepted(
    'a rotation signed again by a thief, and taken back by the next',
    floorOf(rotate(thief(alice.log, 2))),
    { log: twice },
  ),

  'older-part': refused('ERR_ROLLBACK', 'the log without its last entry', floorOf(seen), { log: cut(seen, 2) }),
  'first-entry': refused('ERR_ROLLBACK', 'the first entry alone', floorOf(seen), { log: alice.log }),
  'shorter-branch': refused('ERR_ROLLBACK', 'a shorter log that parts, of the same epoch', floorOf(seen), {
    log: thief(alice.log, 3),
  }),
  'before-rotation': refused('ERR_ROLLBACK', 'the log before its rotation', floorOf(rotated), {
    log: cut(seen, 1),
  }),
  'lower-epoch-longer': refused('ERR_ROLLBACK', 'a longer log of a lower epoch', floorOf(rotated), { log: stolen }),
  'lower-epoch': refused('ERR_ROLLBACK', 'one rotation after two were seen', floorOf(twice), {
    log: lengthen(rotate(seen), key(1), 9),
  }),
  'serial-lower': refused('ERR_ROLLBACK', 'an earlier card of the same log', floorOf(seen, card(seen)), {
    log: seen,
    card: card(seen, -1),
  }),
  'serial-of-other-device': accepted(
    'an earlier card of the other device: each has serials of its own',
    floorOf(seen, card(seen)),
    { log: seen, card: card(seen, -60, 1) },
  ),
  'fork-equal': refused('ERR_LOG_FORK', 'a log that parts, of as many entries', floorOf(seen), {
    log: thief(alice.log, 4),
  }),
  'fork-longer': refused('ERR_LOG_FORK', 'a longer log that parts, of the same epoch', floorOf(seen), { log: stolen }),
  'fork-of-rotations': refused(
    'ERR_LOG_FORK',
    'a rotation signed again by the thief of its root key',
    floorOf(rotated),
    {
      log: rotate(thief(cut(seen, 1), 3)),
    },
  ),
  'crossing-serials': accepted('two devices whose serials cross', both, { log: seen, card: card(seen, 30, 1) }),
  'crossing-lower': refused('ERR_ROLLBACK', 'an earlier card of the device that is ahead', both, {
    log: seen,
    card: card(seen, 59),
  }),
  'other-incarnation': accepted('a later card of another incarnation of the device', both, {
    log: seen,
    card: card(seen, 61, 0, makeBytes('another inc', 16)),
  }),
  'same-device-updated': accepted('an update that keeps the device: its serials begin anew', both, {
    log: updated,
    card: card(updated),
  }),
}
