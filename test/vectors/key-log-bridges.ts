import { encodeAddress } from '../../src/core/address.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { bridgeLog, type KeyLog, type PartialLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import {
  commitmentAfter,
  type Draft,
  draftEntry,
  envelopesOf,
  lengthen,
  makeKey,
  NOW,
  nextTo,
  signDraft,
} from '../core/identities.ts'
import {
  accepted,
  alice,
  bad,
  content,
  refused,
  related,
  retired,
  root,
  rotated,
  second,
  updated,
} from './key-log-cases.ts'
import type { VectorMakers } from './vector-files.ts'

/** vectors/key-log: bridges, where they may stand and where not, and what a recovery over them overrules. */

const stranger = makeKey('vectors/stranger')
const bridge = (log: PartialLog): PartialLog =>
  bridgeLog(log, root(log.epoch + 1), commitmentAfter(alice, log.epoch + 1))
const rotate = (log: PartialLog): KeyLog =>
  rotateLog(log, root(log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content('active', NOW + 200))
const bridged = bridge(alice.log)
const recovered = rotate(bridged)
const rotatedTwice = rotate(rotated)
const toNext = { root: root(1).publicKey, ...commitmentAfter(alice, 1) }

/** What would follow the bridge under its own root key, but for the changed fields. */
const afterBridge = (fields: Draft, key = root(1)): Uint8Array => {
  const { seq } = bridged.last.entry
  return signDraft(
    { ...draftEntry(alice.log, alice), ...toNext, seq: seq + 1, prev: bridged.last.hash, ...fields },
    key,
  )
}
const badAfter = (error: ErrorCode, description: string, envelope: Uint8Array) =>
  refused(error, description, [...envelopesOf(bridged), envelope])
const unfinished = (description: string, log: PartialLog) => refused('ERR_LOG_BRIDGE', description, envelopesOf(log))
const firstBridge = signDraft({ ...draftEntry(null, alice), status: 'bridge', devices: [] }, root(0))

export const keyLogBridges: VectorMakers = {
  bridge: accepted('a bridge, and the rotation it leads to', recovered),
  bridges: accepted('two bridges, and the rotation they lead to', rotate(bridge(bridged))),
  'bridge-after-update': accepted('a bridge after an update', rotate(bridge(updated))),
  'bridge-before-update': accepted(
    'an update after the rotation that a bridge leads to',
    lengthen(recovered, root(2), 4),
  ),
  'bridge-to-retirement': accepted(
    'a final retirement after a bridge',
    rotateLog(bridged, root(2), commitmentAfter(alice, 2), content('retired')),
  ),
  'bridge-last': unfinished('a recovery cut off before its last entry', bridged),
  'bridge-last-of-two': unfinished('the same over two rotations', bridge(bridged)),
  'bridge-last-after-update': unfinished('a log that goes on with a bridge', bridge(updated)),
  'bridge-last-after-rotation': unfinished('a recovered log that goes on with a bridge', bridge(recovered)),
  'bridge-first': refused('ERR_LOG_BRIDGE', 'a first entry that is a bridge', [firstBridge], {
    address: encodeAddress(blake2b256(firstBridge)),
  }),
  'bridge-update': bad('ERR_LOG_BRIDGE', 'a bridge under the same root key', second({ status: 'bridge', devices: [] })),
  'bridge-updated': badAfter('ERR_LOG_BRIDGE', 'an update after a bridge', afterBridge({ status: 'active' })),
  'bridge-retired': badAfter(
    'ERR_LOG_BRIDGE',
    'a retirement after a bridge that is no rotation',
    afterBridge({ status: 'retired' }),
  ),
  'bridge-again': badAfter(
    'ERR_LOG_BRIDGE',
    'a bridge after a bridge, under the same root key',
    afterBridge({ status: 'bridge', devices: [] }),
  ),
  'bridge-device': bad(
    'ERR_LOG_DECODE',
    'a bridge that names a device',
    second({ ...toNext, status: 'bridge' }, root(1)),
  ),
  'rotation-no-device': bad(
    'ERR_LOG_DECODE',
    'a rotation without a device',
    second({ ...toNext, devices: [] }, root(1)),
  ),
  'retirement-no-device': bad(
    'ERR_LOG_DECODE',
    'a retirement without a device',
    second({ status: 'retired', devices: [] }),
  ),
  'bridge-not-committed': bad(
    'ERR_LOG_ROOT',
    'a bridge to a key nobody committed to',
    second({ root: stranger.publicKey, ...commitmentAfter(alice, 1), status: 'bridge', devices: [] }, stranger),
  ),
  'bridge-after-retirement': bad(
    'ERR_LOG_RETIRED',
    'a bridge after a retirement',
    signDraft({ ...draftEntry(retired, alice), ...toNext, status: 'bridge', devices: [] }, root(1)),
    retired,
  ),
  'order-next-bridge': bad(
    'ERR_LOG_NEXT',
    'a bridge under the same root key that commits to other keys',
    second({ next: nextTo([stranger]), status: 'bridge', devices: [] }),
  ),
  'order-bridge-time': bad(
    'ERR_LOG_BRIDGE',
    'a bridge under the same root key, and a second before the entry before',
    second({ status: 'bridge', devices: [], time: NOW - 1 }),
  ),
  'order-time-bridge-last': refused('ERR_LOG_TIME_BACK', 'an entry before its time, and a bridge at the end', [
    ...envelopesOf(updated),
    signDraft({ ...draftEntry(updated, alice), ...toNext, status: 'bridge', devices: [], time: NOW }, root(1)),
  ]),
  'supersedes-bridge': related(
    'a recovery against the rotation that its bridge stands for',
    recovered,
    rotate(alice.log),
  ),
  'superseded-bridge': related('a rotation against the recovery from it', rotated, recovered),
  'fork-bridge': related('a recovery that did not know of the last rotation, against that', recovered, rotatedTwice),
  'fork-second-bridge': related(
    'two recoveries of one epoch',
    recovered,
    updateLog(rotate(bridge(alice.log)), root(2), content('active', NOW + 300)),
  ),
}
