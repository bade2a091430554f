import assert from 'node:assert/strict'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { initialize, openPeer, type Peer, type PeerEvent } from '../../src/index.ts'
import { type Child, startCli } from '../cli/child.ts'
import { runCli } from '../cli/in-process.ts'
import { makeTemporary } from '../connection/sides.ts'
import { eventOf, take } from '../messages/told.ts'
import { codeOf } from '../network/loopback-network.ts'

/** `handfast node --mailbox` in a process of its own, which is killed whenever it hurts most. */

/** The mailbox, first node of its network or back on the port it had. */
const startMailbox = async (t: TestContext, folder: string, port = '0') => {
  const node = startCli(t, ['node', '--mailbox', '--json', '--folder', folder, '--port', port])
  const { network } = await node.event('node')
  const { address } = await node.event('keeping')
  return { node, network: String(network), address: String(address) }
}

const kill = async ({ child, exit }: Child): Promise<void> => {
  child.kill('SIGKILL')
  await exit()
}

/** What came for a peer by way of its mailboxes. */
const fetchTexts = async (peer: Peer): Promise<unknown[]> => {
  const { taken, failures } = await peer.mailboxes.fetch()
  assert.deepEqual(failures, [])
  const texts: unknown[] = []
  if (taken > 0) while (texts.at(-1) !== 'end') texts.push(...(await take(peer, 1)))
  return texts
}

const isInMailboxes = (event: PeerEvent) => event.type === 'in-mailboxes'

test('what a mailbox has taken survives its death exactly once, and what was fetched is gone for good', async (t) => {
  const folder = await makeTemporary(t)
  const own = join(folder, 'mailbox')
  await initialize(own)
  const first = await startMailbox(t, own)
  const { network, address } = first
  const port = network.split(':')[1]
  const again = async (): Promise<Child> => {
    const restarted = await startMailbox(t, own, port)
    assert.deepEqual([restarted.network, restarted.address], [network, address])
    return restarted.node
  }
  const bobs = join(folder, 'bob')
  await initialize(bobs)
  // He is never there: he publishes, and looks into his mailbox.
  const bob = await openPeer({ network, folder: bobs, mailboxes: [address], listen: false })
  t.after(() => bob.close())
  const alice = await openPeer({ network, listen: false })
  t.after(() => alice.close())
  await Promise.all([bob.publish(), alice.publish()])
  const write = async (...texts: readonly string[]): Promise<void> => {
    const inMailboxes = eventOf(alice, isInMailboxes)
    await Promise.all(texts.map((text) => alice.messages.send(bob.address, text)))
    await inMailboxes
  }

  const message = 'hello '.repeat(5_000)
  await write(message, 'end')
  await kill(first.node)
  const second = await again()
  // The storage of a node is in memory: who is named, and by whom, has to be said again.
  await Promise.all([bob.publish(), alice.publish()])
  assert.deepEqual(await fetchTexts(bob), [message, 'end'])
  await kill(second)
  const third = await again()
  await Promise.all([bob.publish(), alice.publish()])
  assert.deepEqual(await fetchTexts(bob), [])

  // It talks to nobody, and stops when it is told to.
  assert.equal(await codeOf(alice.connect(address)), 'ERR_REMOTE')
  assert.equal(await third.exit('SIGTERM'), 0)
  assert.equal(third.stderr(), '')
  assert.equal((await stat(join(own, 'mailbox.db'))).mode & 0o777, 0o600)
})

test('a mailbox needs an identity, and is the only program on its folder', async (t) => {
  const folder = await makeTemporary(t)
  const empty = join(folder, 'empty')
  await mkdir(empty)
  const without = await runCli(['node', '--mailbox', '--folder', empty])
  assert.equal(without.code, 1)
  assert.match(without.stderr, /\[ERR_STORE_MISSING\][\s\S]*handfast init/)
  assert.deepEqual(await readdir(empty), [])

  const own = join(folder, 'mailbox')
  await initialize(own)
  const { network } = await startMailbox(t, own)
  const other = await runCli(['node', '--mailbox', '--folder', own, '--network', network])
  assert.equal(other.code, 1)
  assert.match(other.stderr, /\[ERR_STORE_IN_USE\]/)
})

test('listen --mailbox: a contact’s own node keeps what comes, and talks', async (t) => {
  const folder = await makeTemporary(t)
  const [friends, bobs] = [join(folder, 'friend'), join(folder, 'bob')]
  const [{ address }] = await Promise.all([initialize(friends), initialize(bobs)])
  const node = startCli(t, ['--json', 'node'])
  const { network } = await node.event('node')
  const env = { HANDFAST_NETWORK: String(network) }
  const listen = startCli(t, ['listen', '--mailbox', '--json', '--folder', friends], env)
  assert.equal((await listen.event('keeping')).address, address)

  const naming = startCli(t, ['mailboxes', address, '--folder', bobs])
  await naming.line(new RegExp(`^${address}$`))
  assert.equal(await naming.exit(), 0)
  await using bob = await openPeer({ network: String(network), folder: bobs, listen: false })
  assert.deepEqual(bob.mailboxes.named(), [address])
  await bob.publish()
  await using alice = await openPeer({ network: String(network) })
  const inMailboxes = eventOf(alice, isInMailboxes)
  await alice.messages.send(bob.address, 'end')
  assert.deepEqual((await inMailboxes).mailboxes, [address])
  assert.deepEqual(await fetchTexts(bob), ['end'])
  const connection = await alice.connect(address)
  await alice.messages.send(address, 'and to you')
  // Of all who came, only she is somebody to talk to.
  assert.equal((await listen.event('request')).peer, alice.address)
  listen.type(`/accept ${alice.address} Alice`)
  assert.equal((await listen.event('message')).text, 'and to you')
  await connection.close()
  assert.equal(await listen.exit('SIGINT'), 0)
})
