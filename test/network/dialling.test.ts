import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { ConnectOptions, SecretStream } from 'hyperdht'
import { DIAL_MS } from '../../src/core/limits/relay-limits.ts'
import { type Dialling, dialThrough } from '../../src/network/dialling.ts'
import { codeOf } from './loopback-network.ts'

/** Tries that fail as a test says, in the time of the test. */

const RELAY = new Uint8Array(32).fill(7)

/** What comes of a try: the code that HyperDHT fails with, 'silence', or 'open'. */
type Course = string

const standIn = (t: TestContext, courses: (tries: number) => Course, more: Partial<Dialling> = {}) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const tried: ConnectOptions[] = []
  const steps: string[] = []
  const open = (options: ConnectOptions): SecretStream => {
    tried.push(options)
    const rawStream = new EventEmitter()
    const stream = Object.assign(new EventEmitter(), { rawStream, destroy: () => stream })
    const course = courses(tried.length)
    process.nextTick(() => {
      const [code = '', firewall] = course.split(' ')
      if (firewall === 'random') options.holepunch?.(3, 2)
      if (code === 'silence') return
      if (code === 'open') {
        stream.emit('connect')
        rawStream.emit('data', Buffer.alloc(1))
      } else stream.emit('error', Object.assign(new Error(`${code}: ${course}`), { code }))
    })
    return stream as unknown as SecretStream
  }
  const dialling: Dialling = {
    ...{ open, relays: [], isRandom: () => false, onStep: (step) => steps.push(step), signal: undefined },
    ...{ now: () => now, ...more },
  }
  let settled = false
  const outcome = codeOf(dialThrough(dialling)).finally(() => {
    settled = true
  })
  return {
    tried,
    steps,
    /** Lets time go on until it is decided. @returns the code, and the seconds it took */
    end: async (): Promise<readonly [unknown, number]> => {
      for (;;) {
        for (let turn = 0; turn < 4; turn++) await setImmediate()
        if (settled) return [await outcome, now / 1000]
        now += 500
        t.mock.timers.tick(500)
      }
    },
  }
}

test('whoever is not there is not called again', async (t) => {
  const { end, tried, steps } = standIn(t, () => 'PEER_NOT_FOUND')
  assert.deepEqual(await end(), ['ERR_CONNECT', 0])
  assert.deepEqual([tried.length, steps], [1, []])
})

test('a NAT in the way is tried again until it lets through', async (t) => {
  const { end, tried, steps } = standIn(t, (tries) => (tries < 4 ? 'HOLEPUNCH_ABORTED' : 'open'))
  assert.deepEqual(await end(), [undefined, 6])
  assert.deepEqual([tried.length, steps], [4, ['again', 'again', 'again']])
})

test('and is given up in time', async (t) => {
  const { end, tried } = standIn(t, () => 'REMOTE_NOT_HOLEPUNCHABLE')
  const [code, seconds] = await end()
  assert.equal(code, 'ERR_CONNECT')
  assert.ok(seconds <= DIAL_MS / 1000 && tried.length > 10, `${seconds} s, ${tried.length} tries`)
})

test('a search through random ports has the time that it needs', async (t) => {
  const { end, steps } = standIn(t, () => 'silence random')
  const [code, seconds] = await end()
  assert.equal(code, 'ERR_CONNECT')
  assert.ok(seconds > 35 && seconds <= DIAL_MS / 1000, `${seconds} s`)
  assert.equal(steps[0], 'random')
})

test('between two NATs with random ports there is no way, and that is said at once', async (t) => {
  const { end, tried } = standIn(t, () => 'HOLEPUNCH_DOUBLE_RANDOMIZED_NATS')
  assert.deepEqual([await end(), tried.length], [['ERR_CONNECT_NATS', 0], 1])
})

test('the same when one of the two calls it off, before any punch', async (t) => {
  for (const reason of ['HOLEPUNCH_ABORTED', 'REMOTE_ABORTED']) {
    const { end, tried } = standIn(t, () => reason, { isRandom: () => true })
    assert.deepEqual([await end(), tried.length], [['ERR_CONNECT_NATS', 2], 2])
    t.mock.timers.reset()
  }
})

test('who is only busy, or behind another kind of NAT, is not taken for one', async (t) => {
  const busy = standIn(t, (tries) => (tries < 9 ? 'REMOTE_ABORTED random' : 'open'), { isRandom: () => true })
  assert.equal((await busy.end())[0], undefined)
  t.mock.timers.reset()
  const other = standIn(t, (tries) => (tries < 9 ? 'REMOTE_ABORTED' : 'open'))
  assert.equal((await other.end())[0], undefined)
})

test('a relay that the other side names is used when the direct way is not found at once', async (t) => {
  for (const first of ['HOLEPUNCH_DOUBLE_RANDOMIZED_NATS', 'HOLEPUNCH_ABORTED', 'silence', 'silence random']) {
    const { end, tried, steps } = standIn(t, (tries) => (tries === 1 ? first : 'open'), { relays: [RELAY] })
    const [code, seconds] = await end()
    assert.equal(code, undefined, first)
    assert.ok(seconds <= 4, `${first}: ${seconds} s`)
    assert.deepEqual(
      tried.map(({ relayThrough }) => relayThrough),
      [undefined, Buffer.from(RELAY)],
    )
    assert.equal(steps.at(-1), 'relay')
    t.mock.timers.reset()
  }
})

test('a relay that is gone is told apart', async (t) => {
  const { end } = standIn(t, (tries) => (tries === 1 ? 'HOLEPUNCH_ABORTED' : 'RELAY_ABORTED'), { relays: [RELAY] })
  const [code, seconds] = await end()
  assert.equal(code, 'ERR_CONNECT_RELAY')
  assert.ok(seconds <= DIAL_MS / 1000)
})

test('nobody is connected to through a relay who is not there', async (t) => {
  const { end, tried } = standIn(t, () => 'PEER_NOT_FOUND', { relays: [RELAY] })
  assert.deepEqual([await end(), tried.length], [['ERR_CONNECT', 0], 1])
})
