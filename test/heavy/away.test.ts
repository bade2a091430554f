import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { initialize } from '../../src/index.ts'
import { type Child, startCli } from '../cli/child.ts'
import { makeTemporary } from '../connection/sides.ts'

/** Two people who are never there at the same moment, each command a process of its own, some of them killed. */

type Person = { readonly folder: string; readonly address: string }

const setting = async (t: TestContext) => {
  const folder = await makeTemporary(t)
  const make = async (name: string): Promise<Person> => {
    const own = join(folder, name)
    return { folder: own, address: (await initialize(own)).address }
  }
  const [box, alice, bob] = await Promise.all([make('mailbox'), make('alice'), make('bob')])
  const node = startCli(t, ['node', '--mailbox', '--json', '--folder', box.folder])
  const network = String((await node.event('node')).network)
  await node.event('keeping')
  const run = (who: Person, ...args: readonly string[]): Child =>
    startCli(t, [...args, '--json', '--folder', who.folder, '--network', network])
  for (const who of [alice, bob]) {
    const naming = startCli(t, ['mailboxes', box.address, '--folder', who.folder])
    assert.equal(await naming.exit(), 0)
  }
  return { run, node, box, alice, bob }
}

/** `listen`, which has published and looked into the mailboxes. */
const come = async (run: (who: Person, ...args: readonly string[]) => Child, who: Person): Promise<Child> => {
  const child = run(who, 'listen')
  await child.event('listening')
  return child
}

const say = async (
  run: (who: Person, ...args: readonly string[]) => Child,
  [who, to]: readonly [Person, Person],
  text: string,
): Promise<void> => {
  const child = run(who, 'send', to.address)
  child.child.stdin?.end(`${text}\n`)
  assert.equal((await child.event('in-mailboxes')).peer, to.address)
  assert.equal(await child.exit(), 0)
}

test('two who are never there at the same moment hold a conversation', async (t) => {
  const { run, alice, bob } = await setting(t)
  const first = await come(run, bob)
  assert.equal(await first.exit('SIGINT'), 0)

  await say(run, [alice, bob], 'are you there?')
  await say(run, [alice, bob], 'you never are')
  const bobs = await come(run, bob)
  const asking = await bobs.event('request')
  assert.partialDeepStrictEqual(asking, { peer: alice.address, messages: 1, trust: { identity: 'unknown' } })
  bobs.type(`/accept ${asking.id} Alice`)
  assert.equal((await bobs.event('message')).text, 'are you there?')
  assert.equal((await bobs.event('message')).text, 'you never are')
  // His receipt is in the mailbox: killed, he has lost nothing.
  assert.equal((await bobs.event('in-mailboxes')).messages, 0)
  bobs.child.kill('SIGKILL')
  await bobs.exit()

  const alices = await come(run, alice)
  for (const _ of ['one', 'two']) assert.equal((await alices.event('delivery')).state, 'delivered')
  alices.child.kill('SIGKILL')
  await alices.exit()

  await say(run, [bob, alice], 'now I am')
  const later = await come(run, alice)
  assert.equal((await later.event('message')).text, 'now I am')
  assert.equal(await later.exit('SIGINT'), 0)
  const history = run(alice, 'messages', bob.address)
  for (const [direction, text, state] of [
    ['out', 'are you there?', 'delivered'],
    ['out', 'you never are', 'delivered'],
    ['in', 'now I am', 'taken'],
  ]) {
    const past = await history.event('past-message')
    assert.deepEqual([past.direction, past.text, past.state], [direction, text, state])
  }
  assert.equal(await history.exit(), 0)
})
