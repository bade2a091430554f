import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openChannel } from '../../src/connection/channel.ts'
import { answerLive, initiateLive } from '../../src/connection/live-handshake.ts'
import { verifyLiveCard } from '../../src/core/card.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { respond } from '../../src/core/handshake.ts'
import { HANDSHAKE_STEP_MS } from '../../src/core/limits/connection-limits.ts'
import { at, makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createPair } from './memory-transport.ts'
import { prekeys, ring, served } from './ringing.ts'
import { alice, answering, bob, codeOf, createPuppet, dialing, mallory, send, settle } from './sides.ts'

/** The initiator against a responder that breaks the rules. */

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
