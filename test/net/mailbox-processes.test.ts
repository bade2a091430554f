import assert from 'node:assert/strict'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { initialize, openPeer, type Peer } from '../../src/index.ts'
import { type Child, startCli } from '../cli/child.ts'
import { codeOf } from '../network/loopback-network.ts'
import { makeTemporary } from '../peer/sides.ts'

/** `handfast node --mailbox` in a process of its own, which is killed whenever it hurts most. */

/** The mailbox, first node of its network or back on the port it had. */
const startMailbox = async (t: TestContext, folder: string, port = '0') => {
  const node = startCli(t, ['node', '--mailbox', '--json', '--folder', folder, '--port', port])
  const { bootstrap } = await node.event('node')
  const { address } = await node.event('keeping')
  return { node, bootstrap: String(bootstrap), address: String(address) }
}

const kill = async ({ child, exit }: Child): Promise<void> => {
  child.kill('SIGKILL')
  await exit()
}

/** Texts that wait for a peer, none of which is acknowledged unless it is said. */
const fetchTexts = async (peer: Peer, acknowledge: boolean): Promise<string[]> => {
  const texts: string[] = []
  const onFailure = (_: string, error: unknown): void => {
    throw error
  }
  for await (const delivery of peer.mailboxes.fetchAll({ onFailure })) {
    texts.push(Buffer.from(delivery.envelope).toString())
    if (acknowledge) await delivery.acknowledge()
  }
  return texts
}

test('what a mailbox has taken survives its death exactly once, and what was acknowledged is gone for good', async (t) => {
  const folder = await makeTemporary(t)
  const own = join(folder, 'mailbox')
  await initialize(own)
  const first = await startMailbox(t, own)
  const { bootstrap, address } = first
  const port = bootstrap.split(':')[1]
  const again = async (): Promise<Child> => {
    const restarted = await startMailbox(t, own, port)
    assert.deepEqual([restarted.bootstrap, restarted.address], [bootstrap, address])
    return restarted.node
  }
  const bobs = join(folder, 'bob')
  await initialize(bobs)
  const bob = await openPeer({ bootstrap, folder: bobs, mailboxes: [address] })
  t.after(() => bob.close())
  const alice = await openPeer({ bootstrap })
  t.after(() => alice.close())
  await bob.publish()

  const found = await alice.lookup(bob.address)
  const letter = 'hello '.repeat(10_000)
  assert.deepEqual(await alice.mailboxes.depositAtAll(found, utf8(letter)), [{ mailbox: address, error: null }])
  await kill(first.node)
  const second = await again()
  // The storage of a node is in memory: who is named, and by whom, has to be said again.
  await bob.publish()
  assert.deepEqual(await fetchTexts(bob, false), [letter])
  await kill(second)
  const third = await again()
  await bob.publish()
  await alice.mailboxes.depositAtAll(await alice.lookup(bob.address), utf8('second'))
  assert.deepEqual(await fetchTexts(bob, true), [letter, 'second'])
  await kill(third)
  const fourth = await again()
  await bob.publish()
  assert.deepEqual(await fetchTexts(bob, true), [])

  // It talks to nobody, and stops when it is told to.
  assert.equal(await codeOf(alice.connect(address)), 'ERR_REMOTE')
  assert.equal(await fourth.exit('SIGTERM'), 0)
  assert.equal(fourth.stderr(), '')
  assert.equal((await stat(join(own, 'mailbox.db'))).mode & 0o777, 0o600)
})

test('a mailbox needs an identity, and is the only program on its folder', async (t) => {
  const folder = await makeTemporary(t)
  const empty = join(folder, 'empty')
  await mkdir(empty)
  const without = startCli(t, ['node', '--mailbox', '--folder', empty])
  assert.equal(await without.exit(), 1)
  assert.match(without.stderr(), /\[ERR_STORE_MISSING\][\s\S]*handfast init/)
  assert.deepEqual(await readdir(empty), [])

  const own = join(folder, 'mailbox')
  await initialize(own)
  const { bootstrap } = await startMailbox(t, own)
  const other = startCli(t, ['node', '--mailbox', '--folder', own, '--bootstrap', bootstrap])
  assert.equal(await other.exit(), 1)
  assert.match(other.stderr(), /\[ERR_STORE_IN_USE\]/)
})

test('listen --mailbox: a contact’s own node keeps what comes, and talks', async (t) => {
  const folder = await makeTemporary(t)
  const [friends, bobs] = [join(folder, 'friend'), join(folder, 'bob')]
  const [{ address }] = await Promise.all([initialize(friends), initialize(bobs)])
  const node = startCli(t, ['--json', 'node'])
  const { bootstrap } = await node.event('node')
  const env = { HANDFAST_BOOTSTRAP: String(bootstrap) }
  const listen = startCli(t, ['listen', '--mailbox', '--json', '--folder', friends], env)
  assert.equal((await listen.event('keeping')).address, address)

  const naming = startCli(t, ['mailboxes', address, '--folder', bobs])
  await naming.line(new RegExp(`^${address}$`))
  assert.equal(await naming.exit(), 0)
  await using bob = await openPeer({ bootstrap: String(bootstrap), folder: bobs })
  assert.deepEqual(bob.mailboxes.named(), [address])
  await bob.publish()
  await using alice = await openPeer({ bootstrap: String(bootstrap) })
  const deposited = await alice.mailboxes.depositAtAll(await alice.lookup(bob.address), utf8('hello'))
  assert.deepEqual(deposited, [{ mailbox: address, error: null }])
  assert.deepEqual(await fetchTexts(bob, true), ['hello'])
  const connection = await alice.connect(address)
  await connection.send('and to you')
  // Of all who came, only she is somebody to talk to.
  assert.equal((await listen.event('connected')).peer, alice.address)
  assert.equal((await listen.event('message')).text, 'and to you')
  await connection.close()
  assert.equal(await listen.exit('SIGINT'), 0)
})
