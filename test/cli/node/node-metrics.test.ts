import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeMailbox } from '../../../src/cli/node/node-mailbox.ts'
import { createMetrics } from '../../../src/cli/node/node-metrics.ts'
import { StoreError } from '../../../src/core/errors.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { NETWORK } from '../../network/states.ts'

/** The numbers of a storage node, as Prometheus reads them. */

const storage = createStorage()

const serving = { counts: { requests: 5, limited: 1, announcements: 2, values: 3, bytes: 300 } }

const metricsOf = (counts: NodeMailbox['counts'] | null) =>
  createMetrics({
    network: () => NETWORK,
    ...{ counts: () => storage.counts, serving, nodes: () => 3, diskBytes: async () => 4096 },
    mailbox: counts === null ? null : { counts },
  })

/** The lines about a node's mailbox, without their common beginning. */
const mailboxLines = async (counts: NodeMailbox['counts'] | null): Promise<readonly string[]> =>
  Array.from((await metricsOf(counts).text()).matchAll(/^handfast_mailbox_(.+)$/gm), ([, line = '']) => line)

const COUNTS = { parcels: 7, bytes: 70_000, guests: 2, kept: 9, opened: 4, handed: 5 }

test('a mailbox is looked at once for each time, and what it has done is no sum of that', async () => {
  let looks = 0
  const metrics = metricsOf(() => {
    looks += 1
    return { ...COUNTS, refused: new Map([['ERR_MAILBOX_FULL', 3]]) }
  })
  const ownLines = async (): Promise<unknown> => (await metrics.text()).match(/^handfast_.+$/gm)
  const lines = await ownLines()
  assert.deepEqual([await ownLines(), looks], [lines, 2])
})

test('each number of a mailbox has its name', async () => {
  const refused = new Map([
    ['ERR_MAILBOX_FULL', 3],
    ['ERR_MAILBOX_BUSY', 1],
  ] as const)
  assert.deepEqual(await mailboxLines(() => ({ ...COUNTS, refused })), [
    ...['parcels 7', 'bytes 70000', 'guests 2', 'kept_total 9', 'opened_total 4', 'handed_total 5'],
    ...['refused_total{code="ERR_MAILBOX_FULL"} 3', 'refused_total{code="ERR_MAILBOX_BUSY"} 1'],
  ])
})

test('without a mailbox its numbers are 0', async () => {
  const names = ['parcels', 'bytes', 'guests', 'kept_total', 'opened_total', 'handed_total']
  assert.deepEqual(
    await mailboxLines(null),
    names.map((name) => `${name} 0`),
  )
})

test('what is served follows the conventions: help, a known type, counters that end in _total, nothing twice', async () => {
  const text = await metricsOf(null).text()
  const types = Array.from(text.matchAll(/^# TYPE (handfast_\w+) (\w+)$/gm), ([, name = '', type]) => ({ name, type }))
  for (const { name, type } of types) {
    assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'))
    assert.equal(type, name.endsWith('_total') ? 'counter' : 'gauge', name)
  }
  assert.equal(new Set(types.map(({ name }) => name)).size, types.length)
  assert.ok(types.length > 10)
})

test('a mailbox that cannot be read is a failure, and not an empty one', async () => {
  const broken = (): never => {
    throw new StoreError('ERR_STORE_IO')
  }
  await assert.rejects(metricsOf(broken).text(), { code: 'ERR_STORE_IO' })
})

test('what is done for HyperDHT’s own commands has its names', async () => {
  const lines = (await metricsOf(null).text()).match(/^handfast_dht_.+$/gm)
  assert.deepEqual(lines, [
    'handfast_dht_requests_total 5',
    'handfast_dht_limited_total 1',
    'handfast_dht_announcements 2',
    'handfast_dht_values 3',
    'handfast_dht_value_bytes 300',
  ])
})
