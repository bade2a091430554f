import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestNetwork } from 'handfast/testing'

// How a program that embeds Handfast is tested: a whole network in this process, and nothing outside of it.

test('what Alice says reaches Bob', async () => {
  await using network = await createTestNetwork({ nodes: 3 })
  const alice = await network.openPeer()
  const bob = await network.openPeer()
  await alice.messages.send(bob.address, 'hello')
  const message = await bob.messages.receive()
  assert.deepEqual([message?.text, message?.from], ['hello', alice.address])
})
