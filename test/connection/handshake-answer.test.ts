import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel } from '../../src/connection/channel.ts'
import { initiateLive } from '../../src/connection/live-handshake.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { KeyLogError, PeerError } from '../../src/core/errors.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { HANDSHAKE_STEP_MS } from '../../src/core/limits/connection-limits.ts'
import { envelopesOf, flip, makeBytes, NOW } from '../core/identities.ts'
import { createPair } from './memory-transport.ts'
import {
  alice,
  bob,
  codeOf,
  createPuppet,
  dialing,
  isSettled,
  makeWorld,
  mallory,
  send,
  settle,
  shakeHands,
} from './sides.ts'
import { open, prepare, visit } from './visits.ts'

/** The responder against an initiator that breaks the rules. */

const FRAMES: Readonly<Record<string, CborValue>> = {
  open,
  card: { t: 'card', log: [], card: makeBytes('card', 300), kem: makeBytes('kem', 1184) },
  hello: { t: 'hello', d: makeBytes('hello', 100) },
  msg: { t: 'msg', h: makeBytes('header', 60), d: makeBytes('token', 100) },
  chunk: { t: 'chunk', id: makeBytes('id', 16), i: 0, d: makeBytes('chunk', 100) },
}

const STEPS: readonly [string, (near: Channel) => Promise<void>][] = [
  ['open', async () => {}],
  ['hello', async (near) => void (await prepare(near))],
  [
    'msg',
    async (near) => {
      await send(near, { t: 'hello', d: (await prepare(near)).hello })
      await near.expect('msg', 1_000)
    },
  ],
]

for (const [wanted, reach] of STEPS) {
  test(`§5 where ${wanted} is due, nothing else may come`, async () => {
    for (const [type, frame] of Object.entries(FRAMES).filter(([type]) => type !== wanted)) {
      const { near, outcome } = visit()
      await reach(near)
      await send(near, frame)
      assert.equal(await outcome, 'ERR_FRAME', type)
      assert.equal(await codeOf(near.next()), 'ERR_REMOTE')
      assert.equal(await near.next(), null)
    }
  })

  test(`§5 where ${wanted} is due, silence, an end and a refusal each have their code; unknown types are skipped`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const silence = visit()
    await reach(silence.near)
    await settle()
    t.mock.timers.tick(HANDSHAKE_STEP_MS - 1)
    await send(silence.near, { t: 'later' })
    assert.equal(await isSettled(silence.outcome), false)
    t.mock.timers.tick(1)
    assert.equal(await silence.outcome, 'ERR_TIMEOUT')
    t.mock.timers.reset()

    const left = visit()
    await reach(left.near)
    await left.near.stream.close()
    assert.equal(await left.outcome, 'ERR_CONNECTION_LOST')

    const refused = visit()
    await reach(refused.near)
    await send(refused.near, { t: 'error', code: 'ERR_ROLLBACK' })
    assert.equal(await refused.outcome, 'ERR_REMOTE')
  })
}

test('§8 another version, and another identity, are refused before anything secret is made', async () => {
  const world = { ...makeWorld('answering'), random: () => assert.fail('a secret was made') }
  const cases: readonly [string, CborValue][] = [
    ['ERR_FRAME_VERSION', { ...open, v: 2 }],
    ['ERR_FRAME_VERSION', { t: 'open', v: 2, more: 1 }],
    ['ERR_PEER_NOT_HERE', { ...open, id: mallory.log.id }],
    ['ERR_FRAME', { ...open, head: makeBytes('short', 31) }],
  ]
  for (const [code, frame] of cases) {
    const { near, outcome } = visit(bob, { world })
    await send(near, frame)
    assert.equal(await outcome, code)
  }
})

test('§3 Bob serves the part of his log that is missing, and all of it to whoever knows another', async () => {
  const content = { devices: bob.log.last.entry.devices, time: NOW }
  const log = updateLog(updateLog(bob.log, bob.root, content), bob.root, content)
  const entries = envelopesOf(log)
  const cases: readonly [Uint8Array | null, readonly Uint8Array[]][] = [
    [null, entries],
    [bob.log.last.hash, entries.slice(1)],
    [log.last.hash, []],
    [makeBytes('unheard of', 32), entries],
  ]
  for (const [head, expected] of cases) {
    const { near, outcome } = visit({ ...bob, log })
    await send(near, { ...open, head })
    assert.deepEqual((await near.expect('card', 1_000)).log, expected)
    await near.stream.close()
    assert.equal(await outcome, 'ERR_CONNECTION_LOST')
  }
})

