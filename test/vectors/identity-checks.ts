import assert from 'node:assert/strict'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { checkKem, isCurrent, verifyCard, verifyLiveCard } from '../../src/core/card.ts'
import { changeSince, checkFloor, type Floor, raiseFloor } from '../../src/core/floor.ts'
import { checkForkProof } from '../../src/core/fork-proof.ts'
import { compareLogs, type KeyLog, verifyLog } from '../../src/core/key-log.ts'
import type { Entry } from '../../src/core/key-log-entry.ts'
import { isFinal, ownBase, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import { fromHex, seededRandom } from '../core/test-bytes.ts'
import { expecting, type Refused } from './expecting.ts'

/** What each vector of key log, fork proof, card, floor and rotation claims, held against the code; a mismatch throws. */

export type KeyLogVector = Refused & {
  readonly now: number
  readonly address: string
  readonly envelopes: readonly string[]
  readonly head?: string
  readonly seq?: number
  readonly epoch?: number
  readonly status?: string
  readonly other?: readonly string[]
  readonly relation?: string
}

export const checkKeyLog = (vector: KeyLogVector): void => {
  const { address, envelopes, other } = vector
  const verify = (texts: readonly string[]) => verifyLog(decodeAddress(address), texts.map(fromHex))
  const log = expecting(vector, () => verify(envelopes))
  if (log === null) return
  const { entry, hash } = log.last
  assert.equal(encodeAddress(log.id), address)
  assert.deepEqual(
    { head: hex(hash), seq: entry.seq, epoch: log.epoch, status: entry.status },
    { head: vector.head, seq: vector.seq, epoch: vector.epoch, status: vector.status },
  )
  if (other !== undefined) assert.equal(compareLogs(log, verify(other)), vector.relation)
}

export type ForkProofVector = Refused & {
  readonly now: number
  readonly proof: string
  readonly padding: number
  readonly address?: string
  readonly heads?: readonly string[]
  readonly parting?: number
}

export const checkFork = (vector: ForkProofVector): void => {
  const { proof, padding, address, heads, parting } = vector
  const checked = expecting(vector, () => checkForkProof(proof + ' '.repeat(padding)))
  if (checked === null) return
  const { a, b } = checked
  const found = { address: checked.address, heads: [a, b].map(({ last }) => hex(last.hash)), parting: checked.parting }
  assert.deepEqual(found, { address, heads, parting })
}

export type CardVector = Refused & {
  readonly now: number
  readonly address: string
  readonly log: readonly string[]
  readonly card: string
  readonly channel?: string
  readonly kem?: string
  readonly hash?: string
  readonly serial?: number
  readonly inc?: string
  readonly until?: number
  readonly device?: number
  readonly current?: boolean
}

export const checkCard = (vector: CardVector): void => {
  const { now, address, channel, kem } = vector
  const log = verifyLog(decodeAddress(address), vector.log.map(fromHex))
  const envelope = fromHex(vector.card)
  const signed = expecting(vector, () => {
    const verified =
      channel === undefined ? verifyCard(envelope, log, now) : verifyLiveCard(envelope, log, now, fromHex(channel))
    if (kem !== undefined) checkKem(verified.card, fromHex(kem))
    return verified
  })
  if (signed === null) return
  const { serial, until, device, inc } = signed.card
  assert.deepEqual(
    { hash: hex(signed.hash), serial, until, device, inc: hex(inc), current: isCurrent(signed.card, now) },
    {
      hash: vector.hash,
      serial: vector.serial,
      until: vector.until,
      device: vector.device,
      inc: vector.inc,
      current: vector.current,
    },
  )
}

type FloorText = {
  readonly epoch: number
  readonly seq: number
  readonly head: string
  readonly devices: readonly { readonly device: string; readonly serial: number; readonly inc: string }[]
}

const readFloor = ({ epoch, seq, head, devices }: FloorText): Floor => ({
  ...{ epoch, seq, head: fromHex(head) },
  devices: devices.map(({ device, serial, inc }) => ({ device: fromHex(device), serial, inc: fromHex(inc) })),
})
const floorText = ({ epoch, seq, head, devices }: Floor): FloorText => ({
  ...{ epoch, seq, head: hex(head) },
  devices: devices.map(({ device, serial, inc }) => ({ device: hex(device), serial, inc: hex(inc) })),
})

export type FloorVector = Refused & {
  readonly now: number
  readonly address: string
  readonly floor: FloorText | null
  readonly log: readonly string[]
  readonly card: string | null
  readonly change?: string
  readonly raised?: FloorText
}

export const checkFloorVector = (vector: FloorVector): void => {
  const { now, address, floor: given } = vector
  const log = verifyLog(decodeAddress(address), vector.log.map(fromHex))
  const card = vector.card === null ? null : verifyCard(fromHex(vector.card), log, now)
  const floor = given === null ? null : readFloor(given)
  const passed = expecting(vector, () => {
    if (floor !== null) checkFloor(floor, log, card)
    return true
  })
  if (passed === null) return
  const raised = raiseFloor(floor, log, card)
  assert.deepEqual(
    { change: changeSince(floor, log), raised: floorText(raised) },
    { change: vector.change, raised: vector.raised },
  )
}

export type RotationVector = Refused & {
  readonly now: number
  readonly address: string
  readonly envelopes: readonly string[]
  readonly phrase: string
  readonly base: 'own' | 'recovery'
  readonly retire: boolean
  readonly continues?: { readonly seq: number; readonly epoch: number }
  readonly entry?: { readonly [field: string]: string | number }
  readonly final?: boolean
}

/** The fields of a rotation that the phrase and the log decide: the device keys are drawn. */
const decided = ({ seq, root, next, status, time }: Entry) => ({ seq, root: hex(root), next: hex(next), status, time })

/** What a rotation of `log` continues and adds, in the words of the vector. */
export const rotationOf = (log: KeyLog, { phrase, base, retire, now }: RotationVector) => {
  const continued = base === 'own' ? ownBase(log, phrase) : recoveryBase(log, phrase)
  const random = seededRandom('vectors/rotation/device')
  const rotated = rotateIdentity(continued, phrase, now, random, retire ? 'retired' : 'active').log
  const { last, epoch } = continued
  return {
    continues: { seq: last.entry.seq, epoch },
    entry: { ...decided(rotated.last.entry), epoch: rotated.epoch },
    final: isFinal(rotated),
  }
}

export const checkRotation = (vector: RotationVector): void => {
  const { address, envelopes, continues, entry, final } = vector
  const log = verifyLog(decodeAddress(address), envelopes.map(fromHex))
  const made = expecting(vector, () => rotationOf(log, vector))
  if (made !== null) assert.deepEqual(made, { continues, entry, final })
}

/** How the vectors of each folder are held against the code. */
export const identityChecks: { readonly [folder: string]: (vector: never) => void } = {
  'key-log': checkKeyLog,
  'fork-proof': checkFork,
  card: checkCard,
  floor: checkFloorVector,
  rotation: checkRotation,
}
