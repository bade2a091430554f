import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exportPublicKey, type PeerEvent } from 'handfast'
import { createTestNetwork } from 'handfast/testing'
import { startScript } from '../cli/child.ts'

/** Every example does what it says, as a program of its own on a real network. */

const FOLDER = join(import.meta.dirname, '../../examples')

const start = async (t: TestContext) => {
  const network = await createTestNetwork({ nodes: 3 })
  t.after(() => network.close())
  const folder = await mkdtemp(join(tmpdir(), 'handfast-examples-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const run = (name: string, ...argv: readonly string[]) =>
    startScript(t, join(FOLDER, `${name}.ts`), argv, { HANDFAST_NETWORK: network.network })
  return { network, folder, run }
}

const ADDRESS = /^(hf1\S+)$/

test('the echo bot answers what it is told', async (t) => {
  const { network, run } = await start(t)
  const [, address = ''] = await run('echo-bot').line(ADDRESS)
  const peer = await network.openPeer()
  for (const text of ['hello', 'again']) {
    await peer.messages.send(address, text)
    assert.equal((await peer.messages.receive())?.text, `you said: ${text}`)
  }
})

test('the file drop takes files of contacts and of nobody else', async (t) => {
  const { network, folder, run } = await start(t)
  const [friend, stranger] = [await network.openPeer(), await network.openPeer()]
  const drop = run('file-drop', join(folder, 'dropped'), friend.address)
  const [, address = ''] = await drop.line(ADDRESS)
  const path = join(folder, 'report.txt')
  await writeFile(path, 'what it says')
  const { id } = await stranger.files.send(address, path)
  await assert.rejects(stranger.files.finished(id), { code: 'ERR_FILE_REFUSED' })
  const sent = await friend.files.send(address, path)
  await friend.files.finished(sent.id)
  const [, saved = ''] = await drop.line(/^(.+) \(12 bytes\)$/)
  assert.equal(await readFile(saved, 'utf8'), 'what it says')
})

test('the key look-up prints the key of an address, or what is wrong with it', async (t) => {
  const { network, run } = await start(t)
  const peer = await network.openPeer()
  const found = run('key-lookup', peer.address)
  const [device] = peer.identity.log.last.entry.devices
  assert.ok(device !== undefined)
  const [key = ''] = await found.line(/^did:key:\S+$/)
  assert.equal(key, exportPublicKey(device.sign, 'did'))
  assert.equal(await found.exit(), 0)
  const mistyped = run(
    'key-lookup',
    peer.address.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q')),
  )
  assert.equal(await mistyped.exit(), 1)
  assert.match(mistyped.stderr(), /^ERR_ADDRESS_CHECKSUM: /)
})

test('the pipe carries bytes from one process to another', async (t) => {
  const { run } = await start(t)
  const reader = run('stream-pipe')
  const address = await until(() => /^(hf1\S+)$/m.exec(reader.stderr())?.[1])
  const writer = run('stream-pipe', address)
  writer.type('through the pipe')
  writer.child.stdin?.end()
  await reader.line(/^through the pipe$/)
  assert.deepEqual([await writer.exit(), await reader.exit()], [0, 0], writer.stderr())
})

/** Polled, since stderr of a child is only text that grows. */
const until = async (look: () => string | undefined): Promise<string> => {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('the watcher tells what happens', async (t) => {
  const { network, run } = await start(t)
  const watcher = run('watch')
  const [, address = ''] = await watcher.line(ADDRESS)
  await watcher.line(/^listening$/)
  const peer = await network.openPeer()
  await peer.messages.send(address, 'look')
  await watcher.line(new RegExp(`^connected ${peer.address} unknown$`))
  await watcher.line(new RegExp(`^request ${peer.address} (\\d{5} ?){12}$`))
  await peer.close()
  await watcher.line(new RegExp(`^disconnected ${peer.address} left$`))
})

test('strangers are heard when they were let in, and not when they were refused', async (t) => {
  const { network, run } = await start(t)
  const asking = run('let-in')
  const [, address = ''] = await asking.line(ADDRESS)
  const [alice, mallory] = [await network.openPeer(), await network.openPeer()]
  for (const [peer, text, answer] of [
    [mallory, 'buy this', 'n'],
    [alice, 'hello', 'y'],
  ] as const) {
    await peer.messages.send(address, text)
    await asking.line(new RegExp(`^.*${peer.address} \\(.*\\) asks to be let in; safety number (\\d{5} ?){12}$`))
    asking.type(answer)
  }
  assert.match((await asking.line(/hf1\w+ (hello|buy this)$/))[0], new RegExp(`${alice.address} hello$`))
})

test('the address book verifies who reads out the right number', async (t) => {
  const { network, folder, run } = await start(t)
  const peer = await network.openPeer()
  const events = peer.events()[Symbol.asyncIterator]()
  const book = run('address-book', join(folder, 'book'), peer.address, 'Bob')
  assert.equal(await book.exit(), 0, book.stderr())
  const number = await safetyNumberOf(events)
  await book.line(/^Bob: pinned$/)
  const again = run('address-book', join(folder, 'book'), peer.address, 'Bob', number)
  await again.line(/^Bob: verified$/)
})

const safetyNumberOf = async (events: AsyncIterator<PeerEvent>): Promise<string> => {
  for (;;) {
    const { value, done } = await events.next()
    assert.ok(done !== true)
    if (value.type === 'connected') return value.remote.safetyNumber
  }
}

test('an identity is made, backed up and restored', async (t) => {
  const { folder, run } = await start(t)
  const made = run('make-identity', join(folder, 'own'))
  await made.line(/^24 words$/)
  await made.line(ADDRESS)
  await made.line(/^true$/)
  assert.equal(await made.exit(), 0)
})

test('Fernet alone needs no network', async (t) => {
  const { run } = await start(t)
  const fernet = run('fernet')
  await fernet.line(/^attack at dawn$/)
  await fernet.line(/^ERR_FERNET_MAC$/)
})

test('the test of an embedder passes', async (t) => {
  const { run } = await start(t)
  const own = run('own-test')
  assert.equal(await own.exit(), 0, own.stderr())
})

test('every example is run here, and listed in the README beside them', () => {
  const [source, readme] = [import.meta.filename, join(FOLDER, 'README.md')].map((path) => readFileSync(path, 'utf8'))
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))) {
    assert.ok(source?.includes(`run('${file.replace(/\.ts$/, '')}'`), `${file} is not run`)
    assert.ok(readme?.includes(`(${file})`), `${file} is not listed`)
  }
})
