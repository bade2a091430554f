import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openPeer } from '../../src/peer/open.ts'
import { heard } from '../cli/child.ts'
import { ended, refusal, startStage } from '../net/stage.ts'
import { makeTemporary } from '../store/folders.ts'

/** Real processes under a clock that is wrong, and nodes that say so, or lie. */

const DAYS = 86_400

/** Three nodes, each in a /24 network of its own; what their clocks are wrong by. */
const startNetwork = async (t: TestContext, wrongBy: readonly [number, number, number] = [0, 0, 0]) => {
  const stage = await startStage(t)
  const first = await stage.startNode('', ['--host', '127.0.1.1'], wrongBy[0])
  const others = await Promise.all(
    [2, 3].map((network) => stage.startNode(first.at, ['--host', `127.0.${network}.1`], wrongBy[network - 1])),
  )
  return { ...stage, at: first.at, nodes: [first, ...others] }
}

const errorOf = (text: string): { readonly code: string; readonly message: string } => JSON.parse(text).error

test('an identity made by a clock that was days ahead is its owner’s at once: opened, renewed, published, found', async (t) => {
  const { handfast, at } = await startNetwork(t)
  const { address, recoveryPhrase } = await ended(handfast('alice', ['init'], 'lan', 3 * DAYS), 'created')
  const id = await ended(handfast('alice', ['id']), 'identity')
  assert.deepEqual([id.address, id.odd], [address, 'ahead'])
  assert.equal((await ended(handfast('alice', ['log']), 'entry')).odd, 'ahead')
  // Whatever the clock says, the folder opens.
  for (const clock of [-60 * 365 * DAYS, -3 * DAYS, 10 * DAYS, 200 * 365 * DAYS])
    assert.equal((await ended(handfast('alice', ['id'], '', clock), 'identity')).address, address)

  const renewed = await ended(handfast('alice', ['renew'], at), 'published')
  assert.deepEqual([renewed.seq, renewed.accepted], [1, 3])
  const rotating = handfast('alice', ['rotate'], at)
  rotating.child.stdin?.end(`${recoveryPhrase}\n`)
  assert.equal((await ended(rotating, 'published')).seq, 2)
  const listening = handfast('alice', ['listen'], at)
  assert.equal((await listening.event('listening')).accepted, 3)
  const found = await ended(handfast('bob', ['lookup', String(address)], at), 'lookup')
  assert.deepEqual([found.freshness, found.seq, found.odd], ['current', 2, 'ahead'])
  assert.equal(await listening.exit('SIGTERM'), 0)
})

test('each command names a clock that is off, with both times, before it signs', async (t) => {
  const { handfast, init, at, nodes } = await startNetwork(t)
  const { address, phrase } = await init('alice')
  const bob = await init('bob')
  const listening = handfast('bob', ['listen'], at)
  await listening.event('listening')
  for (const wrongBy of [3 * DAYS, -3 * DAYS]) {
    for (const [argv, input] of [
      [['listen'], ''],
      [['renew'], ''],
      [['rotate'], phrase],
      [['retire', '--yes'], phrase],
      [['recover', address], phrase],
      [['chat', bob.address], ''],
    ] as const) {
      const child = handfast('alice', argv, at, wrongBy)
      child.child.stdin?.end(`${input}\n`)
      assert.equal(await child.exit(), 1, argv.join(' '))
      const { code, message } = errorOf(child.stderr())
      const expired = argv[0] === 'chat' && wrongBy > 0
      assert.equal(code, expired ? 'ERR_CARD_EXPIRED' : 'ERR_CLOCK', argv.join(' '))
      assert.match(message, /this computer: \d{4}-\d\d-\d\d \d\d:\d\d UTC, .*: \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    }
    assert.deepEqual(await refusal(handfast(`new ${wrongBy}`, ['init'], at, wrongBy)), [1, 'ERR_CLOCK'])
    assert.equal(await handfast(`new ${wrongBy}`, ['id']).exit(), 1)

    // What goes on all the same says it as an event.
    const sending = handfast('alice', ['send', bob.address, '--wait', '2'], at, wrongBy)
    sending.child.stdin?.end('hello\n')
    const told = await sending.event('clock')
    assert.deepEqual([told.networks, Number(told.here) - Number(told.there)], [3, wrongBy])
    assert.equal(await sending.exit(), 0)
    const looking = handfast('alice', ['lookup', bob.address], at, wrongBy)
    const seen = await looking.event('lookup')
    assert.deepEqual(seen.clock, { ahead: wrongBy, networks: 3, off: true })
    await looking.event('clock')
    assert.equal(await looking.exit(), 0)
  }
  // Nothing was signed, and once the clock is right all that waited arrives.
  assert.equal((await ended(handfast('alice', ['id']), 'identity')).seq, 0)
  const again = handfast('alice', ['listen'], at)
  assert.equal((await again.event('listening')).accepted, nodes.length)
  for (const _ of ['ahead', 'behind']) assert.equal((await heard(listening)).text, 'hello')
  assert.equal(await again.exit('SIGTERM'), 0)
})

test('a minority of nodes with a wrong clock blocks nothing, and is told; a majority blocks nothing for good', async (t) => {
  const { handfast, init, at, nodes } = await startNetwork(t, [0, 400 * DAYS, 0])
  const told = await nodes[1]?.child.event('clock')
  assert.equal(Number(told?.here) - Number(told?.there), 400 * DAYS)
  await init('alice')
  const listening = handfast('alice', ['listen'], at)
  // The one whose clock is wrong takes the card for long expired.
  assert.equal((await listening.event('listening')).accepted, 2)
  assert.equal(await listening.exit('SIGTERM'), 0)

  const liars = await startNetwork(t, [400 * DAYS, 400 * DAYS, 0])
  const { phrase } = await liars.init('carol')
  assert.deepEqual(await refusal(liars.handfast('carol', ['listen'], liars.at)), [1, 'ERR_CLOCK'])
  // A program that makes its identity as it opens asks as well, before there is a phrase.
  const folder = join(await makeTemporary(t), 'made')
  const onRecoveryPhrase = (): void => assert.fail('a phrase of nothing')
  await assert.rejects(openPeer({ folder, network: liars.at, onRecoveryPhrase }), { code: 'ERR_CLOCK' })
  assert.equal(existsSync(join(folder, 'identity.json')), false)
  const sure = liars.handfast('carol', ['listen', '--clock-is-right'], liars.at)
  assert.equal((await sure.event('listening')).accepted, 1)
  assert.equal(await sure.exit('SIGTERM'), 0)
  const rotating = liars.handfast('carol', ['rotate', '--clock-is-right'], liars.at)
  rotating.child.stdin?.end(`${phrase}\n`)
  assert.equal((await ended(rotating, 'published')).accepted, 3)
})

test('one node, or one network of them, keeps nobody from signing: it is told, and what it refuses names the clock', async (t) => {
  const { handfast, init, startNode } = await startStage(t)
  const { at } = await startNode('', [], 400 * DAYS)
  const { phrase } = await init('alice')
  const rotating = handfast('alice', ['rotate'], at)
  rotating.child.stdin?.end(`${phrase}\n`)
  await rotating.event('clock')
  assert.equal((await rotating.event('published')).accepted, 1)
  assert.equal(await rotating.exit(), 0)
  const listening = handfast('alice', ['listen'], at)
  assert.equal(await listening.exit(), 1)
  const { code, message } = errorOf(listening.stderr())
  assert.equal(code, 'ERR_CLOCK')
  assert.match(message, /1 network of nodes.*ERR_CARD_EXPIRED from 1/)
})
