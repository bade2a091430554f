import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { equal } from '../../src/core/bytes.ts'
import { verifyLiveCard } from '../../src/core/card.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import type { Identity } from '../../src/core/identity.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { type Channel, openChannel } from '../../src/peer/channel.ts'
import type { Peer } from '../../src/peer/face.ts'
import { WIRE_VERSION } from '../../src/peer/frames.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { at, NOW } from '../core/identities.ts'
import type { MemoryPair } from './memory-transport.ts'
import { alice, bob, codeOf, isSettled, mallory, nextText, settle } from './sides.ts'
import { createTown, type Town, transportKeyOf } from './town.ts'

/** Hellos on live connections between whole peers: they cross, come again and come back (docs/spec/handshake.md §5). */

/** A transport that shows every stream it opens before anything is said on it. */
const showing = (town: Town, identity: Identity, onOpened: (pair: MemoryPair) => void): Transport => {
  const transport = town.transports.add(transportKeyOf(identity))
  const connect: Transport['connect'] = async (...args) => {
    const stream = await transport.connect(...args)
    const pair = town.transports.pairs.find(({ near }) => near === stream)
    assert.ok(pair !== undefined)
    onOpened(pair)
    return stream
  }
  return { ...transport, connect }
}

/** Alice and Bob, who listen. */
const start = async (t: TestContext, onOpened: (pair: MemoryPair) => void = () => {}) => {
  const town = createTown()
  const open = (identity: Identity) => town.open(identity, { transport: showing(town, identity, onOpened) })
  const [a, b] = [open(alice), open(bob)]
  t.after(() => Promise.all([a.close(), b.close()]))
  const [ofAlice, ofBob] = await Promise.all([a.listen(), b.listen()])
  return { town, a, b, ofAlice, ofBob }
}

/** The steps of a greeting: who sends, and how many frames of that side come before. */
const STEPS: readonly (readonly [string, 'toFar' | 'toNear', number])[] = [
  ['open', 'toFar', 0],
  ['card', 'toNear', 0],
  ['hello', 'toFar', 1],
  ['the responder’s confirmation', 'toNear', 1],
  ['the initiator’s confirmation', 'toFar', 2],
]

/** The wire passes `count` frames and holds back what follows them. */
const holdAfter = (pair: MemoryPair, direction: 'toFar' | 'toNear', count: number): void => {
  const wire = pair[direction]
  let passed = 0
  if (count === 0) wire.hold()
  wire.rewrite = (frame) => {
    passed += 1
    if (passed === count) wire.hold()
    return [frame]
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await settle()
}

const take = async (peer: Peer, count: number): Promise<unknown[]> => {
  const contents: unknown[] = []
  while (contents.length < count) contents.push((await peer.letters.receive())?.content)
  return contents
}

/** Both sides have exactly these letters of the other, and nothing more is on its way. */
const haveExactly = async (a: Peer, b: Peer, fromAlice: readonly string[], fromBob: readonly string[]) => {
  const received = (peer: Peer, from: Peer) =>
    peer.letters
      .history(from.address, { limit: 1000 })
      .filter(({ direction }) => direction === 'in')
      .map(({ content }) => content)
  await settle()
  assert.deepEqual([received(b, a), received(a, b)], [fromAlice, fromBob])
  assert.equal(await isSettled(a.letters.receive()), false)
  assert.equal(await isSettled(b.letters.receive()), false)
}

for (const [name, direction, before] of STEPS)
  for (const lost of ['neither', 'the first', 'the second', 'both'])
    test(`two greetings cross at ${name}, ${lost} is lost: each letter arrives once`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] })
      const crossing: MemoryPair[] = []
      const { a, b, town } = await start(t, (pair) => {
        if (crossing.length === 2) return
        holdAfter(pair, direction, before)
        crossing.push(pair)
      })
      await Promise.all([a.letters.send(b.address, 'a1'), b.letters.send(a.address, 'b1')])
      // Neither side has got this frame of the other when it sends its own.
      await until(() => crossing.length === 2 && crossing.every((pair) => pair[direction].sent.length === before + 1))
      assert.notDeepEqual(crossing[0]?.near.remoteKey, crossing[1]?.near.remoteKey)
      const [first, second] = [at(crossing, 0), at(crossing, 1)]
      if (lost === 'the first' || lost === 'both') first.cut()
      if (lost === 'the second' || lost === 'both') second.cut()
      for (const pair of crossing) pair[direction].release()
      const received = Promise.all([take(b, 3), take(a, 3)])
      const more = [a.letters.send(b.address, 'a2'), b.letters.send(a.address, 'b2')]
      await Promise.all([...more, a.letters.send(b.address, 'a3'), b.letters.send(a.address, 'b3')])
      let settled = false
      void received.then(() => {
        settled = true
      })
      // Where no connection is left, the next call is a pause away.
      await until(() => {
        t.mock.timers.tick(1_000)
        return settled
      })
      assert.deepEqual(await received, [
        ['a1', 'a2', 'a3'],
        ['b1', 'b2', 'b3'],
      ])
      await haveExactly(a, b, ['a1', 'a2', 'a3'], ['b1', 'b2', 'b3'])
      if (lost === 'neither') assert.equal(town.transports.pairs.length, 2)
    })

