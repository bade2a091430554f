import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readDate } from '../../../src/cli/options/date.ts'
import { readSize } from '../../../src/cli/options/size.ts'
import { encodeAddress } from '../../../src/core/address.ts'
import { openStore } from '../../../src/store/store.ts'
import { createVault, openVault } from '../../../src/store/vault.ts'
import { alice, bob, makeTemporary } from '../../connection/sides.ts'
import { makeBytes, NOW } from '../../core/identities.ts'
import { written } from '../../messages/written.ts'
import { type CliOptions, runCli } from '../in-process.ts'

/** What an owner lets a contact send, and how room is made, as it is typed. */

const ADDRESS = encodeAddress(alice.log.id)
const peer = alice.log.id

/** Bob's folder, with what Alice has sent him: a message a day. */
const start = async (t: TestContext) => {
  const folder = join(await makeTemporary(t), 'bob')
  await createVault(folder, bob, null)
  const { storeKey } = await openVault(folder, null)
  const open = () => openStore(folder, storeKey)
  const store = open()
  store.contacts.keep(alice.log, NOW)
  store.contacts.rename(peer, 'Alice')
  const arrival = { device: makeBytes('d', 16), sequence: makeBytes('s', 16), app: 'handfast', c: makeBytes('c', 32) }
  for (let day = 0; day < 4; day++) {
    const queued = (NOW + day * 86_400) * 1000
    const between = { from: peer, to: bob.log.id, app: 'handfast' }
    const { m, r, body } = written(between, `day ${day}`, { at: queued })
    const stored = store.messages.receive(
      peer,
      { ...arrival, n: day + 1 },
      { m, r, at: queued, said: queued, queued, body },
    )
    if (day < 3 && stored !== null) store.messages.markTaken(stored.id)
  }
  store.close()
  const options: CliOptions = { env: { HANDFAST_FOLDER: folder } }
  const lines = async (...argv: readonly string[]) => {
    const { code, stdout, stderr } = await runCli([...argv, '--json'], options)
    assert.equal(code, 0, stderr)
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }
  const refusal = async (...argv: readonly string[]): Promise<unknown> => {
    const { code, stderr } = await runCli([...argv, '--json'], options)
    return [code, JSON.parse(stderr).error.code]
  }
  return { lines, refusal, options }
}

test('contacts tells what a contact has sent and may, and says otherwise', async (t) => {
  const { lines, refusal, options } = await start(t)
  assert.equal((await lines('contacts', 'Alice')).length, 1)
  const [, usual] = await lines('contacts', 'Alice', '--limits')
  assert.deepEqual([usual.event, usual.peer, usual.messages.keptMax], ['volumes', ADDRESS, 1024 ** 3])
  assert.ok(usual.messages.kept > 4 * 512)
  const [, changed] = await lines('contacts', 'Alice', '--messages-a-day', '2M', '--files-in-all', '1.5GiB')
  assert.deepEqual([changed.messages.todayMax, changed.files.keptMax], [2 * 1024 ** 2, 1.5 * 1024 ** 3])
  // What is not named stays, and what is `default` is as before.
  const [, back] = await lines('contacts', 'Alice', '--messages-a-day', 'default')
  assert.deepEqual([back.messages.todayMax, back.files.keptMax], [usual.messages.todayMax, 1.5 * 1024 ** 3])
  const { stdout } = await runCli(['contacts', 'Alice', '--limits'], options)
  assert.match(stdout, /^messages +\d\.\d KiB kept of 1\.0 GiB, 0 bytes today of 128\.0 MiB$/m)
  assert.deepEqual(await refusal('contacts', '--limits'), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal('contacts', 'Alice', '--forget', '--limits'), [2, 'ERR_USAGE'])
})

test('messages --delete-before deletes what is older and was taken, and says how much that was', async (t) => {
  const { lines, refusal } = await start(t)
  assert.equal((await lines('messages', 'Alice')).length, 4)
  const day = new Date((NOW + 2 * 86_400) * 1000).toISOString().slice(0, 10)
  assert.deepEqual(await lines('messages', 'Alice', '--delete-before', day), [
    { event: 'deleted', peer: ADDRESS, messages: 2 },
  ])
  assert.deepEqual(
    (await lines('messages', 'Alice')).map(({ text }) => text),
    ['day 2', 'day 3'],
  )
  // What nobody has seen stays.
  assert.deepEqual(await lines('messages', 'Alice', '--delete-before', '2100-01-01'), [
    { event: 'deleted', peer: ADDRESS, messages: 1 },
  ])
  assert.deepEqual(
    (await lines('messages', 'Alice')).map(({ text }) => text),
    ['day 3'],
  )
  assert.deepEqual(await refusal('messages', 'Alice', '--delete-before', 'yesterday'), [2, 'ERR_USAGE'])
})

test('files --clear is of one contact, and leaves the files', async (t) => {
  const { lines, refusal } = await start(t)
  assert.deepEqual(await lines('files', 'Alice', '--clear'), [{ event: 'cleared', peer: ADDRESS }])
  assert.deepEqual(await refusal('files', '--clear'), [2, 'ERR_USAGE'])
})

test('sizes and days as they are typed', () => {
  assert.deepEqual(['500', '20M', '1.5GiB', '2 TB', '3k', 'default'].map(readSize), [
    ...[500, 20 * 1024 ** 2, 1.5 * 1024 ** 3, 2 * 1024 ** 4, 3072],
    'default',
  ])
  for (const wrong of ['', '-1', 'many', '1X', '0x10']) assert.throws(() => readSize(wrong))
  assert.equal(readDate('2026-01-31'), Date.UTC(2026, 0, 31))
  assert.equal(readDate('2026-01-31T18:00Z'), Date.UTC(2026, 0, 31, 18))
  for (const wrong of ['', 'today', '2026-13-01', '2026-1-1', '1969-01-01', '31.1.2026'])
    assert.throws(() => readDate(wrong))
})
