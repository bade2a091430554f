import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESSAGE_WINDOW } from '../../src/core/limits/message-limits.ts'
import { openOutgoingLine } from '../../src/messages/outgoing-line.ts'
import { settle } from '../connection/sides.ts'
import { startLines } from './lines-alone.ts'

/** What Bob sends to Mallory on one connection, whatever she says about it. */

/** Bob's line, and what he has said on it since last asked. */
const start = async (writes: Readonly<Record<string, number>>) => {
  const started = await startLines()
  const { mallory, write, store, peer } = started
  for (const [app, count] of Object.entries(writes)) for (let n = 1; n <= count; n++) write(app, `${n}`)
  const heard: string[] = []
  /** numbers that they follow, as Bob says */
  const following: unknown[] = []
  const listen = async (): Promise<void> => {
    for (let said = await mallory.hear(); said !== null; said = await mallory.hear())
      if (said.k === 'message') {
        heard.push(`${said.app} ${said.n}`)
        following.push(said.p)
      }
  }
  void listen()
  const sequenceOf = (app: string): Uint8Array =>
    store.messages.sequences(peer).find((one) => one.app === app)?.sequence ?? assert.fail()
  return {
    ...started,
    following,
    say: {
      ready: () => mallory.say({ k: 'ready' }),
      got: (app: string, n: number) => mallory.say({ k: 'got', s: sequenceOf(app), n }),
      full: (app: string, n: number) => mallory.say({ k: 'full', s: sequenceOf(app), n }),
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
  await mallory.say({ k: 'full', s: nobodys, n: 1 })
  await mallory.say({ k: 'got', s: nobodys, n: 7 })
  await say.full('chat', 1)
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

test('messages that were given up count for nothing: more of them than the window do not stop the next', async () => {
  const { say, heard, following, store, peer, write, pump, states } = await start({ chat: 2 * MESSAGE_WINDOW })
  store.messages.markFailed(peer, 'ERR_MESSAGE_EXPIRED', 1e15)
  write('chat', 'next')
  await say.ready()
  assert.deepEqual(await heard(), [`chat ${2 * MESSAGE_WINDOW + 1}`])
  write('chat', 'and another')
  pump()
  assert.deepEqual(await heard(), [`chat ${2 * MESSAGE_WINDOW + 2}`])
  assert.deepEqual(following, [0, 2 * MESSAGE_WINDOW + 1])
  await say.got('chat', 2 * MESSAGE_WINDOW + 2)
  for (let count = 0; count < MESSAGE_WINDOW + 1; count++) write('chat', 'more')
  pump()
  assert.equal((await heard()).length, MESSAGE_WINDOW)
  assert.equal(states('chat').filter((state) => state === 'delivered').length, 2)
})

test('a receipt for what is no sequence of ours is not written down, nor anything of it kept', () => {
  const written: unknown[] = []
  const line = openOutgoingLine({
    ...{ sequences: () => [], pending: () => [], before: () => 0, poke: () => {}, say: async () => {} },
    sent: async () => {},
    delivered: async (...args) => void written.push(args),
    fail: assert.fail,
  })
  line.handle({ k: 'got', s: new Uint8Array(16), n: 1 })
  assert.deepEqual(written, [])
})