test('letters whose receipts are held back on one of two connections come again on the other, and count once', async (t) => {
  const crossing: MemoryPair[] = []
  const { a, b } = await start(t, (pair) => {
    if (crossing.length === 2) return
    holdAfter(pair, 'toFar', 1)
    crossing.push(pair)
  })
  await Promise.all([a.letters.send(b.address, 'a1'), b.letters.send(a.address, 'b1')])
  await until(() => crossing.length === 2 && crossing.every(({ toFar }) => toFar.sent.length === 2))
  const ofAlice = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(alice)))
  const ofBob = crossing.find((pair) => pair !== ofAlice)
  assert.ok(ofAlice !== undefined && ofBob !== undefined)
  // Bob's card, confirmation, and that he is ready arrive; then nothing more of his.
  holdAfter(ofAlice, 'toNear', 2)
  ofAlice.toFar.release()
  assert.deepEqual(await take(b, 1), ['a1'])
  assert.equal(a.letters.waiting(b.address), 1)
  ofBob.toFar.release()
  await until(() => a.letters.waiting(b.address) === 0 && b.letters.waiting(a.address) === 0)
  ofAlice.toNear.release()
  await Promise.all([a.letters.send(b.address, 'a2'), b.letters.send(a.address, 'b2')])
  assert.deepEqual(await Promise.all([take(b, 1), take(a, 2)]), [['a2'], ['b1', 'b2']])
  await haveExactly(a, b, ['a1', 'a2'], ['b1', 'b2'])
})

test('two calls whose hellos cross are two conversations, and no word of the one is heard in the other', async (t) => {
  const crossing: MemoryPair[] = []
  const { a, b, ofAlice, ofBob } = await start(t, (pair) => {
    holdAfter(pair, 'toFar', 1)
    crossing.push(pair)
  })
  const calls = Promise.all([a.connect(b.address), b.connect(a.address)])
  await until(() => crossing.length === 2 && crossing.every(({ toFar }) => toFar.sent.length === 2))
  for (const { toFar } of crossing) toFar.release()
  const [near, near2] = await calls
  const [far, far2] = await Promise.all([ofBob.accept(), ofAlice.accept()])
  assert.ok(far !== null && far2 !== null)
  await Promise.all([near.send('one'), near2.send('two'), far.send('three'), far2.send('four')])
  const heard = await Promise.all([far, far2, near, near2].map(nextText))
  assert.deepEqual(heard, ['one', 'two', 'three', 'four'])
  const ofBobsCall = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(bob)))
  const ofAlicesCall = crossing.find(({ far }) => equal(far.remoteKey, transportKeyOf(alice)))
  assert.ok(ofBobsCall !== undefined && ofAlicesCall !== undefined)
  // The same two identities on both, and yet what Alice said on the one does not open on the other.
  await ofBobsCall.far.send(at(ofAlicesCall.toFar.sent, -1))
  assert.equal(await codeOf(near2.receive()), 'ERR_MESSAGE_SESSION')
  await near.send('still here')
  assert.equal(await nextText(far), 'still here')
})

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

/** Alice has told Bob two letters on a connection; what she sent on it. */
const recordedConversation = async (t: TestContext) => {
  const started = await start(t)
  const { a, b, town } = started
  for (const text of ['one', 'two']) await a.letters.send(b.address, text)
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
  await a.letters.send(b.address, 'three')
  await until(() => b.letters.history(a.address).length === 3)
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
    const call = a.connect(b.address)
    const connection = await call.catch(() => null)
    if (after === 2) {
      const far = await ofBob.accept()
      assert.equal(await codeOf(far?.receive() ?? assert.fail()), 'ERR_FRAME')
    } else assert.equal(await isSettled(ofBob.accept()), false)
    assert.equal(await codeOf(connection?.receive() ?? call), 'ERR_REMOTE', `case ${index}`)
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
    const log = verifyLog(alice.log.id, frame.log, NOW)
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
    const [ofAlice] = await Promise.all([a.listen(), b.listen()])
    const outcome = await a.connect(b.address).catch((error) => error.code)
    // Alice's log cannot follow Bob's, and she is not who was asked for.
    assert.equal(outcome, rename ? 'ERR_LOG_SEQ' : 'ERR_REMOTE')
    assert.equal(await isSettled(ofAlice.accept()), false)
  }
})
