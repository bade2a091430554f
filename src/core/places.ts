import { utf8 } from './bytes.ts'
import { encodeCbor } from './cbor.ts'
import type { Identity } from './identity.ts'
import { sha256 } from './kdf.ts'
import { deviceId } from './key-log-entry.ts'
import { LABEL_MESSAGE_ID, LABEL_PLACE, LABEL_SEQUENCE } from './labels.ts'
import { PLACE_LADDER_MAX } from './limits/message-limits.ts'
import { DEVICE_ID_BYTES } from './limits/protocol-limits.ts'

/**
 * What a receipt names (docs/spec/messages.md §2): a message has one id for ever, and a *place* in a sequence commits to it and to all
 * before it. So who says that it has what is at a place has said which messages these are, and nobody says so who has not seen them.
 *
 *     m   = H("handfast/v1/id-of-message" ‖ CBOR[from, to, app, r, at, b])
 *     c_0 = H("handfast/v1/sequence" ‖ CBOR[from, to, app, s])          c_n = H("handfast/v1/place" ‖ c_(n−1) ‖ m_n)
 */

/** A place in a sequence: number `n`, and the hash that commits to all up to it. */
export type Place = { readonly n: number; readonly c: Uint8Array }

/** Between whom, by their identity hashes, and for which application. */
export type Between = { readonly from: Uint8Array; readonly to: Uint8Array; readonly app: string }

/** What makes a message: 16 random bytes, so that its id confirms no guess; when it was written, milliseconds; what it says. */
export type Content = { readonly r: Uint8Array; readonly at: number; readonly b: Uint8Array }

/** The id of a message, 32 bytes: the same in every sequence, on every device. */
export const messageId = ({ from, to, app }: Between, { r, at, b }: Content): Uint8Array =>
  sha256(utf8(LABEL_MESSAGE_ID), encodeCbor([from, to, app, r, at, b]))

/** Where a sequence begins, before its first message: number 0. @param s its name, 16 random bytes */
export const sequenceStart = ({ from, to, app }: Between, s: Uint8Array): Place => ({
  n: 0,
  c: sha256(utf8(LABEL_SEQUENCE), encodeCbor([from, to, app, s])),
})

/** The place behind another one, for the message of that id. */
export const nextPlace = ({ n, c }: Place, m: Uint8Array): Place => ({ n: n + 1, c: sha256(utf8(LABEL_PLACE), c, m) })

/** Numbers of the places that a receipt up to `n` names besides: n−1, n−3, n−7, … and 1, descending. */
export const ladderOf = (n: number): readonly number[] => {
  const rungs: number[] = []
  for (let step = 1, at = n - 1; at >= 1 && rungs.length < PLACE_LADDER_MAX - 1; step *= 2, at -= step) rungs.push(at)
  if (n > 1 && rungs.at(-1) !== 1) rungs.push(1)
  return rungs
}

/** The same of the device that an identity is used on. One that is retired has none, and talks with nobody: 16 zero bytes. */
export const ownDeviceId = ({ log, device }: Pick<Identity, 'log' | 'device'>): Uint8Array => {
  const keys = log.last.entry.devices[device]
  return keys === undefined ? new Uint8Array(DEVICE_ID_BYTES) : deviceId(keys)
}
