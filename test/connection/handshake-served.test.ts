import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel } from '../../src/connection/channel.ts'
import { signCard } from '../../src/core/card.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { raiseFloor } from '../../src/core/floor.ts'
import { type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { CARD_AGE } from '../../src/core/limits/protocol-limits.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  flip,
  lengthen,
  makeBytes,
  makeIdentity,
  makePrekeys,
  NOW,
  publicOf,
} from '../core/identities.ts'
import { prekeys, ring, served } from './ringing.ts'
import { bob, makeWorld, mallory, send } from './sides.ts'

/** What the initiator accepts of what it is served: a live card, and the rest of a key log. */

test('§3 the live card must be Bob’s, for this connection, for the end of his log, and match its ML-KEM key', async () => {
  const longer = updateLog(bob.log, bob.root, { devices: bob.log.last.entry.devices, time: NOW })
  const published = signCard(bob.log, bob.sign, {
    device: 0,
    now: NOW * 1000,
    inc: makeBytes('inc', 16),
    spk: prekeys.spk.publicKey,
    kem: prekeys.kem.publicKey,
    transport: makeBytes('far', 32),
  })
  const cases: readonly [string, (far: Channel) => CborValue][] = [
    ['ERR_CARD_CHANNEL', (far) => served(far, { hash: makeBytes('another connection', 64) })],
    ['ERR_CARD_SIGNATURE', (far) => served(far, { sign: mallory.sign })],
    ['ERR_CARD_ID', (far) => served(far, { log: mallory.log, sign: mallory.sign })],
    ['ERR_CARD_HEAD', (far) => served(far, { log: longer })],
    ['ERR_CARD_HEAD', (far) => served(far, { envelopes: [longer.last.envelope] })],
    ['ERR_CARD_EXPIRED', (far) => served(far, { now: NOW - CARD_AGE })],
    ['ERR_CARD_AHEAD', (far) => served(far, { now: NOW + 3_700 })],
    ['ERR_CARD_WINDOW', (far) => served(far, { age: 8 * 24 * 3600 })],
    ['ERR_CARD_DECODE', (far) => ({ ...served(far), card: published.envelope })],
    ['ERR_CARD_DECODE', (far) => ({ ...served(far), card: makeBytes('noise', 300) })],
    ['ERR_CARD_KEM', (far) => ({ ...served(far), kem: makePrekeys('other').kem.publicKey })],
    ['ERR_CARD_KEM', (far) => ({ ...served(far), kem: flip(prekeys.kem.publicKey) })],
  ]
  for (const [code, frame] of cases) {
    const random = () => assert.fail('a secret was drawn before everything was verified')
    const { far, outcome } = await ring({ world: { ...makeWorld('dialing'), random } })
    await send(far, frame(far))
    assert.equal(await outcome, code)
  }
})

const owner = makeIdentity('owner')
const [root0, root1] = [at(owner.roots, 0), at(owner.roots, 1)]
const content = { devices: publicOf(owner.devices), time: NOW }
const four = lengthen(owner.log, root0, 4)
const theft = updateLog(owner.log, root0, { ...content, devices: publicOf(makeIdentity('thief').devices) })
const rotated = rotateLog(owner.log, root1, commitmentAfter(owner, 1), content)
const retired = updateLog(four, root0, { ...content, status: 'retired' })

/** What Alice makes of a served log, given what the directory showed her and what she accepted before. */
const serveLog = async (known: KeyLog, envelopes: readonly Uint8Array[], end: KeyLog, floor: KeyLog | null = null) => {
  const { far, outcome, met } = await ring({ known, floor: floor === null ? null : raiseFloor(null, floor, null) })
  await send(far, served(far, { log: end, sign: at(owner.devices, 0).sign, envelopes }))
  const next = await far.next().catch(() => null)
  if (next?.t !== 'hello') return outcome
  // She went on: the log was accepted. The rest is cut short.
  far.stream.destroy()
  await met.catch(() => {})
  return 'accepted'
}

test('§4 the owner’s log may only continue what is known: longer, or a rotation that overrules a thief', async () => {
  const whole = (log: KeyLog) => envelopesOf(log)
  const behind = (log: KeyLog, from: number) => whole(log).slice(from)
  const cases: readonly [string, KeyLog, readonly Uint8Array[], KeyLog, KeyLog?][] = [
    ['accepted', four, [], four],
    ['accepted', four, whole(four), four],
    ['accepted', owner.log, behind(four, 1), four],
    ['accepted', owner.log, whole(four), four],
    ['accepted', theft, whole(rotated), rotated],
    ['ERR_ROLLBACK', four, whole(owner.log), owner.log],
    ['ERR_ROLLBACK', rotated, whole(theft), theft],
    ['ERR_LOG_FORK', four, whole(theft), theft],
    ['ERR_LOG_SEQ', four, whole(bob.log), bob.log],
    ['ERR_LOG_SEQ', owner.log, behind(four, 2), four],
    ['ERR_LOG_PREV', theft, behind(four, 2), four],
    ['ERR_LOG_DECODE', owner.log, [makeBytes('noise', 200)], four],
    ['ERR_LOG_SIGNATURE', owner.log, [...whole(owner.log), flip(at(whole(four), 1))], four],
    ['ERR_CARD_RETIRED', owner.log, whole(retired), retired],
    // held against the floor
    ['accepted', four, [], four, four],
    ['accepted', four, [], four, owner.log],
    ['accepted', owner.log, whole(four), four, four],
    ['ERR_ROLLBACK', owner.log, [], owner.log, four],
    ['ERR_ROLLBACK', theft, [], theft, rotated],
    ['ERR_LOG_FORK', theft, [], theft, updateLog(owner.log, root0, content)],
  ]
  for (const [index, [code, known, envelopes, end, floor]] of cases.entries())
    assert.equal(await serveLog(known, envelopes, end, floor), code, `case ${index}`)
})
