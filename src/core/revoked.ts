import { equal } from './bytes.ts'
import { isRotationAt, type KeyLog } from './key-log.ts'
import { type Device, deviceId } from './key-log-entry.ts'

/** Whether a log that stands has the device: nothing is sent to another, nor believed to come from one. */
export const hasDevice = ({ last: { entry } }: KeyLog, { sign, dh }: Device): boolean =>
  entry.status === 'active' && entry.devices.some((one) => equal(one.sign, sign) && equal(one.dh, dh))

/**
 * Whether the owner of a log has taken a device back, so that what came to it may have come to somebody else (docs/spec/identity.md §3):
 * a rotation voids every device of the time before it. One that an update left out since the last rotation was given up by whoever has
 * the root key still, and is not taken back.
 * @param log a log that stands
 * @param id the device's, 16 bytes
 */
export const isRevoked = (log: KeyLog, id: Uint8Array): boolean => {
  const rotated = log.entries.findLastIndex((_, index) => isRotationAt(log, index))
  const present = log.entries.slice(Math.max(0, rotated))
  return !present.some(({ entry }) => entry.devices.some((device) => equal(deviceId(device), id)))
}
