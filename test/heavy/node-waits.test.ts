import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { startCli } from '../cli/child.ts'
import { runCli } from '../cli/in-process.ts'
import { kill, seenBy, startNode, startPersistent } from '../cli/node/nodes.ts'
import { makeTemporary } from '../store/folders.ts'

/** `handfast node` whose network is not there, or gone: it waits, and finds the others again. */

/** A port that is free at this moment. */
const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await once(socket.close(), 'close')
  return port
}

suite('a node whose network is not there', { concurrency: 2, timeout: 120_000 }, () => {
  test('it waits for it and says so, can be asked meanwhile, and takes part when somebody of its list answers', async (t) => {
    const list = `127.0.0.1:${await freePort()}`
    const node = startCli(t, ['node', '--json', '--http', '127.0.0.1:0', '--network', list])
    const waiting = await node.event('network')
    assert.equal(waiting.state, 'waiting')
    const { http } = await node.event('watching')
    const health: { state?: unknown; own?: unknown } = JSON.parse(await (await fetch(`http://${http}/healthz`)).text())
    assert.deepEqual([health.state, health.own], ['waiting', null])
    const first = await startNode(t, '--port', list.split(':')[1] ?? '')
    assert.equal(first.first, true)
    const joined = await node.event('node')
    assert.deepEqual([joined.network, joined.first], [waiting.entrance, false])
    assert.equal(await node.exit('SIGTERM'), 0)
    assert.equal(node.stderr(), '')
  })

  test('others come in through one that waits', async (t) => {
    const list = `127.0.0.1:${await freePort()}`
    const node = startCli(t, ['node', '--json', '--network', list])
    const { entrance } = await node.event('network')
    const other = await startNode(t, '--network', String(entrance))
    assert.equal(other.first, false)
    assert.equal((await node.event('node')).network, entrance)
  })

  test('it ends while it waits when it is told to', async (t) => {
    for (const stop of ['SIGTERM', 'SIGINT'] as const) {
      const node = startCli(t, ['node', '--json', '--network', `127.0.0.1:${await freePort()}`])
      await node.event('network')
      assert.equal(await node.exit(stop), 0)
      assert.equal(node.stderr(), '')
    }
  })

  test('a list that names only itself is that of the first node', async (t) => {
    const port = await freePort()
    const node = await startNode(t, '--port', `${port}`, '--network', `127.0.0.1:${port},localhost:${port}`)
    assert.equal(node.first, true)
  })

  test('only a list that cannot be read is final', async () => {
    const { code, stderr } = await runCli(['node', '--network', '127.0.0.1:4000,nonsense'])
    assert.equal(code, 1)
    assert.match(stderr, /\[ERR_NETWORK_FORMAT\]/)
  })
})

test('nodes that were all stopped at once find each other again by what they remember', {
  timeout: 120_000,
}, async (t) => {
  const folder = await makeTemporary(t)
  const first = await startNode(t)
  const folders = ['b', 'c'].map((name) => join(folder, name))
  const [ownB, ownC] = folders.map((own) => startPersistent(t, own, '--network', first.network))
  assert.ok(ownB !== undefined && ownC !== undefined)
  const [b, c] = [await ownB, await ownC]
  assert.equal(await b.exit('SIGTERM'), 0)
  await Promise.all([c, first].map(kill))
  assert.ok((await seenBy(folders[0] ?? '', first.network)).includes(c.network))
  // Nobody of the list is there: each stands alone at first, and one of them remembers the other.
  const again = folders.map((own) =>
    startCli(t, ['node', '--json', '--persistent', '--folder', own, '--network', first.network]),
  )
  const networks = await Promise.all(again.map(async (node) => (await node.event('node')).network))
  assert.deepEqual(networks, [b.network, c.network])
})
