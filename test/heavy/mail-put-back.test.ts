import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WANT_SPREAD } from '../../src/core/limits/message-limits.ts'
import { initialize } from '../../src/index.ts'
import { startCli } from '../cli/child.ts'
import { makeTemporary } from '../connection/sides.ts'
import { compare, leave, makeOwners, NOTHING, type Owner } from '../net/folders.ts'

/** Data folders that are put back between two who are never there at the same moment: by mailbox alone it is mended as well. */

const setting = async (t: TestContext) => {
  const folder = join(await makeTemporary(t), 'mailbox')
  const { address } = await initialize(folder)
  const node = startCli(t, ['node', '--mailbox', '--json', '--folder', folder])
  const network = String((await node.event('node')).network)
  await node.event('keeping')
  const owners = await makeOwners(t, network)
  for (const { folder: own } of owners) {
    const naming = startCli(t, ['mailboxes', address, '--folder', own])
    assert.equal(await naming.exit(), 0)
  }
  return { alice: owners[0], bob: owners[1] }
}

/** Comes alone, says something, looks into the mailbox, and leaves when all that is to be said lies in mailboxes. */
const visit = async (owner: Owner, texts: readonly string[] = [], later = 0): Promise<void> => {
  const child = await owner.come(later)
  for (const text of texts) child.type(`say ${text}`)
  child.type('mail')
  await child.event('mailed')
  await leave(child)
}

const inTurn = async (rounds: number, ...owners: readonly Owner[]): Promise<void> => {
  for (let round = 0; round < rounds; round++) for (const owner of owners) await visit(owner)
}

for (const [name, back] of [
  ['the sender’s folder', ['alice']],
  ['the receiver’s folder', ['bob']],
  ['both folders', ['alice', 'bob']],
] as const)
  test(`by mail alone, ${name} put back: everything is there that is called delivered, and nothing waits for good`, {
    timeout: 300_000,
  }, async (t) => {
    const owners = await setting(t)
    const { alice, bob } = owners
    await inTurn(1, alice, bob)
    await visit(alice, ['a 1'])
    await visit(bob, ['b 1'])
    await inTurn(1, alice, bob)
    await alice.keep('old')
    await bob.keep('old')
    await visit(alice, ['a 2', 'a 3'])
    await visit(bob, ['b 2', 'b 3'])
    await inTurn(1, alice, bob)
    for (const who of back) await owners[who].putBack('old')
    await visit(alice, ['a 4'])
    await visit(bob, ['b 4'])
    // Whoever went back asks what is missing at some time in the next ten minutes.
    for (let round = 0; round < 4; round++) for (const owner of [alice, bob]) await visit(owner, [], WANT_SPREAD + 60)
    assert.deepEqual(await compare(alice, bob), NOTHING)
  })
