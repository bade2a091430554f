import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { hex } from '../../src/core/bytes.ts'
import { ConnectionError, StoreError } from '../../src/core/errors.ts'
import { REDIAL_MS } from '../../src/core/limits/connection-limits.ts'
import { createDelivery } from '../../src/messages/delivery.ts'
import { createSignals, type Signal } from '../../src/messages/signals.ts'
import { openStore } from '../../src/store/store.ts'
import { makeWorld, settle } from '../connection/sides.ts'

/** Who is dialled, and when; and who is remembered. */

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Delivery alone: lines, what waits and dialling are the test's. */
const start = () => {
  const signals = createSignals()
  const open = new Set<string>()
  const waiting = new Set<string>()
  const dialled: string[] = []
  const held: [string, string][] = []
  const failWith: { error: Error } = { error: new ConnectionError('ERR_CONNECT') }
  const inMailboxes: string[] = []
  const delivery = createDelivery({
    ...{ store: openStore(null), world: makeWorld('delivery'), signals },
    lines: {
      service: { kinds: [], attach: () => assert.fail() },
      pump: (peer) => open.has(hex(peer)),
      isOpen: (peer) => open.has(hex(peer)),
      invite: () => {},
      note: () => {},
      isGreeted: () => false,
      provenSince: () => null,
      held: {
        here: (peer) => void held.push(['here', hex(peer)]),
        there: (peer) => void held.push(['there', hex(peer)]),
      },
    },
    backlogs: [
      {
        waiting: () => [],
        isWaiting: (peer) => waiting.has(hex(peer)),
        expire: async () => {},
        giveUp: async () => {},
      },
    ],
    mailbox: {
      isWaiting: () => false,
      waiting: () => [],
      send: async (peer) => void inMailboxes.push(hex(peer)),
      receiptSaid: () => {},
    },
    connect: async (peer): Promise<never> => {
      dialled.push(hex(peer))
      throw failWith.error
    },
    isNeeded: () => false,
  })
  delivery.start()
  return { delivery, signals, open, waiting, dialled, inMailboxes, held, failWith }
}

test('whoever is waited for is dialled at once, by way of mailboxes when that fails, and again after a pause', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { delivery, signals, waiting, dialled, inMailboxes } = start()
  const peer = randomBytes(32)
  waiting.add(hex(peer))
  signals.say('queued', peer)
  await settle()
  assert.deepEqual([dialled.length, inMailboxes.length], [1, 1])
  // What is written meanwhile goes to the mailboxes at once, and waits for the next call.
  signals.say('queued', peer)
  await settle()
  assert.deepEqual([dialled.length, inMailboxes.length], [1, 2])
  for (let call = 2; call <= 4; call++) {
    t.mock.timers.tick(24 * 3600 * 1000)
    await settle()
    assert.equal(dialled.length, call)
  }
  delivery.stop()
  t.mock.timers.tick(24 * 3600 * 1000)
  await settle()
  assert.equal(dialled.length, 4)
})

test('whoever was called in vain, and answers on the local network, is dialled at once; nobody else is for that', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { delivery, signals, waiting, dialled } = start()
  const [peer, other] = [randomBytes(32), randomBytes(32)]
  waiting.add(hex(peer))
  signals.say('queued', peer)
  await settle()
  signals.say('near', other)
  signals.say('near', peer)
  await settle()
  assert.deepEqual(dialled, [hex(peer), hex(peer)])
  // The pause after it is a new one, and there is no second call from the old one.
  t.mock.timers.tick(24 * 3600 * 1000)
  await settle()
  assert.equal(dialled.length, 3)
  delivery.stop()
})

test('nothing is kept of those who are not waited for, whatever was heard of them', async () => {
  const { delivery, signals, open, waiting } = start()
  const said: readonly (readonly Signal['type'][])[] = [
    ['opened', 'ready', 'taken', 'closed'],
    ['opened', 'closed', 'ready'],
    ['taken'],
    ['ready'],
    ['queued'],
    ['near'],
  ]
  const remember = (types: readonly Signal['type'][]): WeakRef<Uint8Array> => {
    const peer = Uint8Array.from(randomBytes(32))
    for (const type of types) {
      if (type === 'opened') open.add(hex(peer))
      if (type === 'closed') open.delete(hex(peer))
      signals.say(type, peer)
    }
    return new WeakRef(peer)
  }
  const strangers = said.map(remember)
  const awaited = (() => {
    const peer = Uint8Array.from(randomBytes(32))
    waiting.add(hex(peer))
    signals.say('queued', peer)
    return new WeakRef(peer)
  })()
  await settle()
  collectGarbage()
  assert.deepEqual(
    strangers.map((peer) => peer.deref()),
    said.map(() => undefined),
  )
  assert.ok(awaited.deref() !== undefined)
  delivery.stop()
})

test('whoever breaks each line is called less and less often; a line that was lost is tried again soon', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const [how, calls] of [
    ['broken', 0],
    ['closed', 8],
  ] as const) {
    const { signals, open, waiting, dialled } = start()
    const peer = randomBytes(32)
    waiting.add(hex(peer))
    // It calls, and the line ends at once, again and again.
    const meet = (): void => {
      open.add(hex(peer))
      signals.say('opened', peer)
      open.delete(hex(peer))
      signals.say(how, peer)
    }
    for (let time = 0; time < 8; time++) meet()
    for (let time = 0; time < 8; time++) {
      meet()
      t.mock.timers.tick(REDIAL_MS)
      await settle()
    }
    assert.equal(dialled.length, calls, how)
  }
})

test('whoever cannot write that somebody called has a full disk, or this side has: that is told', async () => {
  const peer = randomBytes(32)
  for (const [error, where] of [
    [new ConnectionError('ERR_REMOTE', { cause: new StoreError('ERR_STORE_FULL') }), 'there'],
    [new StoreError('ERR_STORE_FULL'), 'here'],
    [new ConnectionError('ERR_REMOTE', { cause: new StoreError('ERR_STORE_IO') }), null],
  ] as const) {
    const { delivery, signals, waiting, held, failWith } = start()
    failWith.error = error
    waiting.add(hex(peer))
    signals.say('queued', peer)
    await settle()
    assert.deepEqual(held, where === null ? [] : [[where, hex(peer)]])
    delivery.stop()
  }
})
