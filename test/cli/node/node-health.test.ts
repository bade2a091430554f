import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHealth, type Health } from '../../../src/cli/node/node-health.ts'
import { createMemoryRecordStore, type RecordStore } from '../../../src/directory/node/record-store.ts'
import { createStorage, type Storage } from '../../../src/directory/node/storage.ts'
import { COMMAND, encodeMessage } from '../../../src/directory/request-format.ts'
import { openRecordDatabase } from '../../../src/store/record-database.ts'
import { NOW } from '../../core/identities.ts'
import { createMemoryNetwork, type MemoryNetwork, saying, silent } from '../../directory/memory-network.ts'
import { NETWORK } from '../../network/states.ts'

/** A node is well when it keeps what it is given, and so do the others. */

type Scene = { readonly storage?: Storage; readonly net?: MemoryNetwork; readonly clock?: () => number }

const healthOf = ({
  storage = createStorage(),
  net = createMemoryNetwork(3),
  clock = () => NOW * 1000,
}: Scene): Health =>
  createHealth({ storage, others: net.directory, nodes: () => net.nodes.length, network: () => NETWORK, clock })

test('a node that keeps a card, and finds it again at the others, is well', async () => {
  const storage = createStorage()
  const net = createMemoryNetwork(3)
  const report = await healthOf({ storage, net }).check()
  assert.deepEqual(
    { ...report, milliseconds: 0 },
    {
      ok: true,
      checked: NOW,
      milliseconds: 0,
      own: null,
      network: null,
      nodes: 3,
      accepted: 3,
      ...{ state: 'joined', since: 0 },
    },
  )
  assert.deepEqual([storage.size, ...net.nodes.map((node) => node.storage.size)], [1, 1, 1, 1])
})

test('alone in its network it is well by itself', async () => {
  const report = await healthOf({ net: createMemoryNetwork(0) }).check()
  assert.deepEqual([report.ok, report.nodes, report.accepted], [true, 0, 0])
})

test('whoever asks again within a minute is told what is known, and nobody else hears of it', async () => {
  const net = createMemoryNetwork(3)
  const health = healthOf({ net })
  const [first, second] = await Promise.all([health.check(), health.check()])
  const asked = net.nodes.map((node) => [...node.asked])
  assert.equal(second, first)
  assert.equal(await health.check(), first)
  assert.deepEqual(
    net.nodes.map((node) => [...node.asked]),
    asked,
  )
})

test('after a minute another card is written, also when the clock is set back', async () => {
  const storage = createStorage()
  let now = NOW * 1000
  const health = healthOf({ storage, clock: () => now })
  for (const [time, puts] of [
    [now, 2],
    [now + 60_000, 2],
    [now + 60_001, 4],
    [now - 60_000, 6],
  ] as const) {
    now = time
    assert.ok((await health.check()).ok)
    assert.equal(storage.counts.requests.put, puts)
  }
  assert.deepEqual([storage.size, storage.counts.items], [1, 2])
})

test('every node has a ephemeral identity of its own', async () => {
  const net = createMemoryNetwork(1)
  const storage = createStorage()
  for (const health of [healthOf({ net, storage }), healthOf({ net, storage })]) assert.ok((await health.check()).ok)
  assert.equal(storage.size, 2)
})

const broken = (change: Partial<RecordStore>): Storage =>
  createStorage({ recordStore: { ...createMemoryRecordStore(), ...change } })

test('a disk that cannot be written to is not well, and the reason has a code', async () => {
  const { write, close } = openRecordDatabase(null)
  close()
  const storage = broken({ write })
  const report = await healthOf({ storage }).check()
  assert.deepEqual([report.ok, report.own, report.network], [false, 'ERR_STORE_IO', null])
})

test('a disk that takes everything and has nothing afterwards is not well', async () => {
  const report = await healthOf({ storage: broken({ content: () => null }) }).check()
  assert.equal(report.ok, false)
  assert.ok(report.own !== null)
})

test('a storage that says yes and keeps nothing is not well', async () => {
  const empty = createStorage()
  const storage: Storage = {
    handle: (command, value, request) =>
      command === COMMAND.put ? encodeMessage({ refused: null }) : empty.handle(command, value, request),
    size: 0,
  }
  assert.equal((await healthOf({ storage }).check()).own, 'ERR_READ_BACK')
})

test('a full node is not well', async () => {
  const storage = createStorage({ capacity: 0 })
  assert.equal((await healthOf({ storage }).check()).own, 'ERR_PUT_FULL')
})

test('others who refuse, forget or say nothing are no network', async () => {
  for (const [behaviour, code] of [
    [silent, 'ERR_PUBLISH_REFUSED'],
    [saying(encodeMessage({ refused: 'ERR_PUT_FULL' })), 'ERR_PUBLISH_REFUSED'],
  ] as const) {
    const net = createMemoryNetwork(2)
    for (const node of net.nodes) node.behaviour = behaviour
    const report = await healthOf({ net }).check()
    assert.deepEqual([report.ok, report.own, report.network, report.accepted], [false, null, code, 0])
  }
  const forgetful = createMemoryNetwork(2)
  for (const node of forgetful.nodes)
    node.behaviour = ({ command, honest }) => {
      const answer = honest()
      return command === COMMAND.get
        ? encodeMessage({ tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: NOW })
        : answer
    }
  const report = await healthOf({ net: forgetful }).check()
  assert.deepEqual([report.ok, report.own, report.network], [false, null, 'ERR_LOOKUP_NOT_FOUND'])
})
