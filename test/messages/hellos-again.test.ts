import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Channel, openChannel } from '../../src/connection/channel.ts'
import { WIRE_VERSION } from '../../src/connection/frames.ts'
import { verifyLiveCard } from '../../src/core/card.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import type { Transport } from '../../src/network/transport.ts'
import { haveExactly, holdAfter, STEPS, showing, start, until } from '../connection/live-handshakes.ts'
import type { MemoryPair } from '../connection/memory-transport.ts'
import { alice, bob, codeOf, isSettled, mallory } from '../connection/sides.ts'
import { at, NOW } from '../core/identities.ts'
import { endOf, eventOf, isOfType, listenTo, take } from './told.ts'
import { createTown, type Town, transportKeyOf } from './town.ts'

/** Hellos that come again or come back on live connections between whole peers (docs/spec/handshake.md §5). */

type Fields = { readonly [field: string]: CborValue }
const read = (frame: Uint8Array): Fields => decodeCbor(frame) as Fields
const send = (channel: Channel, frame: CborValue): Promise<void> => channel.stream.send(encodeCbor(frame))

/** The code with which the other side ends; null when it ends without one. */
const refusal = async (channel: Channel): Promise<unknown> => {
  for await (const frame of channel.stream.receive()) {
    const { t, code } = read(frame)
    if (t === 'error') return code
  }
  return null
}

/** A stream to that peer from nobody it knows. */
const callAsStranger = async (town: Town, to: { readonly transport: Transport }): Promise<Channel> =>
  openChannel(await town.transports.add(transportKeyOf(mallory)).connect(to.transport.publicKey))

/** Alice has told Bob two messages on a connection; what she sent on it. */
const recordedConversation = async (t: TestContext) => {
  const started = await start(t)
  const { a, b, town } = started
  for (const text of ['one', 'two']) await a.messages.send(b.address, text)
  assert.deepEqual(await take(b, 2), ['one', 'two'])
  await started.ofBob.accept()
  const sent = at(town.transports.pairs, 0).toFar.sent.map((frame) => Uint8Array.from(frame))
  assert.deepEqual(
    sent.slice(0, 3).map((frame) => read(frame).t),
    ['open', 'hello', 'msg'],
  )
  return { ...started, sent }
}

test('a conversation that was recorded is refused on a new connection, and nothing of it is heard again', async (t) => {
  const { a, b, town, ofBob, sent } = await recordedConversation(t)
  const stranger = await callAsStranger(town, b)
  for (const frame of sent) await stranger.stream.send(frame).catch(() => {})
  assert.equal(await refusal(stranger), 'ERR_HELLO_CARD')
  assert.equal(await isSettled(ofBob.accept()), false)
  await haveExactly(a, b, ['one', 'two'], [])
  // The connection that was recorded does not notice.
  await a.messages.send(b.address, 'three')
  await until(() => b.messages.history(a.address).length === 3)
  await haveExactly(a, b, ['one', 'two', 'three'], [])
  assert.equal(town.transports.pairs.length, 2)
})

test('a recorded hello is refused also under the name of the new card, and while its own greeting is under way', async (t) => {
  const { b, town, sent } = await recordedConversation(t)
  const [open, hello] = [at(sent, 0), read(at(sent, 1))]
  const stranger = await callAsStranger(town, b)
  await stranger.stream.send(open)
  const card = sha256((await stranger.expect('card', 1_000)).card)
  const renamed = encodeCbor({ ...read(hello.d as Uint8Array), card })
  await send(stranger, { t: 'hello', d: renamed })
  assert.equal(await refusal(stranger), 'ERR_HELLO_SEALED')

  const held: MemoryPair[] = []
  const other = await start(t, (pair) => {
    holdAfter(pair, 'toNear', 1)
    held.push(pair)
  })
  void other.a.connect(other.b.address).catch(() => {})
  await until(() => held[0]?.toNear.sent.length === 2)
  const again = await callAsStranger(other.town, other.b)
  for (const frame of at(held, 0).toFar.sent) await again.stream.send(frame)
  assert.equal(await refusal(again), 'ERR_HELLO_CARD')
})

