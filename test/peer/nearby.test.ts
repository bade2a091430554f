import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DirectoryError, StoreError } from '../../src/core/errors.ts'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import type { Asking } from '../../src/network/beacon.ts'
import type { NetworkState } from '../../src/network/network-state.ts'
import { createNearby } from '../../src/peer/nearby.ts'
import { codeOf } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { NETWORK } from '../network/states.ts'

const BOB = makeBytes('nearby/bob', 32)
const AT: NodeAddress = { host: '10.0.0.2', port: 4_000 }

/** A local network whose answers are the test's; `nodes` are those that this peer knows. */
const start = ({ nodes = 1, beacon = true } = {}) => {
  const entered: NodeAddress[] = []
  const asked: Uint8Array[] = []
  const listeners: ((at: NodeAddress) => void)[] = []
  const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>()
  const { promise: ended } = Promise.withResolvers<void>()
  const asking: Asking = { listen: (listener) => void listeners.push(listener), answered, ended }
  const ask = (id: Uint8Array): Asking => {
    asked.push(id)
    return asking
  }
  const lan = {
    beacon: { ask, listen: async () => {}, close: () => {} },
    enter: (at: NodeAddress) => void entered.push(at),
  }
  const state: NetworkState = { ...NETWORK, state: nodes > 0 ? 'joined' : 'waiting', nodes }
  const network = { state: () => state, watch: () => () => {}, onShaken: () => () => {} }
  return {
    ...{ entered, asked },
    nearby: createNearby(beacon ? lan : undefined, network),
    find: (at: NodeAddress) => {
      for (const listener of listeners) listener(at)
      answer(true)
    },
    nobody: () => answer(false),
  }
}
const never = new AbortController().signal
const missing = () => new DirectoryError('ERR_LOOKUP_NOT_FOUND')

/** Fails so many times before it succeeds. */
const lookup = (failures: number, error: () => Error = missing) => {
  const counts = { looks: 0 }
  const look = async (): Promise<string> => {
    counts.looks += 1
    if (counts.looks <= failures) throw error()
    return 'found'
  }
  return { counts, look }
}

test('the directory is asked beside the beacon, and what it finds does not wait for an answer', async () => {
  const { nearby, asked } = start()
  const { look } = lookup(0)
  assert.equal(await nearby.find(BOB, never, look), 'found')
  assert.deepEqual(asked, [BOB])
})

test('what could not be found is looked up once more when somebody answered, and no more often', async () => {
  const { nearby, find, entered } = start()
  const { look, counts } = lookup(1)
  const finding = nearby.find(BOB, never, look)
  await setImmediate()
  assert.equal(counts.looks, 1)
  find(AT)
  assert.equal(await finding, 'found')
  assert.deepEqual([counts.looks, entered], [2, [AT]])

  const again = start()
  const still = lookup(9)
  const failing = codeOf(again.nearby.find(BOB, never, still.look))
  again.find(AT)
  assert.equal(await failing, 'ERR_LOOKUP_NOT_FOUND')
  assert.equal(still.counts.looks, 2)
})

test('when nobody answers, or something else went wrong, it is not looked up again', async () => {
  const { nearby, nobody } = start()
  const { look, counts } = lookup(1)
  const finding = codeOf(nearby.find(BOB, never, look))
  nobody()
  assert.equal(await finding, 'ERR_LOOKUP_NOT_FOUND')
  const other = lookup(1, () => new StoreError('ERR_STORE_FULL'))
  const full = start()
  const failing = codeOf(full.nearby.find(BOB, never, other.look))
  full.find(AT)
  assert.equal(await failing, 'ERR_STORE_FULL')
  assert.deepEqual([counts.looks, other.counts.looks], [1, 1])
})

test('who knows no node waits for the answer, which leads to one; and no longer than there may be one', async () => {
  const { nearby, find, entered } = start({ nodes: 0 })
  const { look, counts } = lookup(0)
  const finding = nearby.find(BOB, never, look)
  await setImmediate()
  assert.equal(counts.looks, 0)
  find(AT)
  assert.equal(await finding, 'found')
  assert.deepEqual(entered, [AT])

  const alone = start({ nodes: 0 })
  const vain = lookup(1)
  const failing = codeOf(alone.nearby.find(BOB, never, vain.look))
  alone.nobody()
  assert.equal(await failing, 'ERR_LOOKUP_NOT_FOUND')
  assert.equal(vain.counts.looks, 1)
})

test('an abort ends the wait for an answer', async () => {
  const { nearby } = start({ nodes: 0 })
  const { look, counts } = lookup(0)
  const controller = new AbortController()
  const finding = nearby.find(BOB, controller.signal, look)
  controller.abort(new Error('enough'))
  await assert.rejects(finding, /enough/)
  assert.equal(counts.looks, 0)
})

test('an answer leads into the network once, however many wait for it', async () => {
  const { nearby, find, entered } = start()
  nearby.ask(BOB)
  nearby.ask(BOB)
  find(AT)
  assert.deepEqual(entered, [AT])
})

test('without a beacon nothing changes', async () => {
  const { nearby, asked } = start({ beacon: false, nodes: 0 })
  assert.equal(nearby.ask(BOB), undefined)
  const { look, counts } = lookup(1)
  assert.equal(await codeOf(nearby.find(BOB, never, look)), 'ERR_LOOKUP_NOT_FOUND')
  assert.deepEqual([counts.looks, asked], [1, []])
})
