import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { hex } from '../../../src/core/bytes.ts'
import { createIdentity } from '../../../src/core/identity.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { initialize } from '../../../src/identity/initialize.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { parseNodes } from '../../../src/network/node-list.ts'
import { openPeer } from '../../../src/peer/open.ts'
import { seededRandom } from '../../core/test-bytes.ts'
import { makeTemporary } from '../../store/folders.ts'
import { type Child, startCli } from '../child.ts'
import { beginCli, runCli } from '../in-process.ts'

/** What of a running node can be asked for over HTTP. */

const OPERATE = readFileSync(join(import.meta.dirname, '../../../docs/operate.md'), 'utf8')

const ARGV = ['node', '--json', '--http', '127.0.0.1:0']

/** A node in this process. */
const beginNode = (t: TestContext, ...argv: readonly string[]) => {
  const signals = new EventEmitter()
  const node = beginCli([...ARGV, ...argv], { signals })
  t.after(() => {
    signals.emit('SIGTERM')
    return node.done
  })
  return node
}

const watch = async <N extends Pick<Child, 'event'>>(node: N) => {
  const { network } = await node.event('node')
  const { http } = await node.event('watching')
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://${http}${path}`, init)
  return { node, network: String(network), http: String(http), ask }
}

/** Samples by name and labels. */
const samplesOf = (text: string): ReadonlyMap<string, number> =>
  new Map(Array.from(text.matchAll(/^(handfast_[^ ]+) (\S+)$/gm), ([, name = '', value]) => [name, Number(value)]))

suite('watching a node', { concurrency: 2 }, () => {
  test('/healthz writes and reads, here and at the others', async (t) => {
    const folder = await makeTemporary(t)
    const { node, network, ask } = await watch(startCli(t, [...ARGV, '--persistent', '--folder', folder]))
    const alone = await ask('/healthz')
    assert.deepEqual([alone.status, alone.headers.get('content-type')], [200, 'application/json'])
    assert.partialDeepStrictEqual(await alone.json(), { ok: true, own: null, network: null, nodes: 0 })
    const other = await watch(startCli(t, [...ARGV, '--network', network]))
    const report = await (await other.ask('/healthz')).json()
    assert.partialDeepStrictEqual(report, { ok: true, own: null, network: null, nodes: 1, accepted: 1 })
    assert.equal(await other.node.exit('SIGTERM'), 0)
    assert.equal(await node.exit('SIGTERM'), 0)
    assert.equal(node.stderr() + other.node.stderr(), '')
  })

  test('/healthz of a node whose network is gone is 503', async (t) => {
    const first = startCli(t, ['node', '--json'])
    const { network } = await first.event('node')
    const { ask } = await watch(beginNode(t, '--network', String(network)))
    first.child.kill('SIGKILL')
    await first.exit()
    const response = await ask('/healthz')
    assert.equal(response.status, 503)
    assert.partialDeepStrictEqual(await response.json(), { ok: false, own: null, network: 'ERR_PUBLISH_REFUSED' })
  })

  test('/metrics counts what others ask, is documented, and tells of nobody', async (t) => {
    const folder = await makeTemporary(t)
    const { network, ask } = await watch(beginNode(t, '--persistent', '--folder', folder))
    const { identity } = createIdentity(Math.floor(Date.now() / 1000), seededRandom('watched'))
    const { log } = identity
    const client = await createNode({ bootstrap: parseNodes(network) })
    t.after(() => client.close())
    await publish(joinDirectory(client.dht, createStorage()), { log }, AbortSignal.timeout(60_000))
    const response = await ask('/metrics')
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    const samples = samplesOf(text)
    assert.equal(samples.get('handfast_identities'), 1)
    assert.equal(samples.get('handfast_items'), 1)
    assert.equal(samples.get('handfast_refused_total{code="ERR_PUT_GAP"}'), undefined)
    assert.ok((samples.get('handfast_requests_total{kind="put"}') ?? 0) >= 1)
    assert.ok((samples.get('handfast_requests_total{kind="get"}') ?? 0) >= 1)
    assert.ok((samples.get('handfast_disk_bytes') ?? 0) > 4096)
    assert.match(text, /^process_resident_memory_bytes \d+$/m)
    assert.deepEqual(samplesOf(await (await ask('/metrics')).text()).get('handfast_items'), 1, 'it is no sum of asking')

    const names = new Set(Array.from(text.matchAll(/^# TYPE (handfast_\w+) /gm), ([, name]) => name))
    assert.deepEqual(new Set(OPERATE.match(/handfast_\w+/g)), names)
    for (const secret of [hex(log.id), '127.0.0.1', `${client.port}`, network.split(':')[1] ?? ''])
      assert.ok(!new RegExp(`\\b${secret}\\b`).test(text), secret)
  })
})

suite('watching: mailboxes, and what is refused', { concurrency: 2 }, () => {
  test('/metrics of a node with a mailbox tells what it keeps and for how many', async (t) => {
    const folder = await makeTemporary(t)
    const { address } = await initialize(folder)
    const signals = new EventEmitter()
    const argv = ['node', '--json', '--mailbox', '--folder', folder, '--host', '127.0.0.1', '--http', 'localhost:0']
    const node = beginCli(argv, { signals })
    const stop = async (): Promise<number> => {
      signals.emit('SIGTERM')
      return (await node.done).code
    }
    t.after(stop)
    const { network } = await node.event('node')
    const { http } = await node.event('watching')
    assert.match(String(http), /^127\.0\.0\.1:/)
    await node.event('keeping')
    const ask = async (): Promise<ReadonlyMap<string, number>> =>
      samplesOf(await (await fetch(`http://${http}/metrics`)).text())
    const client = await openPeer({ network: String(network), mailboxes: [address], listen: false })
    t.after(() => client.close())
    await client.publish()
    assert.equal((await ask()).get('handfast_mailbox_opened_total'), 0)
    assert.deepEqual((await client.mailboxes.fetch()).failures, [])
    const samples = await ask()
    assert.deepEqual(
      ['opened_total', 'handed_total', 'kept_total', 'parcels', 'bytes'].map((name) =>
        samples.get(`handfast_mailbox_${name}`),
      ),
      [1, 0, 0, 0, 0],
    )
    await client.close()
    assert.deepEqual([await stop(), node.stderr.text], [0, ''])
  })

  test('there is nothing else, and nothing to be written', async (t) => {
    const { ask } = await watch(beginNode(t))
    for (const path of ['/', '/metrics/', '/healthz/x', '/constructor', '/..%2f'])
      assert.equal((await ask(path)).status, 404)
    for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await ask('/metrics', { method })).status, 405)
    const head = await ask('/metrics?x=1', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
  })

  test('a place where it cannot listen is a typed failure, and the node does not start', async (t) => {
    const { http } = await watch(beginNode(t))
    for (const [address, code] of [
      [http, 'ERR_PORT_IN_USE'],
      ['192.0.2.1:9464', 'ERR_NETWORK_HOST'],
    ] as const) {
      const second = await runCli(['node', '--http', address])
      assert.equal(second.code, 1)
      assert.match(second.stderr, new RegExp(`\\[${code}\\]`))
    }
    for (const address of [
      '9464',
      '127.0.0.1',
      '127.0.0.1:99999',
      ':9464',
      '::1:9464',
      '127.0.0.1:x',
      'name.invalid:9464',
    ])
      assert.equal((await runCli(['node', '--http', address])).code, 2, address)
  })
})
