import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { VISIT_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { at, flip, makeBytes } from '../core/identities.ts'
import type { MemoryPair } from './memory-transport.ts'
import { codeOf, settle } from './sides.ts'
import { nextText, startTalk, startTalkWithMallory, type Talk, textOf } from './talks.ts'

/** What an authenticated peer, or someone who holds the transport, can do to a connection: end it, and nothing else. */

type Sent = { readonly t: 'msg'; readonly h: Uint8Array; readonly d: Uint8Array }
type Field = { readonly [field: string]: CborValue }

type Three = readonly [Uint8Array, Uint8Array, Uint8Array]
type Change = (frames: Three) => readonly Uint8Array[]

/** Alice sends three texts over a wire that does `change` to their frames; Bob reads until it ends. */
const read = async (change: Change) => {
  const { pair, alice, bob } = await startTalk()
  const held: Uint8Array[] = []
  pair.toFar.rewrite = (frame) => {
    held.push(frame)
    return []
  }
  for (const text of ['one', 'two', 'three']) await alice.send(text)
  pair.toFar.rewrite = () => change([at(held, 0), at(held, 1), at(held, 2)])
  await alice.send('four')
  const texts: string[] = []
  for (;;) {
    await settle()
    const item = await bob.receive({ signal: AbortSignal.timeout(60_000) }).catch((error) => error)
    if (!(item instanceof Uint8Array)) return { texts, code: item?.code, alice: await codeOf(alice.receive()) }
    texts.push(textOf(item))
  }
}

const edit = (frame: Uint8Array, change: (sent: Sent) => Field): Uint8Array => {
  const sent = decodeCbor(frame) as Sent
  return encodeCbor({ ...sent, ...change(sent) })
}

test('§6 a changed, repeated, moved or missing message ends the connection with its own code', async () => {
  const cases: readonly [string, string[], Change][] = [
    ['ERR_SESSION_TOKEN', ['one'], ([a, b]) => [a, edit(b, ({ d }) => ({ d: flip(d) }))]],
    ['ERR_SESSION_TOKEN', ['one'], ([a, b]) => [a, edit(b, ({ d }) => ({ d: flip(d, 30) }))]],
    ['ERR_SESSION_OTHER', ['one'], ([a, b]) => [a, edit(b, ({ h }) => ({ h: flip(h, 4) }))]],
    ['ERR_SESSION_HEADER', ['one'], ([a, b]) => [a, edit(b, () => ({ h: makeBytes('header', 60) }))]],
    ['ERR_SESSION_TOKEN', ['one'], ([a, b, c]) => [a, edit(b, () => ({ d: (decodeCbor(c) as Sent).d }))]],
    ['ERR_SESSION_DUPLICATE', ['one'], ([a]) => [a, a]],
    ['ERR_SESSION_DUPLICATE', ['one', 'two'], ([a, b]) => [a, b, a]],
    ['ERR_FRAME', [], ([, b]) => [b]],
    ['ERR_FRAME', ['one'], ([a, , c]) => [a, c]],
    ['ERR_FRAME', ['one'], ([a, b, c]) => [a, c, b]],
    ['ERR_FRAME', ['one'], ([a, b]) => [a, b.slice(0, -1)]],
    ['ERR_FRAME', ['one'], ([a]) => [a, makeBytes('noise', 100)]],
  ]
  for (const [index, [code, texts, change]] of cases.entries())
    assert.deepEqual(await read(change), { texts, code, alice: 'ERR_REMOTE' }, `case ${index}`)
})

test('§6 a message of the other direction, or of another session, does not open', async () => {
  const { pair, bob } = await startTalk()
  await bob.send('from Bob')
  const reflected = pair.toNear.sent.at(-1)
  assert.ok(reflected)
  await pair.near.send(reflected)
  assert.match(String(await codeOf(bob.receive())), /^ERR_SESSION_/)

  const [first, second] = [await startTalk(), await startTalk()]
  await first.alice.send('for the first')
  await second.pair.near.send(first.pair.toFar.sent.at(-1) ?? new Uint8Array(1))
  assert.equal(await codeOf(second.bob.receive()), 'ERR_SESSION_OTHER')
})

test('§8 handshake frames inside a session end it, and so does a refusal', async () => {
  const frames: readonly [string, CborValue][] = [
    ['ERR_FRAME', { t: 'open', v: 1, id: makeBytes('id', 32), head: null }],
    ['ERR_FRAME_VERSION', { t: 'open', v: 2, id: makeBytes('id', 32), head: null }],
    ['ERR_FRAME', { t: 'card', log: [], card: makeBytes('card', 300), kem: makeBytes('kem', 1184) }],
    ['ERR_FRAME', { t: 'hello', d: makeBytes('hello', 100) }],
    ['ERR_REMOTE', { t: 'error', code: 'ERR_TIMEOUT' }],
  ]
  for (const [code, frame] of frames) {
    const { mallory, bob } = await startTalkWithMallory()
    await mallory.sendFrame(frame)
    assert.equal(await codeOf(bob.receive()), code)
    await bob.closed
    assert.equal(await codeOf(bob.send('late')), code)
  }
})

test('§8 payloads out of shape end the connection; unknown kinds and types are skipped', async () => {
  for (const payload of [
    { k: 'visit', d: new Uint8Array(MESSAGE_BYTES_MAX + 1) },
    { k: 'visit', d: 'text' },
    { k: 'visit-taken' },
    { k: 1 },
    [],
    'text',
  ]) {
    const { mallory, bob } = await startTalkWithMallory()
    await mallory.say(payload)
    assert.equal(await codeOf(bob.receive()), 'ERR_FRAME')
  }
  const { mallory, bob } = await startTalkWithMallory()
  await mallory.sendFrame({ t: 'later', d: [1] })
  await mallory.say({ k: 'later', d: [1] })
  await mallory.say({ k: 'confirm' })
  await mallory.say({ k: 'visit', d: utf8('still here') })
  assert.equal(await nextText(bob), 'still here')
})

test('§8 who sends more than there is room for is cut off; what fitted can be read', async () => {
  const { mallory, bob } = await startTalkWithMallory()
  for (let count = 0; count < VISIT_WINDOW + 3; count++)
    await mallory.say({ k: 'visit', d: new Uint8Array(0) }).catch(() => {})
  await bob.closed
  for (let count = 0; count < VISIT_WINDOW; count++) assert.deepEqual(await bob.receive(), new Uint8Array(0))
  assert.equal(await codeOf(bob.receive()), 'ERR_FRAME')
  assert.equal((await mallory.hearUntil('error').catch((error) => error)).code, 'ERR_REMOTE')
})

/** Sends until sending waits; the number that went. */
const fill = async (bob: Talk): Promise<number> => {
  let sent = 0
  for (let count = 0; count < 300; count++)
    bob.send('x').then(
      () => {
        sent += 1
      },
      () => {},
    )
  await settle()
  return sent
}

test('§8 saying that more was taken than was sent opens no window', async () => {
  const { mallory, bob } = await startTalkWithMallory()
  for (const n of [1, 1_000, 2 ** 32 - 1]) await mallory.say({ k: 'visit-taken', n })
  assert.equal(await fill(bob), VISIT_WINDOW)
  await mallory.say({ k: 'visit-taken', n: 0 })
  assert.equal(await fill(bob), 0)
})

test('§8 reports do not pile up before a peer that takes none of them', async () => {
  const { pair, mallory, bob } = await startTalkWithMallory()
  pair.toNear.hold()
  const before = pair.toNear.sent.length
  for (let count = 0; count < 300; count++) {
    await mallory.say({ k: 'visit', d: utf8(`${count}`) })
    assert.equal(await nextText(bob), `${count}`)
  }
  assert.ok(pair.toNear.sent.length - before <= 2, `${pair.toNear.sent.length - before} reports wait`)
  // Once there is room again, nothing of the count is lost: Mallory hears of all 300.
  pair.toNear.release()
  let taken = 0
  while (taken < 300) taken += Number((await mallory.hearUntil('visit-taken')).n)
  assert.equal(taken, 300)
})

test('§8 after a goodbye nothing counts, and the stream is closed from this side as well', async () => {
  const { mallory, bob } = await startTalkWithMallory()
  await mallory.say({ k: 'visit', d: utf8('before') })
  await mallory.say({ k: 'bye' })
  await mallory.say({ k: 'visit', d: utf8('after') }).catch(() => {})
  assert.equal(await nextText(bob), 'before')
  assert.equal(await bob.receive(), null)
  // Mallory never ends hers.
  await bob.closed
  while ((await mallory.hear()) !== null);
})

const lose = (pair: MemoryPair): void => {
  pair.toFar.rewrite = () => []
}

test('§8 whoever drops the last messages cannot pass it off as a goodbye', async () => {
  const { pair, alice, bob } = await startTalk()
  await alice.send('one')
  lose(pair)
  await alice.send('two')
  pair.toFar.rewrite = (frame) => [frame]
  await alice.close()
  assert.equal(await nextText(bob), 'one')
  assert.equal(await codeOf(bob.receive()), 'ERR_FRAME')
})
