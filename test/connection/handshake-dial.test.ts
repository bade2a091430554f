import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Channel, openChannel } from '../../src/connection/channel.ts'
import { answerLive, type Initiating, initiateLive, type Met } from '../../src/connection/live-handshake.ts'
import { signCard, signLiveCard, verifyLiveCard } from '../../src/core/card.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { raiseFloor } from '../../src/core/floor.ts'
import { respond } from '../../src/core/handshake.ts'
import type { Identity } from '../../src/core/identity.ts'
import { type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { HANDSHAKE_STEP_MS } from '../../src/core/limits/connection-limits.ts'
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
import { seededRandom } from '../core/test-bytes.ts'
import { createPair, type MemoryPair } from './memory-transport.ts'
import { alice, answering, bob, codeOf, createPuppet, dialing, makeWorld, mallory, settle } from './sides.ts'

/** The initiator against a responder that breaks the rules. */

type Ringing = {
  readonly pair: MemoryPair
  /** the responder's end, which has received `open` */
  readonly far: Channel
  readonly outcome: Promise<unknown>
  readonly met: Promise<Met>
}

const ring = async (changed: Partial<Initiating> = {}, near: Identity = alice): Promise<Ringing> => {
  const pair = createPair()
  const channel = openChannel(pair.near)
  const met = initiateLive(channel, dialing(near, bob, changed))
  const outcome = codeOf(
    met.catch(async (error) => {
      await channel.refuse(error)
      throw error
    }),
  )
  const far = openChannel(pair.far)
  await far.expect('open', 1_000)
  return { pair, far, outcome, met }
}

const send = (far: Channel, frame: CborValue): Promise<void> => far.stream.send(encodeCbor(frame))

type Served = {
  log: KeyLog
  sign: Identity['sign']
  now: number
  age: number
  hash: Uint8Array
  envelopes: readonly Uint8Array[]
}
const prekeys = makePrekeys('served')

/** Bob's card frame, or something like it. */
const served = (far: Channel, changed: Partial<Served> = {}) => {
  const {
    log = bob.log,
    sign = bob.sign,
    now = NOW,
    age = CARD_AGE,
    hash = far.stream.handshakeHash,
    envelopes = [],
  } = changed
  const content = {
    device: 0,
    now: now * 1000,
    spk: prekeys.spk.publicKey,
    kem: prekeys.kem.publicKey,
    transport: makeBytes('far', 32),
    age,
  }
  return {
    t: 'card',
    log: envelopes,
    card: signLiveCard(log, sign, content, hash).envelope,
    kem: prekeys.kem.publicKey,
  }
}

const OTHERS: readonly CborValue[] = [
  { t: 'open', v: 1, id: bob.log.id, head: null },
  { t: 'card', log: [], card: makeBytes('card', 300), kem: makeBytes('kem', 1184) },
  { t: 'hello', d: makeBytes('hello', 100) },
  { t: 'msg', h: makeBytes('header', 60), d: makeBytes('token', 100) },
  { t: 'chunk', id: makeBytes('id', 16), i: 0, d: makeBytes('chunk', 100) },
]

test('§5 before the card, and before the confirmation, nothing else may come', async () => {
  for (const frame of OTHERS.filter((_, index) => index !== 1)) {
    const { far, outcome } = await ring()
    await send(far, frame)
    assert.equal(await outcome, 'ERR_FRAME')
    assert.deepEqual(await codeOf(far.next()), 'ERR_REMOTE')
  }
  for (const frame of OTHERS.filter((_, index) => index !== 3)) {
    const { far, outcome } = await ring()
    await send(far, served(far))
    await far.expect('hello', 1_000)
    await send(far, frame)
    assert.equal(await outcome, 'ERR_FRAME')
  }
})

test('§5 a stream that ends is a loss, a refusal says so, silence has an end', async (t) => {
  for (const end of ['close', 'destroy'] as const) {
    const { pair, outcome } = await ring()
    await pair.far[end]()
    assert.equal(await outcome, 'ERR_CONNECTION_LOST')
  }
  const refused = await ring()
  await send(refused.far, { t: 'error', code: 'ERR_PEER_NOT_HERE' })
  assert.equal(await refused.outcome, 'ERR_REMOTE')

  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const step of ['card', 'hello']) {
    const { far, outcome } = await ring()
    if (step === 'hello') {
      await send(far, served(far))
      await far.expect('hello', 1_000)
    }
    await settle()
    t.mock.timers.tick(HANDSHAKE_STEP_MS - 1)
    // What is skipped does not prolong the wait.
    await send(far, { t: 'later' })
    await settle()
    t.mock.timers.tick(1)
    assert.equal(await outcome, 'ERR_TIMEOUT', step)
  }
})

test('§8 frames of unknown types are skipped', async () => {
  const { far, met } = await ring()
  await send(far, { t: 'later', anything: [1, 2, 3] })
  await send(far, served(far))
  await far.expect('hello', 1_000)
  await send(far, { t: 'later' })
  await send(far, at(OTHERS, 3))
  assert.match(String(await codeOf(met)), /^ERR_SESSION_/)
})

test('§3 the live card must be Bob’s, for this connection, for the end of his log, and match its ML-KEM key', async () => {
  const longer = updateLog(bob.log, bob.root, { devices: bob.log.last.entry.devices, time: NOW })
  const published = signCard(bob.log, bob.sign, {
    device: 0,
    now: NOW * 1000,
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

test('§5 who has Bob’s transport and his signing key, but not ik, cannot answer for him', async () => {
  const pair = createPair()
  const [near, far] = [openChannel(pair.near), openChannel(pair.far)]
  const dialed = codeOf(initiateLive(near, dialing(alice, bob)))
  const thief = answerLive(far, answering({ ...bob, ik: mallory.ik }))
  assert.equal(await codeOf(thief), 'ERR_HELLO_SEALED')
  await far.refuse(new Error('whatever'))
  assert.equal(await dialed, 'ERR_REMOTE')
})

test('§5 Bob must confirm, and nothing else will do', async () => {
  for (const [payload, expected] of [
    [{ k: 'confirm' }, undefined],
    [{ k: 'text', d: 'hello' }, 'ERR_FRAME'],
    [{ k: 'later' }, 'ERR_FRAME'],
  ] as const) {
    const { far, outcome } = await ring()
    const frame = served(far)
    await send(far, frame)
    const hello = await far.expect('hello', 1_000)
    const channel = far.stream.handshakeHash
    const card = verifyLiveCard(frame.card, bob.log, NOW, channel)
    const accepted = respond({ self: bob, card, ...prekeys, channel }, hello.d, {
      now: NOW,
      random: seededRandom('bob'),
    })
    await createPuppet(far, accepted.session).say(payload)
    assert.equal(await outcome, expected)
  }
})

test('§5 a stream cannot be relayed: the card of the one is no card for the other', async () => {
  const [toMallory, toBob] = [createPair(), createPair()]
  const forward = async (from: AsyncIterable<Uint8Array>, to: { send(frame: Uint8Array): Promise<void> }) => {
    for await (const frame of from) await to.send(frame)
  }
  const relays = [forward(toMallory.far.receive(), toBob.near), forward(toBob.near.receive(), toMallory.far)]
  const answered = codeOf(answerLive(openChannel(toBob.far), answering(bob)))
  const near = openChannel(toMallory.near)
  assert.equal(await codeOf(initiateLive(near, dialing(alice, bob))), 'ERR_CARD_CHANNEL')
  toMallory.cut()
  toBob.cut()
  assert.equal(await answered, 'ERR_CONNECTION_LOST')
  await Promise.allSettled(relays)
})