test('§5 each connection has its own prekeys, so a hello of another is worth nothing', async () => {
  const [first, second] = [visit(), visit()]
  const recorded = await prepare(first.near)
  const fresh = await prepare(second.near)
  await send(second.near, { t: 'hello', d: recorded.hello })
  assert.equal(await second.outcome, 'ERR_HELLO_CARD')

  // Nor is it with the name of the right card on it.
  const third = visit()
  const { hello } = await prepare(third.near)
  const right = decodeCbor(hello) as { readonly [field: string]: CborValue }
  const moved = decodeCbor(fresh.hello) as { readonly [field: string]: CborValue }
  await send(third.near, { t: 'hello', d: encodeCbor({ ...moved, card: right.card ?? null }) })
  assert.equal(await third.outcome, 'ERR_HELLO_SEALED')
  first.near.stream.destroy()
  await first.outcome
})

test('§5 a changed hello, confirmation, or one that confirms nothing', async () => {
  const changes: readonly [string, (hello: Uint8Array) => Uint8Array][] = [
    ['ERR_HELLO_DECODE', () => makeBytes('noise', 500)],
    ['ERR_HELLO_SEALED', (hello) => flip(hello)],
  ]
  for (const [code, change] of changes) {
    const { near, outcome } = visit()
    await send(near, { t: 'hello', d: change((await prepare(near)).hello) })
    assert.equal(await outcome, code)
  }
  const confirmWith = async (change: (frame: { h: Uint8Array; d: Uint8Array }) => CborValue, payload: CborValue) => {
    const { near, outcome } = visit()
    const { hello, session } = await prepare(near)
    await send(near, { t: 'hello', d: hello })
    const puppet = createPuppet(near, session)
    await puppet.hearUntil('confirm')
    const frame = decodeCbor(puppet.seal(payload)) as { t: 'msg'; h: Uint8Array; d: Uint8Array }
    await send(near, change(frame))
    return outcome
  }
  const confirm = { k: 'confirm' }
  assert.equal(await confirmWith((frame) => ({ t: 'msg', ...frame }), confirm), undefined)
  assert.equal(await confirmWith(({ h, d }) => ({ t: 'msg', h, d: flip(d) }), confirm), 'ERR_SESSION_TOKEN')
  assert.equal(await confirmWith(({ d }) => ({ t: 'msg', h: makeBytes('h', 60), d }), confirm), 'ERR_SESSION_HEADER')
  for (const payload of [{ k: 'text', d: 'hi' }, { k: 'bye' }, { k: 'later' }, 'confirm'])
    assert.equal(await confirmWith((frame) => ({ t: 'msg', ...frame }), payload), 'ERR_FRAME')
})

test('§5 the hello’s own message does not confirm a second time', async () => {
  const { near, outcome } = visit()
  const { hello } = await prepare(near)
  const { first } = decodeCbor(hello) as { first: { header: Uint8Array; token: Uint8Array } }
  await send(near, { t: 'hello', d: hello })
  await send(near, { t: 'msg', h: first.header, d: first.token })
  assert.equal(await outcome, 'ERR_SESSION_DUPLICATE')
})

test('§5 nobody talks to himself, and a retired identity does not talk', async () => {
  const self = visit()
  await send(self.near, { t: 'hello', d: (await prepare(self.near, bob)).hello }).catch(() => {})
  assert.equal(await self.outcome, 'ERR_PEER_SELF')

  const devices = mallory.log.last.entry.devices
  const log = updateLog(mallory.log, mallory.root, { devices, time: NOW, status: 'retired' })
  const retired = visit()
  await send(retired.near, { t: 'hello', d: (await prepare(retired.near, { ...mallory, log })).hello })
  assert.equal(await retired.outcome, 'ERR_PEER_RETIRED')
})

test('§4 the initiator’s log is vetted while the confirmation is under way; a refusal reaches it', async () => {
  const verdict = Promise.withResolvers<void>()
  const seen: Uint8Array[] = []
  const { near, outcome } = visit(bob, {
    vet: (log) => {
      seen.push(log.id)
      return verdict.promise
    },
  })
  const dialed = await initiateLive(near, dialing(alice, bob))
  assert.deepEqual(dialed.log, bob.log)
  assert.deepEqual(seen, [alice.log.id])
  assert.equal(await isSettled(outcome), false)
  verdict.reject(new KeyLogError('ERR_ROLLBACK'))
  assert.equal(await outcome, 'ERR_ROLLBACK')
  assert.equal(await codeOf(near.next()), 'ERR_REMOTE')
})

test('§4 a refused log ends the handshake even when no confirmation comes', async () => {
  const { near, outcome } = visit(bob, { vet: async () => Promise.reject(new PeerError('ERR_PEER_RETIRED')) })
  await send(near, { t: 'hello', d: (await prepare(near)).hello })
  assert.equal(await outcome, 'ERR_PEER_RETIRED')
})

test('§5 both sides end with the same session and the other’s log; Bob learns which head Alice was shown', async () => {
  const { nearMet, farMet } = await shakeHands(createPair(), alice, bob)
  assert.deepEqual([nearMet.log, farMet.log], [bob.log, alice.log])
  assert.deepEqual(nearMet.session.id, farMet.session.id)
  assert.deepEqual(farMet.seen, bob.log.last.hash)
  assert.equal(nearMet.seen, null)
})
