import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCbor } from '../../src/core/cbor.ts'
import { deviceId } from '../../src/core/key-log-entry.ts'
import {
  MESSAGE_WINDOW,
  SEQUENCES_MAX,
  UNKNOWN_APPLICATION_MESSAGES_MAX,
} from '../../src/core/limits/message-limits.ts'
import { messageId, nextPlace, type Place, sequenceStart } from '../../src/core/places.ts'
import { decodeBody } from '../../src/messages/body.ts'
import type { IncomingMessage } from '../../src/messages/inbox.ts'
import { mallory as her, bob as him, settle } from '../connection/sides.ts'
import { message, placeOf, sequence, startLines } from './lines-alone.ts'
import { endOf } from './told.ts'
import { chain } from './written.ts'

/** What Mallory says of her messages, on a line of Bob's. */

const [a, b, c] = [sequence('a'), sequence('b'), sequence('c')]
const UNKNOWN = 'chess'
const FULL = UNKNOWN_APPLICATION_MESSAGES_MAX

const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`)

/** She has filled what Bob has room for of an application that he does not have. */
const startFull = async () => {
  const started = await startLines()
  await started.mallory.hearUntil('ready')
  for (let n = 1; n <= FULL + 3; n++) await started.mallory.say(message(a, n, { app: UNKNOWN }))
  const full = await started.mallory.hearUntil('full')
  return { ...started, full }
}

test('what there is no room for is refused with all that follows it, and the other sequences go on', async () => {
  const { mallory, full, texts } = await startFull()
  assert.deepEqual([full.s, full.n], [a, FULL + 1])
  // Saying it again before there is room changes nothing, and has Bob say nothing.
  for (let count = 0; count < 3; count++) await mallory.say(message(a, FULL + 1, { app: UNKNOWN }))
  await mallory.say(message(b, 1))
  assert.deepEqual(await mallory.hear(), { k: 'got', s: b, ...placeOf(b, 1), back: [] })
  assert.deepEqual([texts(UNKNOWN), texts()], [upTo(FULL), ['1']])
})

test('when there is room again the sequence begins with what was refused; what was on its way before is passed over', async () => {
  const { mallory, bob, takeOne, texts } = await startFull()
  await takeOne(UNKNOWN)
  await takeOne(UNKNOWN)
  await mallory.hearUntil('ready')
  // On its way before she heard that there was no room.
  await mallory.say(message(a, FULL + 4, { app: UNKNOWN }))
  await settle()
  assert.deepEqual(texts(UNKNOWN), upTo(FULL))
  for (const n of [FULL + 1, FULL + 2]) await mallory.say(message(a, n, { app: UNKNOWN }))
  await settle()
  assert.deepEqual(texts(UNKNOWN), upTo(FULL + 2))
  await bob.close()
})

test('it goes on as well when what was refused came by another way', async () => {
  const { mallory, inbox, peer, takeOne, texts } = await startFull()
  for (let count = 0; count < 3; count++) await takeOne(UNKNOWN)
  await mallory.hearUntil('ready')
  const { k: _, ...byMailbox } = message(a, FULL + 1, { app: UNKNOWN }) as IncomingMessage & { k: string }
  const [device] = her.log.last.entry.devices
  assert.ok(device)
  inbox.take({ peer, device: deviceId(device) }, [byMailbox])
  await mallory.say(message(a, FULL + 2, { app: UNKNOWN }))
  await settle()
  assert.equal(texts(UNKNOWN).at(-1), `${FULL + 2}`)
})

test('a message that follows none of those that are here breaks the connection, as does one of another application', async () => {
  for (const wrong of [message(a, 3), message(a, 2, { app: 'chess' })]) {
    const { mallory, bob, texts } = await startLines()
    await mallory.say(message(a, 1))
    await mallory.hearUntil('got')
    await mallory.say(wrong)
    assert.equal(await endOf(bob), 'ERR_FRAME')
    assert.deepEqual([texts(), texts('chess')], [['1'], []])
  }
})

test('64 may be on their way, of all sequences together: one more breaks the connection', async () => {
  for (const surplus of [0, 1]) {
    const disk = Promise.withResolvers<void>()
    let first = true
    const hold = (): Promise<void> => {
      const now = first ? Promise.resolve() : disk.promise
      first = false
      return now
    }
    const { mallory, bob, texts } = await startLines({ hold })
    await mallory.say(message(c, 1))
    await mallory.hearUntil('got')
    // The disk takes this one, and keeps it waiting.
    await mallory.say(message(c, 2))
    await settle()
    for (let n = 1; n <= MESSAGE_WINDOW / 2; n++) for (const s of [a, b]) await mallory.say(message(s, n))
    if (surplus > 0) await mallory.say(message(c, 3))
    await settle()
    if (surplus > 0) assert.equal(await endOf(bob), 'ERR_FRAME')
    else {
      disk.resolve()
      await mallory.hearUntil('got')
      await settle()
      assert.equal(texts().length, MESSAGE_WINDOW + 2)
    }
  }
})

test('nobody is told of room that there is not, nor twice', async () => {
  const { mallory, takeOne, store } = await startFull()
  // There is room for others, and what he takes is of another application.
  await mallory.say(message(b, 1))
  await mallory.hearUntil('got')
  await takeOne()
  await takeOne(UNKNOWN)
  await takeOne(UNKNOWN)
  const said: unknown[] = []
  await mallory.say(message(b, 2))
  for (let one = await mallory.hear(); one !== null; one = await mallory.hear()) {
    said.push(one.k)
    if (one.k === 'got') break
  }
  assert.deepEqual(said, ['ready', 'got'])
  store.close()
})

/** What stands for a place that is none. */
const elsewhere = new Uint8Array(32).fill(7)

test('a sequence that goes on otherwise than here is told what is here, with earlier places, and nothing more is taken of it', async () => {
  const { mallory, bob, texts } = await startLines()
  for (let n = 1; n <= 6; n++) await mallory.say(message(a, n))
  await mallory.hearUntil('got')
  await settle()
  await mallory.say(message(a, 7, { c: elsewhere }))
  let told = await mallory.hearUntil('got')
  while (Array.isArray(told.back) && told.back.length === 0) told = await mallory.hearUntil('got')
  assert.deepEqual(told, { k: 'got', s: a, ...placeOf(a, 6), back: [5, 3, 1].map((n) => placeOf(a, n)) })
  // What is right comes too late: she has to begin another one.
  await mallory.say(message(a, 7))
  await mallory.say(message(b, 1))
  assert.deepEqual((await mallory.hearUntil('got')).s, b)
  assert.deepEqual(texts(), [...upTo(6), '1'])
  await bob.close()
})

test('as much may still come of it as was on its way; what goes on after that breaks the connection', async () => {
  const { mallory, bob, texts } = await startLines()
  await mallory.say(message(a, 1))
  await mallory.hearUntil('got')
  for (let n = 2; n <= MESSAGE_WINDOW + 2; n++) {
    await mallory.say(message(a, n, { c: elsewhere }))
    await settle()
  }
  await mallory.say(message(b, 1))
  for (let told = await mallory.hearUntil('got'); !Buffer.from(b).equals(told.s as Uint8Array); )
    told = await mallory.hearUntil('got')
  await mallory.say(message(a, MESSAGE_WINDOW + 3, { c: elsewhere }))
  assert.equal(await endOf(bob), 'ERR_FRAME')
  assert.deepEqual(texts(), ['1', '1'])
})

test('a sequence that begins at no place of its own breaks the connection', async () => {
  for (const wrong of [
    message(a, 1, { c: elsewhere }),
    message(a, 2),
    message(a, 1, { at: 1 }),
    message(a, 1, { r: elsewhere.slice(16) }),
  ]) {
    const { mallory, bob, texts } = await startLines()
    await mallory.say(wrong)
    assert.equal(await endOf(bob), 'ERR_FRAME')
    assert.deepEqual(texts(), [])
  }
})

test('a message that came in another sequence moves the place on, and is not delivered twice, nor needs room', async () => {
  const { mallory, peer, store, texts } = await startFull()
  const between = { from: her.log.id, to: him.log.id, app: UNKNOWN }
  let place: Place = sequenceStart(between, c)
  for (const { r, at, b: body, m } of chain(between, a, FULL)) {
    place = nextPlace(place, m)
    await mallory.say({ k: 'message', s: c, app: UNKNOWN, n: place.n, c: place.c, r, at, b: body })
  }
  for (let heard = await mallory.hearUntil('got'); heard.n !== FULL; ) heard = await mallory.hearUntil('got')
  assert.deepEqual(texts(UNKNOWN), upTo(FULL))
  assert.equal(store.messages.placeIn(peer, c)?.have, FULL)
})

test('what needs a newer version is kept and confirmed, as is what cannot be read; what follows it comes', async () => {
  for (const [b, unknown] of [
    [encodeCbor({ t: 'read', m: [elsewhere] }), 'read'],
    [encodeCbor({ t: 'text', d: 'hi', edits: elsewhere }), 'text'],
    [encodeCbor({ t: 'text', d: elsewhere }), ''],
    [encodeCbor({ t: 'text' }), ''],
    [encodeCbor({ t: 't'.repeat(65), d: 'hi' }), ''],
    [encodeCbor({ text: 'hi' }), ''],
    [encodeCbor(['text']), ''],
    [Uint8Array.of(0xff), ''],
  ] as const) {
    const { mallory, store, peer, texts } = await startLines()
    const content = { r: elsewhere.slice(16), at: 0, b }
    const between = { from: her.log.id, to: him.log.id, app: 'handfast' }
    const place = nextPlace(sequenceStart(between, a), messageId(between, content))
    await mallory.say({ k: 'message', s: a, app: 'handfast', ...place, ...content })
    assert.deepEqual((await mallory.hearUntil('got')).c, place.c)
    const [kept] = store.messages.history(peer, 'handfast', 1e9, 10)
    assert.deepEqual(kept === undefined ? null : decodeBody(kept.body), { unknown })
    await mallory.say(message(c, 1))
    await mallory.hearUntil('got')
    assert.equal(texts().at(-1), '1')
  }
})

test('a message for what is no name of an application finds no room, again and again; everything else goes on', async () => {
  const { mallory, texts, takeOne } = await startLines()
  for (const [s, app] of [
    [a, 'Chess'],
    [b, ''],
  ] as const) {
    for (let time = 0; time < 3; time++) await mallory.say(message(s, 1, { app }))
    assert.deepEqual((await mallory.hearUntil('full')).s, s)
  }
  await mallory.say(message(c, 1))
  await mallory.hearUntil('got')
  assert.deepEqual(texts(), ['1'])
  // Nor is there room when another application has taken something.
  await takeOne()
  await mallory.say(message(c, 2))
  assert.equal((await mallory.hear())?.k, 'got')
})

test('of what was refused nothing is kept but where; more sequences than one writes in break the connection', async () => {
  const { mallory, bob } = await startLines()
  for (let index = 0; index <= SEQUENCES_MAX; index++) {
    await mallory.say(message(sequence(`endless ${index}`), 1, { app: 'Chess' }))
    await settle()
  }
  assert.equal(await endOf(bob), 'ERR_FRAME')
})
