import { hex } from '../../src/core/bytes.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { compareLogs, type EntryContent, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import {
  at,
  commitmentAfter,
  type Draft,
  draftEntry,
  envelopesOf,
  type Identity,
  makeIdentity,
  NOW,
  publicOf,
  signDraft,
} from '../core/identities.ts'

/** One identity, its logs, and how a case of vectors/key-log is written down. */

export const alice = makeIdentity('vectors/key-log', { devices: 2 })
export const root = (rotation: number) => at(alice.roots, rotation)
export const content = (status: EntryContent['status'] = 'active', time = NOW): EntryContent => ({
  devices: publicOf(alice.devices),
  status,
  time,
})
export const updated = updateLog(alice.log, root(0), content('active', NOW + 60))
export const rotated = rotateLog(updated, root(1), commitmentAfter(alice, 1), content('active', NOW + 120))
export const retired = updateLog(alice.log, root(0), content('retired'))

const text = (envelopes: readonly Uint8Array[]) => envelopes.map(hex)

export const accepted =
  (description: string, log: KeyLog, { address }: Pick<Identity, 'address'> = alice) =>
  () => ({
    description,
    now: NOW,
    address,
    envelopes: text(envelopesOf(log)),
    head: hex(log.last.hash),
    seq: log.last.entry.seq,
    epoch: log.epoch,
    status: log.last.entry.status,
  })

export const refused =
  (
    error: ErrorCode,
    description: string,
    envelopes: readonly Uint8Array[],
    { now = NOW, address = alice.address } = {},
  ) =>
  () => ({ description, now, address, envelopes: text(envelopes), error })

/** Two logs that both verify, and how the first stands to the second. */
export const related = (description: string, a: KeyLog, b: KeyLog) => () => ({
  ...accepted(description, a)(),
  other: text(envelopesOf(b)),
  relation: compareLogs(a, b),
})

/** An entry after the first, signed as it should be but for the changed fields. */
export const second = (fields: Draft, key = root(0)) => signDraft({ ...draftEntry(alice.log, alice), ...fields }, key)

/** An envelope that is refused after a log that is not. */
export const bad = (error: ErrorCode, description: string, envelope: Uint8Array, log = alice.log) =>
  refused(error, description, [...envelopesOf(log), envelope])
