import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { initialize } from '../../../src/identity/initialize.ts'
import { openPeer } from '../../../src/peer/open.ts'
import { openStore } from '../../../src/store/store.ts'
import { openVault } from '../../../src/store/vault.ts'
import { isSettled, makeTemporary } from '../../connection/sides.ts'
import { said } from '../../messages/told.ts'
import { createDht } from '../dht.ts'
import { runCli } from '../in-process.ts'

/** `send`, to somebody who is there and to somebody who is not. */

const prepare = async (t: TestContext) => {
  const folder = join(await makeTemporary(t), 'alice')
  const [dht, { address: alice }] = await Promise.all([createDht(t), initialize(folder)])
  const network = dht.get('node') ?? ''
  const bob = await openPeer({ network })
  t.after(() => bob.close())
  const send = (text: string | Buffer, ...more: readonly string[]) =>
    runCli(['send', `handfast:${bob.address}`, '--folder', folder, '--network', network, ...more], {
      stdin: Readable.from([Buffer.from(text)]),
    })
  return { alice, bob, folder, network, send }
}

test('to somebody who is there: what became of it, and nothing of who came and went', async (t) => {
  const { alice, bob, send } = await prepare(t)
  const { code, stdout, stderr } = await send('hello\nworld\n', '--json')
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(said(await bob.messages.receive()), 'hello\nworld')
  const told = stdout.trimEnd().split('\n')
  const [kept] = bob.messages.history(alice)
  const about = { event: 'delivery', peer: bob.address, id: 1, hash: kept?.hash, code: null }
  assert.deepEqual(
    told.map((line) => JSON.parse(line)),
    ['queued', 'sent', 'delivered'].map((state) => ({ ...about, state })),
  )
  // A person sees nothing when all went well.
  assert.deepEqual(await send('again'), { code: 0, stdout: '', stderr: '' })
})

test('what is piped in arrives byte for byte, without the newline at its end', async (t) => {
  const { bob, send } = await prepare(t)
  const longest = 'x'.repeat(32 * 1024)
  for (const [piped, arrives] of [
    ['no newline', 'no newline'],
    ['one\r\ntwo\r\n', 'one\r\ntwo'],
    ['\n\n \n', '\n\n '],
    ['NUL \0 in it\n', 'NUL \0 in it'],
    ['\u{feff}mark', '\u{feff}mark'],
    [`${longest}\r\n`, longest],
  ] as const) {
    assert.deepEqual(await send(piped), { code: 0, stdout: '', stderr: '' })
    assert.equal(said(await bob.messages.receive()), arrives)
  }
})

test('what is too long, or no text, is refused with its size, before anything is done', async (t) => {
  const { bob, send } = await prepare(t)
  for (const [piped, code, exit, size] of [
    ['x'.repeat(100_000), 'ERR_MESSAGE_SIZE', 1, '100000'],
    ['ä'.repeat(16_385), 'ERR_MESSAGE_SIZE', 1, '32770'],
    [Buffer.from('caf\u{e9}', 'latin1'), 'ERR_INPUT', 2, ''],
  ] as const) {
    const { code: got, stderr } = await send(piped, '--json')
    const { error } = JSON.parse(stderr)
    assert.deepEqual([got, error.code], [exit, code])
    assert.ok(size === '' || (error.message.includes(size) && error.message.includes('32768')), error.message)
  }
  assert.equal(await isSettled(bob.messages.receive()), false)
})

test('to somebody who is not there: it is kept, behind what is kept already', async (t) => {
  const { bob, send } = await prepare(t)
  await bob.close()
  for (const messages of [1, 2]) {
    const { code, stdout } = await send('hello', '--json', '--wait', '1')
    assert.equal(code, 0)
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    assert.deepEqual(last, { event: 'waiting', peer: bob.address, messages })
  }
})

test('nothing to send, and a name that nobody has, is said before anything is done', async (t) => {
  const { send } = await prepare(t)
  assert.equal((await send('')).code, 2)
  const { code, stderr } = await runCli(['send', 'Mallory', '--json', '--folder', '/nonexistent'], { stdin: 'hello' })
  assert.deepEqual([code, JSON.parse(stderr).error.code], [1, 'ERR_CONTACT'])
})

test('resend: what is gone with a data folder is sent again by a word, and where nothing is, that is said', async (t) => {
  const { bob, folder, network, send } = await prepare(t)
  await send('hello')
  const resend = (...more: readonly string[]) =>
    runCli(['resend', bob.address, '--folder', folder, '--network', network, ...more])
  assert.match((await resend()).stdout, /nothing that was said to .* is gone/)
  const { storeKey } = await openVault(folder, null)
  const store = openStore(folder, storeKey)
  store.messages.markLost(1, 'gone', Date.now())
  store.close()
  const { code, stdout } = await resend('--json')
  assert.equal(code, 0)
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    told.map(({ event, state, messages }) => state ?? `${event} ${messages}`).sort(),
    // He has it still, says so, and is not sent it again.
    ['delivered', 'queued', 'resent 1'],
  )
})
