import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { chown, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { signCard } from '../../../src/core/card.ts'
import { createLog } from '../../../src/core/key-log.ts'
import { fetchKem } from '../../../src/directory/client/fetch-kem.ts'
import { lookup } from '../../../src/directory/client/lookup.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../../../src/directory/network-port.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { parseNodes } from '../../../src/network/node-list.ts'
import { at, commitmentAfter, makeBytes, makeIdentity, makePrekeys, publicOf } from '../../core/identities.ts'
import { MAIN } from '../../node-command.ts'
import { makeTemporary } from '../../store/folders.ts'
import { startCli, startScript } from '../child.ts'
import { beginCli, runCli } from '../in-process.ts'
import { kill, startNode, startPersistent, stateOf } from './nodes.ts'

/** `handfast node` as a service: real processes that are killed, stopped, watched and started again. */

const NOW = Math.floor(Date.now() / 1000)
const alice = makeIdentity('Alice')
const { spk, kem } = makePrekeys('Alice')
const log = createLog(at(alice.roots, 0), commitmentAfter(alice, 0), { devices: publicOf(alice.devices), time: NOW })
const card = signCard(log, at(alice.devices, 0).sign, {
  ...{ device: 0, now: NOW * 1000, inc: makeBytes('inc', 16), spk: spk.publicKey, kem: kem.publicKey },
  transport: makeBytes('transport', 32),
})
const soon = (): AbortSignal => AbortSignal.timeout(60_000)

/** A client that comes and goes. */
const asClient = async <T>(network: string, work: (directory: DirectoryNetwork) => Promise<T>): Promise<T> => {
  const node = await createNode({ bootstrap: parseNodes(network) })
  try {
    return await work(joinDirectory(node.dht, createStorage()))
  } finally {
    await node.close()
  }
}

suite('a node that is started again', { concurrency: 2 }, () => {
  test('a node that is killed serves the same records afterwards, at the same address', async (t) => {
    const folder = join(await makeTemporary(t), 'node')
    const first = await startPersistent(t, folder)
    assert.equal(first.first, true)
    const publication = await asClient(first.network, (directory) =>
      publish(directory, { log, card: { signed: card, kem: kem.publicKey } }, soon()),
    )
    // The moment it has answered that it keeps them, it dies.
    await kill(first)
    assert.equal(publication.accepted, 1)
    const seed = (await stateOf(folder)).transportSeed
    for (const stop of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
      const again = await startPersistent(t, folder)
      assert.equal(again.network, first.network)
      await asClient(again.network, async (directory) => {
        const found = await lookup(directory, log.id, { now: NOW, signal: soon() })
        assert.deepEqual([found.log.last.hash, found.card?.hash], [log.last.hash, card.hash])
        assert.deepEqual(await fetchKem(directory, { card, holders: found.holders }, soon()), kem.publicKey)
      })
      assert.equal(await again.exit(stop), stop === 'SIGKILL' ? -1 : 0)
      assert.equal(again.stderr(), '')
    }
    assert.equal((await stateOf(folder)).transportSeed, seed)
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
  })

  test('a relay says by which key it is named, and keeps it', async (t) => {
    const folder = join(await makeTemporary(t), 'node')
    const keys: unknown[] = []
    for (let start = 0; start < 2; start++) {
      const node = await startPersistent(t, folder, '--relay')
      const { key } = await node.event('relaying')
      keys.push(key)
      assert.equal(await node.exit('SIGTERM'), 0)
    }
    assert.match(String(keys[0]), /^[0-9a-f]{64}$/)
    assert.equal(keys[1], keys[0])
  })

  test('without --persistent nothing is written', async (t) => {
    const folder = await makeTemporary(t)
    const node = await startNode(t, '--folder', folder)
    assert.equal(await node.exit('SIGTERM'), 0)
    assert.deepEqual(await readdir(folder), [])
  })

  test('one node at a time has a folder, and a stopped one leaves it free', async (t) => {
    const folder = await makeTemporary(t)
    const node = await startPersistent(t, folder)
    const second = await runCli(['node', '--persistent', '--folder', folder])
    assert.equal(second.code, 1)
    assert.match(second.stderr, /\[ERR_STORE_IN_USE\]/)
    assert.equal(await node.exit('SIGTERM'), 0)
    const third = await startPersistent(t, folder)
    assert.equal(third.network, node.network)
    const port = third.network.split(':')[1] ?? ''
    const taken = await runCli(['node', '--persistent', '--folder', join(folder, 'other'), '--port', port])
    assert.equal(taken.code, 1)
    assert.match(taken.stderr, /\[ERR_PORT_IN_USE\]/)
  })
})

suite('a node whose network, folder or user is not the usual one', { concurrency: 2 }, () => {
  test('a list of several nodes needs one that answers', async (t) => {
    const [one, other] = [await startNode(t), await startNode(t)]
    await kill(other)
    const node = await startNode(t, '--network', `${other.network},${one.network}`)
    assert.equal(node.first, false)
  })

  test('a damaged node.json, or one of a later version, is refused and left as it is', async (t) => {
    const folder = await makeTemporary(t)
    const signals = new EventEmitter()
    const first = beginCli(['node', '--json', '--persistent', '--folder', folder], { signals })
    await first.event('node')
    signals.emit('SIGTERM')
    assert.equal((await first.done).code, 0)
    const path = join(folder, 'node.json')
    const state = await stateOf(folder)
    for (const [text, code] of [
      [JSON.stringify({ ...state, version: 2 }), 'ERR_STORE_VERSION'],
      [JSON.stringify({ ...state, port: 70_000 }), 'ERR_STORE_CORRUPT'],
      [JSON.stringify({ ...state, transportSeed: 'c2VjcmV0' }), 'ERR_STORE_CORRUPT'],
      [`{"transportSeed":"${state.transportSeed}",}`, 'ERR_STORE_CORRUPT'],
    ]) {
      await writeFile(path, text ?? '')
      const { code: exit, stderr } = await runCli(['node', '--persistent', '--folder', folder], {
        env: { HANDFAST_DEBUG: '1' },
      })
      assert.equal(exit, 1)
      assert.match(stderr, new RegExp(`\\[${code}\\]`))
      assert.ok(!stderr.includes(state.transportSeed) && !stderr.includes('c2VjcmV0'))
      assert.equal(await readFile(path, 'utf8'), text)
    }
  })

  test('it runs as a user who owns nothing but the data folder', async (t) => {
    const folder = await makeTemporary(t)
    const root = process.getuid?.() === 0
    const nobody = root ? { uid: 65_534, gid: 65_534 } : {}
    if (root) await chown(folder, 65_534, 65_534)
    const node = startCli(t, ['node', '--json', '--persistent', '--folder', folder], {}, nobody)
    await node.event('node')
    const owners = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).uid))
    assert.deepEqual(new Set(owners), new Set([root ? 65_534 : process.getuid?.()]))
    assert.equal(await node.exit('SIGTERM'), 0)
    assert.equal(node.stderr(), '')
  })
})

test('a node begins with little room for young objects, one heap for all threads, and as the process that was started', async (t) => {
  // Without what other tests give it at once.
  const node = startScript(t, MAIN, ['node', '--json'])
  await node.event('node')
  const line = await readFile(`/proc/${node.child.pid}/cmdline`, 'utf8')
  for (const flag of ['--max-semi-space-size=2', '--optimize-for-size'])
    assert.ok(line.split('\0').includes(flag), line)
  const environment = await readFile(`/proc/${node.child.pid}/environ`, 'utf8')
  assert.ok(environment.split('\0').includes('MALLOC_ARENA_MAX=1'))
  assert.equal(await node.exit('SIGTERM'), 0)
})
