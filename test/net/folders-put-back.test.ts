import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDht } from '../cli/dht.ts'
import { becomes, compare, hears, leave, makeOwners, NOTHING, type Owner, settle } from './folders.ts'

/** Data folders that are put back from a copy, of whom either side is a process of its own: nothing is lost and called delivered. */

const setting = async (t: TestContext) => {
  const dht = await createDht(t)
  const [alice, bob] = await makeOwners(t, dht.get('node') ?? '')
  return { alice, bob }
}

/** They say so much to each other, until all of it has arrived. */
const talk = async (alice: Owner, bob: Owner, name: string, count = 3): Promise<void> => {
  const [a, b] = [await alice.come(), await bob.come()]
  for (let n = 1; n <= count; n++) {
    a.type(`say a ${name} ${n}`)
    b.type(`say b ${name} ${n}`)
  }
  await Promise.all([hears(b, `a ${name} ${count}`), hears(a, `b ${name} ${count}`)])
  await settle(a, b)
  await leave(a, b)
}

for (const [name, back] of [
  ['the sender’s folder', ['alice']],
  ['the receiver’s folder', ['bob']],
  ['both folders, each to a time of its own,', ['alice', 'bob']],
] as const)
  test(`${name} put back: everything is there that is called delivered, and nothing waits for good`, async (t) => {
    const owners = await setting(t)
    const { alice, bob } = owners
    await talk(alice, bob, 'before')
    await alice.keep('old')
    await talk(alice, bob, 'between', 2)
    await bob.keep('old')
    await talk(alice, bob, 'lost', 4)
    for (const who of back) await owners[who].putBack('old')
    await talk(alice, bob, 'after')
    await talk(alice, bob, 'later')
    assert.deepEqual(await compare(alice, bob), NOTHING)
  })

test('a folder put back again and again, behind what was said since', async (t) => {
  const { alice, bob } = await setting(t)
  await talk(alice, bob, 'first', 1)
  await alice.keep('first')
  for (let round = 0; round < 3; round++) {
    await talk(alice, bob, `round ${round}`, 2 + round)
    await alice.putBack('first')
  }
  await talk(alice, bob, 'last', 1)
  assert.deepEqual(await compare(alice, bob), NOTHING)
})

test('a folder made anew by what is left of it: what it had is told to be gone, and comes again by a word', async (t) => {
  const { alice, bob } = await setting(t)
  await bob.keep('empty')
  await talk(alice, bob, 'before', 2)
  await bob.putBack('empty')
  await talk(alice, bob, 'after', 1)
  assert.deepEqual(await compare(alice, bob), { ...NOTHING, gone: ['a before 1', 'a before 2'] })
  const [a, b] = [await alice.come(), await bob.come()]
  a.type('resend')
  await hears(b, 'a before 1')
  await hears(b, 'a before 2')
  await becomes(a, 'a before 2', 'delivered')
  await leave(a, b)
  assert.deepEqual(await compare(alice, bob), NOTHING)
})

test('files after both folders went back: what is not there is offered again', async (t) => {
  const { alice, bob } = await setting(t)
  const path = join(alice.folder, '..', 'plan.txt')
  const other = join(alice.folder, '..', 'photo.txt')
  for (const file of [path, other]) await writeFile(file, file)
  const send = async (file: string, name: string): Promise<void> => {
    const [a, b] = [await alice.come(), await bob.come()]
    a.type(`file ${file}`)
    await becomes(b, name, 'saved')
    await becomes(a, name, 'delivered')
    await leave(a, b)
  }
  await talk(alice, bob, 'before', 1)
  await bob.keep('old')
  await send(path, 'plan.txt')
  await bob.putBack('old')
  await rm(join(bob.folder, 'received'), { recursive: true, force: true })
  // He proved by a message that he was there before it.
  const [a, b] = [await alice.come(), await bob.come()]
  a.type('say hello')
  await becomes(b, 'plan.txt', 'saved')
  await becomes(a, 'plan.txt', 'delivered')
  await leave(a, b)
  await alice.keep('old')
  await send(other, 'photo.txt')
  await alice.putBack('old')
  await send(other, 'photo.txt')
  assert.deepEqual(await compare(alice, bob), NOTHING)
})
