import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equal } from '../../src/core/bytes.ts'
import type { CborValue } from '../../src/core/cbor.ts'
import { MESSAGE_WINDOW, SEQUENCES_MAX } from '../../src/core/limits/message-limits.ts'
import { createRepair } from '../../src/messages/repair.ts'
import { openStore } from '../../src/store/store.ts'
import { makeWorld, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { startLines } from './lines-alone.ts'
import { endOf } from './told.ts'

/** What Bob sends to Mallory on one connection, whatever she says about it. */

/** Bob's line, and what he has said on it since last asked. */
const start = async (writes: Readonly<Record<string, number>>) => {
  const started = await startLines()
  const { mallory, write, store, peer } = started
  for (const [app, count] of Object.entries(writes)) for (let n = 1; n <= count; n++) write(app, `${n}`)
  const heard: string[] = []
  /** Bob's sequence for an application, and what stands for its places, as he said them */
  const places = new Map<string, { readonly s: Uint8Array; readonly c: Map<number, Uint8Array> }>()
  const listen = async (): Promise<void> => {
    for (let said = await mallory.hear(); said !== null; said = await mallory.hear())
      if (said.k === 'message') {
        const { s, app, n, c } = said as { s: Uint8Array; app: string; n: number; c: Uint8Array }
        heard.push(`${app} ${n}`)
        const known = places.get(app)
        const same = known !== undefined && equal(known.s, s) ? known.c : new Map<number, Uint8Array>()
        places.set(app, { s, c: same.set(n, c) })
      }
  }
  void listen().catch(() => {})
  const sequenceOf = (app: string): Uint8Array => places.get(app)?.s ?? assert.fail()
  /** A receipt that is right, unless something of it is changed. */
  const got = (app: string, n: number, changed: Readonly<Record<string, CborValue>> = {}) =>
    mallory.say({
      ...{ k: 'got', s: sequenceOf(app), n, c: places.get(app)?.c.get(n) ?? new Uint8Array(32), back: [] },
      ...changed,
    })
  return {
    ...started,
    sequenceOf,
    placeOf: (app: string, n: number) => ({ n, c: places.get(app)?.c.get(n) ?? assert.fail() }),
    say: {
      ready: () => mallory.say({ k: 'ready' }),
      got,
      full: (app: string, n: number) =>
        mallory.say({ k: 'full', s: sequenceOf(app), n, code: 'ERR_MESSAGE_FULL', wait: null }),
    },
    /** What came since it was last asked. */
    heard: async (): Promise<string[]> => {
      await settle()
      await settle()
      return heard.splice(0)
    },
    states: (app: string) => store.messages.history(peer, app, 1e9, 1000).map(({ state }) => state),
  }
}

const numbers = (app: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `${app} ${first + index}`)

test('nothing is sent before she is ready, and then no more than 64 that are not confirmed', async () => {
  const { say, heard, pump } = await start({ chess: MESSAGE_WINDOW + 10 })
  pump()
  assert.deepEqual(await heard(), [])
  await say.ready()
  assert.deepEqual(await heard(), numbers('chess', 1, MESSAGE_WINDOW))
  await say.got('chess', 5)
  assert.deepEqual(await heard(), numbers('chess', MESSAGE_WINDOW + 1, MESSAGE_WINDOW + 5))
})

test('the window is one for all sequences, and each has its turn', async () => {
  const { say, heard } = await start({ aaa: 3 * MESSAGE_WINDOW, chat: 3 })
  await say.ready()
  assert.deepEqual(await heard(), numbers('aaa', 1, MESSAGE_WINDOW))
  await say.got('aaa', 1)
  assert.deepEqual(await heard(), ['chat 1'])
  await say.got('aaa', 2)
  assert.deepEqual(await heard(), [`aaa ${MESSAGE_WINDOW + 1}`])
})

test('a refused sequence waits, takes no room from the others, and begins anew when she is ready again', async () => {
  const { say, heard, write, pump } = await start({ chat: 5, chess: MESSAGE_WINDOW })
  await say.ready()
  assert.equal((await heard()).length, MESSAGE_WINDOW)
  await say.full('chess', 1)
  await say.got('chat', 2)
  assert.deepEqual(await heard(), [])
  for (let n = 6; n <= MESSAGE_WINDOW; n++) write('chat', `${n}`)
  pump()
  assert.deepEqual(await heard(), numbers('chat', 6, MESSAGE_WINDOW))
  await say.got('chat', MESSAGE_WINDOW)
  await say.ready()
  assert.deepEqual(await heard(), numbers('chess', 1, MESSAGE_WINDOW))
})

test('`ready` once more sends nothing twice that was not refused', async () => {
  const { say, heard } = await start({ chat: 5, chess: 5 })
  await say.ready()
  assert.equal((await heard()).length, 10)
  for (let count = 0; count < 3; count++) await say.ready()
  assert.deepEqual(await heard(), [])
  await say.full('chess', 2)
  await say.ready()
  assert.deepEqual(await heard(), numbers('chess', 1, 5))
})

test('what she says out of turn does no harm: refusals of what was never sent, receipts of what is not hers', async () => {
  const { say, heard, mallory, states } = await start({ chat: 3 })
  const nobodys = new Uint8Array(16).fill(9)
  await mallory.say({ k: 'full', s: nobodys, n: 1, code: 'ERR_MESSAGE_FULL', wait: null })
  await mallory.say({ k: 'got', s: nobodys, n: 7, c: new Uint8Array(32), back: [] })
  await say.ready()
  assert.deepEqual(await heard(), numbers('chat', 1, 3))
  await say.full('chat', 1_000)
  await say.got('chat', 2)
  await say.got('chat', 1)
  assert.deepEqual(await heard(), [])
  assert.deepEqual(states('chat'), ['delivered', 'delivered', 'sent'])
  await say.ready()
  assert.deepEqual(await heard(), ['chat 3'])
})

test('messages that were given up close their sequence: what follows begins another one', async () => {
  const { say, heard, store, peer, write, pump, states, sequenceOf } = await start({ chat: 3 })
  await say.ready()
  assert.deepEqual(await heard(), numbers('chat', 1, 3))
  const first = sequenceOf('chat')
  await say.got('chat', 1)
  await heard()
  store.messages.markFailed(peer, 'ERR_MESSAGE_EXPIRED', 1e15)
  write('chat', 'next')
  pump()
  assert.deepEqual(await heard(), ['chat 1'])
  assert.notDeepEqual(sequenceOf('chat'), first)
  await say.got('chat', 1)
  await heard()
  assert.deepEqual(states('chat'), ['delivered', 'failed', 'failed', 'delivered'])
})

test('a receipt for what is no sequence of ours is not written down, nor anything of it kept', () => {
  const store = openStore(null)
  const repair = createRepair({ own: makeBytes('own', 32), messages: store.messages, world: makeWorld('nobody') })
  const receipt = { s: new Uint8Array(16), n: 1, c: new Uint8Array(32), back: [] }
  const pair = { own: new Uint8Array(16), device: new Uint8Array(16) }
  for (const fresh of [false, true]) {
    const { changed, standing, isOld } = repair.hear(makeBytes('peer', 32), pair, { receipts: [receipt], fresh })
    assert.deepEqual([changed, standing, isOld], [[], [], false])
  }
  store.close()
})

test('receipts for more sequences than there can be, before she is ready, break the connection', async () => {
  const { mallory, bob } = await start({ chat: 1 })
  for (let index = 0; index <= SEQUENCES_MAX; index++)
    await mallory.say({ k: 'got', s: new Uint8Array(16).fill(index), n: 1, c: new Uint8Array(32), back: [] })
  assert.equal(await endOf(bob), 'ERR_FRAME')
})

const elsewhere = new Uint8Array(32).fill(7)

test('a number alone confirms nothing: what she names of our sequence and was never there begins another one', async () => {
  for (const [name, lie] of [
    ['higher', { n: 9, c: elsewhere }],
    ['another content', { n: 3, c: elsewhere }],
    ['lower, another content', { n: 1, c: elsewhere }],
  ] as const) {
    const { say, heard, states, doubts, sequenceOf } = await start({ chat: 3 })
    await say.ready()
    assert.deepEqual(await heard(), numbers('chat', 1, 3))
    const first = sequenceOf('chat')
    await say.got('chat', lie.n, lie)
    assert.deepEqual(await heard(), numbers('chat', 1, 3), name)
    assert.notDeepEqual(sequenceOf('chat'), first, name)
    assert.deepEqual(states('chat'), Array(3).fill('sent'), name)
    assert.equal(doubts.length, 1, name)
    await say.got('chat', 3)
    await heard()
    assert.deepEqual(states('chat'), Array(3).fill('delivered'), name)
  }
})

test('an earlier place proves what it covers, also when the top is another: only the rest is sent again', async () => {
  const { say, heard, states, placeOf } = await start({ chat: 5 })
  await say.ready()
  await heard()
  await say.got('chat', 6, { c: elsewhere, back: [{ n: 5, c: elsewhere }, placeOf('chat', 3)] })
  assert.deepEqual(await heard(), numbers('chat', 1, 2))
  assert.deepEqual(states('chat'), ['delivered', 'delivered', 'delivered', 'sent', 'sent'])
})
