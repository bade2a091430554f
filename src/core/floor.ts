import { equal, hex } from './bytes.ts'
import type { SignedCard } from './card.ts'
import { KeyLogError } from './errors.ts'
import { containsEntry, type KeyLog } from './key-log.ts'
import { deviceId } from './key-log-entry.ts'

/** The rollback floor: the furthest truth ever accepted about an identity; nothing older is accepted again (docs/spec/identity.md §5). */
export type Floor = {
  readonly epoch: number
  readonly seq: number
  /** hash of entry `seq`, 32 bytes */
  readonly head: Uint8Array
  /** of the devices of which a published card that names `head` was accepted, each once, in the order of their names */
  readonly devices: readonly DeviceFloor[]
}

/** How far the cards of one device have got. */
export type DeviceFloor = {
  /** the device's name, 16 bytes */
  readonly device: Uint8Array
  /** the highest serial of its cards, milliseconds */
  readonly serial: number
  /** the incarnation that this card names, 16 bytes */
  readonly inc: Uint8Array
}

/** What a verified card says of its device. */
const deviceFloorOf = (log: KeyLog, { card }: SignedCard): DeviceFloor => {
  const device = log.last.entry.devices[card.device]
  if (device === undefined) throw new RangeError('a verified card names a device of its log')
  return { device: deviceId(device), serial: card.serial, inc: card.inc }
}

const ofDevice = ({ devices }: Pick<Floor, 'devices'>, name: Uint8Array): DeviceFloor | undefined =>
  devices.find(({ device }) => equal(device, name))

/**
 * Holds a verified answer against the floor.
 * @throws KeyLogError ERR_ROLLBACK when it is older, ERR_LOG_FORK when it contradicts the floor with equally many rotations
 */
export const checkFloor = (floor: Floor, log: KeyLog, card: SignedCard | null): void => {
  if (!containsEntry(log, floor) && log.epoch <= floor.epoch) {
    const older = log.epoch < floor.epoch || log.last.entry.seq < floor.seq
    const hint = `seen: epoch ${floor.epoch}, entry ${floor.seq}; served: epoch ${log.epoch}, entry ${log.last.entry.seq}`
    throw new KeyLogError(older ? 'ERR_ROLLBACK' : 'ERR_LOG_FORK', { hint })
  }
  // A card names its head, so serials are compared under one head only: a thief's serial must not outlive its removal.
  // Each device counts for itself: two of them need not agree on the time.
  if (card === null || !equal(log.last.hash, floor.head)) return
  const served = deviceFloorOf(log, card)
  if (served.serial < (ofDevice(floor, served.device)?.serial ?? 0))
    throw new KeyLogError('ERR_ROLLBACK', { hint: 'an older card than the one already seen' })
}

/** What became of an identity since the floor. */
export type Change =
  /** nothing, or it is the first time that it is seen */
  | 'none'
  /** its log went on under the same root key */
  | 'updated'
  /** its log went on, and its owner rotated the root key */
  | 'rotated'
  /** its owner took back what was accepted before: that was signed by a thief, or lost */
  | 'superseded'

/** How an answer that passed `checkFloor` stands to the floor. */
export const changeSince = (floor: Floor | null, log: KeyLog): Change => {
  if (floor === null || equal(log.last.hash, floor.head)) return 'none'
  if (!containsEntry(log, floor)) return 'superseded'
  return log.epoch > floor.epoch ? 'rotated' : 'updated'
}

/** The floor after accepting `log` and `card`; the same object when nothing is higher. */
export const raiseFloor = (floor: Floor | null, log: KeyLog, card: SignedCard | null): Floor => {
  const { entry, hash: head } = log.last
  const same = floor !== null && equal(floor.head, head)
  const before = same ? floor.devices : []
  const devices = card === null ? before : furthest([...before, deviceFloorOf(log, card)])
  if (same && devices.every((one, index) => one === before[index])) return floor
  return { epoch: log.epoch, seq: entry.seq, head, devices }
}

/** Of several of one device the one of the highest serial; of equal ones the first, unless their incarnations differ. */
const higher = (a: DeviceFloor, b: DeviceFloor): DeviceFloor =>
  (a.serial - b.serial || Buffer.compare(a.inc, b.inc)) >= 0 ? a : b

/** The furthest of each device, in the order of their names. */
const furthest = (devices: readonly DeviceFloor[]): readonly DeviceFloor[] => {
  const found = new Map<string, DeviceFloor>()
  for (const one of devices) {
    const known = found.get(hex(one.device))
    found.set(hex(one.device), known === undefined ? one : higher(known, one))
  }
  return [...found.values()].sort((a, b) => Buffer.compare(a.device, b.device))
}

/**
 * The further one of two floors of one identity, when two memories of it become one: by rotations, then entries. Of one head, each
 * device's higher serial stands. Which of two that differ only in their head is taken does not matter, but has to be the same one everywhere.
 */
export const higherFloor = (a: Floor, b: Floor): Floor => {
  const further = a.epoch - b.epoch || a.seq - b.seq || Buffer.compare(a.head, b.head)
  if (further !== 0) return further > 0 ? a : b
  const devices = furthest([...a.devices, ...b.devices])
  const unchanged = devices.length === a.devices.length && devices.every((one, index) => one === a.devices[index])
  return unchanged ? a : { ...a, devices }
}