test('a hello said twice on its own connection ends that, before and after the greeting is done', async (t) => {
  for (const [index, after] of [1, 2].entries()) {
    const { a, b, ofBob } = await start(t, (pair) => {
      let count = 0
      let hello: Uint8Array | undefined
      pair.toFar.rewrite = (frame) => {
        if (count === 1) hello = frame
        return count++ === after && hello !== undefined ? [frame, hello] : [frame]
      }
    })
    const ending = after === 2 ? eventOf(b, isOfType('disconnected')) : null
    const call = a.connect(b.address)
    const connection = await call.catch(() => null)
    if (ending === null) assert.equal(await isSettled(ofBob.accept()), false)
    else assert.equal(await endOf({ closed: ending }), 'ERR_FRAME')
    assert.equal(await (connection === null ? codeOf(call) : endOf(connection)), 'ERR_REMOTE', `case ${index}`)
  }
})

test('a hello sent back to its sender on another connection is refused, also under the name of the sender’s card', async (t) => {
  const { a, b, town, ofAlice, ofBob } = await start(t)
  await a.connect(b.address)
  await ofBob.accept()
  const hello = read(at(at(town.transports.pairs, 0).toFar.sent, 1)).d as Uint8Array
  const reflect = async (change: (card: Uint8Array) => Uint8Array): Promise<unknown> => {
    const stranger = await callAsStranger(town, a)
    await send(stranger, { t: 'open', v: WIRE_VERSION, id: alice.log.id, head: null })
    const frame = await stranger.expect('card', 1_000)
    const log = verifyLog(alice.log.id, frame.log)
    const { hash } = verifyLiveCard(frame.card, log, NOW, stranger.stream.handshakeHash)
    await send(stranger, { t: 'hello', d: change(hash) })
    return refusal(stranger)
  }
  assert.equal(await reflect(() => hello), 'ERR_HELLO_CARD')
  assert.equal(await reflect((card) => encodeCbor({ ...read(hello), card })), 'ERR_HELLO_SEALED')
  assert.equal(await isSettled(ofAlice.accept()), false)
})

test('an echo is no answer: whatever either side of a greeting hears back of its own ends it', async (t) => {
  for (const [name, direction, before] of STEPS) {
    const { a, b, ofBob } = await start(t, (pair) => {
      const [wire, sender] = direction === 'toFar' ? [pair.toFar, pair.far] : [pair.toNear, pair.near]
      let count = 0
      // What was said goes nowhere but back.
      wire.rewrite = (frame) => {
        if (count++ !== before) return [frame]
        void sender.send(frame)
        return []
      }
    })
    const outcome = codeOf(a.connect(b.address))
    if (name === 'the initiator’s confirmation') {
      // Alice has said all there is to say, so it is in the conversation that she hears herself.
      assert.equal(await outcome, undefined)
      assert.equal(await isSettled(ofBob.accept()), false)
      continue
    }
    assert.equal(await outcome, direction === 'toFar' ? 'ERR_FRAME' : 'ERR_REMOTE', name)
    assert.equal(await isSettled(ofBob.accept()), false)
  }
})

test('who leads a call back to its caller gets nowhere: not as it was, and not under the caller’s own name', async (t) => {
  for (const rename of [false, true]) {
    const town = createTown()
    const transport = showing(town, alice, ({ toFar }) => {
      toFar.rewrite = (frame) => {
        const fields = read(frame)
        return [rename && fields.t === 'open' ? encodeCbor({ ...fields, id: alice.log.id, head: null }) : frame]
      }
    })
    // Bob's key leads to Alice herself.
    const connect: Transport['connect'] = (_, options) => transport.connect(transportKeyOf(alice), options)
    const a = town.open(alice, { transport: { ...transport, connect } })
    const b = town.open(bob)
    t.after(() => Promise.all([a.close(), b.close()]))
    const [ofAlice] = await Promise.all([listenTo(a), listenTo(b)])
    const outcome = await a.connect(b.address).catch((error) => error.code)
    // Alice's log cannot follow Bob's, and she is not who was asked for.
    assert.equal(outcome, rename ? 'ERR_LOG_SEQ' : 'ERR_REMOTE')
    assert.equal(await isSettled(ofAlice.accept()), false)
  }
})
