import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startCli } from '../cli/child.ts'
import { kill, seenBy, startNode, startPersistent } from '../cli/node/nodes.ts'
import { makeTemporary } from '../store/folders.ts'

test('nodes seen alive lead into the network when nobody of the list answers, also the first node of it', {
  timeout: 180_000,
}, async (t) => {
  const folder = await makeTemporary(t)
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  const first = await startPersistent(t, a)
  const third = await startNode(t, '--network', first.network)
  const second = await startPersistent(t, b, '--network', first.network)
  assert.deepEqual([second.first, third.first], [false, false])
  assert.equal(await second.exit('SIGTERM'), 0)
  assert.equal(await first.exit('SIGTERM'), 0)
  assert.ok((await seenBy(a)).includes(third.network))
  assert.ok((await seenBy(b, first.network)).includes(third.network))

  const again = await startPersistent(t, b, '--network', first.network)
  assert.deepEqual([again.network, again.first], [second.network, false])
  const firstAgain = await startPersistent(t, a)
  assert.deepEqual([firstAgain.network, firstAgain.first], [first.network, false])

  // All of them gone, there is no network to enter: the first one makes another, and who was given a list waits for it.
  for (const one of [third, again, firstAgain]) await kill(one)
  const lost = startCli(t, ['node', '--json', '--persistent', '--folder', b, '--network', first.network])
  assert.equal((await lost.event('network')).state, 'waiting')
  const made = await startPersistent(t, a)
  assert.equal(made.network, first.network)
  // Whoever looks first finds the other.
  const { network } = await lost.event('node')
  assert.equal(network, second.network)
})
