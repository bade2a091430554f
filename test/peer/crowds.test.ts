import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import { PEER_CONNECTIONS_MAX, STRANGER_CONNECTIONS_MAX } from '../../src/core/limits/connection-limits.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { alice, bob, identityOf, settle } from '../connection/sides.ts'
import { at } from '../core/identities.ts'
import { endOf, take } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** Bob, who knows Alice, and strangers who come in numbers and say nothing. */

const start = async (t: TestContext) => {
  const town = createTown()
  const open = (identity: typeof alice) => {
    const peer = town.open(identity)
    t.after(() => peer.close())
    return peer
  }
  const [a, b] = [open(alice), open(bob)]
  await Promise.all([a.listen(), b.listen()])
  await b.addContact(a.address)
  /** As many strangers as one needs for that many connections, and these, oldest first. */
  const crowd = async (count: number): Promise<{ strangers: Peer[]; connections: Connection[] }> => {
    const strangers: Peer[] = []
    const connections: Connection[] = []
    for (let index = 0; index < count; index++) {
      if (index % PEER_CONNECTIONS_MAX === 0) strangers.push(open(identityOf(`stranger ${strangers.length}`)))
      connections.push(await at(strangers, -1).connect(b.address))
    }
    return { strangers, connections }
  }
  return { a, b, crowd }
}

/** Which of them are open. */
const stillOpen = async (connections: readonly Connection[]): Promise<boolean[]> => {
  await settle()
  const ends = await Promise.all(connections.map(({ closed }) => Promise.race([closed, null])))
  return ends.map((ending) => ending === null)
}

test('§8 of more than 64 connections of strangers the oldest give way, and a contact is let in before and after', async (t) => {
  const { a, b, crowd } = await start(t)
  const before = await a.connect(b.address)
  const more = 8
  const { connections } = await crowd(STRANGER_CONNECTIONS_MAX + more)
  const expected = connections.map((_, index) => index >= more)
  assert.deepEqual(await stillOpen(connections), expected)
  assert.equal(await endOf(at(connections, 0)), 'left')
  const after = await a.connect(b.address)
  assert.deepEqual(await stillOpen([before, after]), [true, true])
  await a.messages.send(b.address, 'got in')
  assert.deepEqual(await take(b, 1), ['got in'])
  // Nor did anybody have to leave for her.
  assert.deepEqual(await stillOpen(connections), expected)
})

test('§8 a stranger who has become a contact gives way no more', async (t) => {
  const { b, crowd } = await start(t)
  const { strangers, connections } = await crowd(STRANGER_CONNECTIONS_MAX)
  const first = at(strangers, 0)
  await first.listen()
  await b.addContact(first.address)
  const others = await crowd(PEER_CONNECTIONS_MAX + 1)
  assert.deepEqual(await stillOpen(connections.slice(0, PEER_CONNECTIONS_MAX)), Array(PEER_CONNECTIONS_MAX).fill(true))
  assert.equal(others.connections.length, PEER_CONNECTIONS_MAX + 1)
})

test('§8 nobody has more than 8 connections, not a contact either: the oldest gives way', async (t) => {
  const { a, b } = await start(t)
  const connections: Connection[] = []
  for (let index = 0; index < PEER_CONNECTIONS_MAX + 2; index++) connections.push(await a.connect(b.address))
  assert.deepEqual(
    await stillOpen(connections),
    connections.map((_, index) => index >= 2),
  )
})
