import { equal } from './bytes.ts'
import type { KeyLog } from './key-log.ts'
import type { Entry } from './key-log-entry.ts'

/** What a public key is to an identity: a card's or a handshake's key of one of its devices, or its root key. */
export const KEY_USES = ['root', 'sign', 'dh'] as const
export type KeyUse = (typeof KEY_USES)[number]

/** Where a key stands in a log: in entry number `seq`, the last one that has it. `device` is null for the root key. */
export type KeyPlace = { readonly use: KeyUse; readonly device: number | null; readonly seq: number }

const placeIn = ({ root, devices, seq }: Entry, point: Uint8Array): KeyPlace | undefined => {
  if (equal(root, point)) return { use: 'root', device: null, seq }
  for (const [device, keys] of devices.entries())
    for (const use of ['sign', 'dh'] as const) if (equal(keys[use], point)) return { use, device, seq }
  return undefined
}

/** Finds a compressed public key (33 bytes) in a log, in its last entry first; null when it was never a key of that identity. */
export const findKey = (log: KeyLog, point: Uint8Array): KeyPlace | null => {
  for (const { entry } of log.entries.toReversed()) {
    const place = placeIn(entry, point)
    if (place !== undefined) return place
  }
  return null
}

/** The key of that use that an entry holds, 33 bytes; undefined when it has no such device. */
export const keyAt = ({ root, devices }: Entry, use: KeyUse, device: number): Uint8Array | undefined =>
  use === 'root' ? root : devices[device]?.[use]
