import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openPeer, type PeerEvent } from '../../src/index.ts'
import { eventOf, take } from '../messages/told.ts'
import { ended, startStage } from '../net/stage.ts'

/** A storage node and a mailbox in a real process whose clock jumps while it runs, and is put right: nothing is lost by it. */

const DAYS = 86_400

/** A clock that can be set, as a file that says by how many seconds it is ahead. */
const startClock = async (t: TestContext) => {
  const stage = await startStage(t)
  const file = join(stage.dir, 'clock')
  const set = (seconds: number): void => writeFileSync(file, `${seconds}`)
  set(0)
  return { ...stage, file, set }
}

for (const off of [8 * DAYS, 400 * DAYS, -40 * DAYS])
  test(`a node whose clock is ${off / DAYS} days off for a while, or when it starts, still has what it kept`, async (t) => {
    const { startNode, init, handfast, ask, leave, file, set } = await startClock(t)
    const port = ['--persistent', '--host', '127.0.0.1']
    const first = await startNode('', port, file)
    const { address } = await init('alice')
    const published = await ended(handfast('alice', ['renew'], first.at), 'published')
    assert.equal(published.accepted, 1)
    const stands = async (node: typeof first) => (await ask(address, [node])) as readonly unknown[]
    const [tip] = await stands(first)
    assert.equal(typeof tip, 'string')

    set(off)
    assert.deepEqual(await stands(first), [tip])
    // Somebody else publishes by the right clock meanwhile.
    const { address: other } = await init('bob')
    assert.equal((await ended(handfast('bob', ['renew'], first.at), 'published')).accepted, 1)
    set(0)
    assert.deepEqual(await stands(first), [tip])
    const [bobs] = (await ask(other, [first])) as readonly unknown[]
    await leave(first.child)

    // It starts by a clock that is wrong, and is put right while it runs.
    set(off)
    const second = await startNode('', port, file)
    assert.equal(second.at, first.at)
    assert.deepEqual(await stands(second), [tip])
    set(0)
    assert.deepEqual([await stands(second), await ask(other, [second])], [[tip], [bobs]])
    await leave(second.child)
  })

const isInMailboxes = (event: PeerEvent) => event.type === 'in-mailboxes'

test('a mailbox that starts by a clock that is weeks ahead has deleted nothing once it is right', async (t) => {
  const { startNode, init, leave, file, set, dir } = await startClock(t)
  await init('box')
  const start = async (port: string) => {
    const node = await startNode('', ['--mailbox', '--port', port], file, 'box')
    const { address } = await node.child.event('keeping')
    return { ...node, mailbox: String(address) }
  }
  const first = await start('0')
  const port = first.at.split(':')[1] ?? ''
  await init('bob')
  const options = { network: first.at, listen: false }
  const bob = await openPeer({ ...options, folder: join(dir, 'bob'), mailboxes: [first.mailbox] })
  t.after(() => bob.close())
  const alice = await openPeer(options)
  t.after(() => alice.close())
  await Promise.all([bob.publish(), alice.publish()])
  const inMailbox = eventOf(alice, isInMailboxes)
  await alice.messages.send(bob.address, 'hello')
  await inMailbox
  await leave(first.child)

  // It looks for what is old as it starts.
  set(40 * DAYS)
  const second = await start(port)
  assert.equal(second.at, first.at)
  await leave(second.child)
  set(0)
  const third = await start(port)
  await Promise.all([bob.publish(), alice.publish()])
  const { taken, failures } = await bob.mailboxes.fetch()
  assert.deepEqual([taken, failures], [1, []])
  assert.deepEqual(await take(bob, 1), ['hello'])
  await leave(third.child)
})
