import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeAddress } from '../../../src/core/address.ts'
import { hex } from '../../../src/core/bytes.ts'
import { createIdentity, renewDevice } from '../../../src/core/identity.ts'
import type { KeyLog } from '../../../src/core/key-log.ts'
import { seconds } from '../../../src/core/world.ts'
import { publish } from '../../../src/directory/client/publish.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { systemWorld } from '../../../src/identity/system-world.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { parseNodes } from '../../../src/network/node-list.ts'
import { createVault } from '../../../src/store/vault.ts'
import { createDht } from '../dht.ts'
import { beginCli, type CliOptions, runCli } from '../in-process.ts'
import { Keyboard, Screen } from '../terminal/screen.ts'

/** contacts and verify, as they are typed. */

const { random } = systemWorld
const now = (): number => seconds(systemWorld)

const start = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const network = (await createDht(t)).get('node') ?? ''
  const env = { HANDFAST_NETWORK: network, HANDFAST_FOLDER: join(dir, 'bob') }
  const { identity: carol } = createIdentity(now(), random)
  await createVault(env.HANDFAST_FOLDER, createIdentity(now(), random).identity, null)
  const node = await createNode({ bootstrap: parseNodes(network) })
  t.after(() => node.close())
  const directory = joinDirectory(node.dht, createStorage())
  const put = (log: KeyLog) => publish(directory, { log }, AbortSignal.timeout(60_000))
  await put(carol.log)
  /** The JSON lines of a command that works. */
  const lines = async (argv: readonly string[], options: CliOptions = {}) => {
    const { code, stdout, stderr } = await runCli([...argv, '--json'], { env, ...options })
    assert.equal(code, 0, stderr)
    return stdout === ''
      ? []
      : stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
  }
  const refusal = async (argv: readonly string[]): Promise<unknown> => {
    const { code, stderr } = await runCli([...argv, '--json'], { env })
    return [code, JSON.parse(stderr).error.code]
  }
  return { dir, env, carol, address: encodeAddress(carol.log.id), put, lines, refusal }
}

test('contacts: an address becomes one, is named, found by its name, and forgotten', async (t) => {
  const { dir, carol, address, lines, refusal, env } = await start(t)
  assert.deepEqual(await lines(['contacts']), [])
  const [added] = await lines(['contacts', address, '--name', 'Carol'])
  const { added: when, ...rest } = added
  const { entry, hash } = carol.log.last
  const head = { epoch: 0, seq: 0, head: hex(hash), time: entry.time, odd: null }
  assert.deepEqual(rest, {
    event: 'contact',
    address,
    name: 'Carol',
    trust: 'pinned',
    ...head,
    forked: false,
    verified: null,
    blocked: false,
  })
  assert.ok(when <= now())
  for (const argv of [['contacts'], ['contacts', 'Carol'], ['contacts', address]])
    assert.deepEqual(await lines(argv), [added], argv.join(' '))
  assert.deepEqual(await refusal(['contacts', 'Carol', '--name', 'a\nb']), [1, 'ERR_CONTACT_NAME'])
  assert.deepEqual(await refusal(['contacts', '--name', 'Carol']), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['contacts', 'Carol', '--forget', '--name', 'x']), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['contacts', 'Mallory', '--forget']), [1, 'ERR_CONTACT'])
  assert.deepEqual(await refusal(['contacts', '--folder', join(dir, 'none')]), [1, 'ERR_STORE_MISSING'])
  // Nobody has said yet where Carol can be reached, but the name was understood.
  assert.deepEqual(await refusal(['chat', 'Carol']), [1, 'ERR_PEER_NO_CARD'])
  assert.deepEqual(await refusal(['chat', `handfast:${address}`]), [1, 'ERR_PEER_NO_CARD'])
  for (const command of ['chat', 'messages', 'files', 'verify', 'lookup', 'log', 'key', 'contacts', 'mailboxes'])
    assert.deepEqual(await refusal([command, 'Mallory']), [1, 'ERR_CONTACT'], command)
  for (const who of ['Carol', address.toUpperCase(), `handfast:${address}`, `handfast://${address}`])
    assert.equal((await lines(['lookup', who]))[0].address, address, who)
  assert.equal((await lines(['contacts', 'Carol', '--no-name']))[0].name, null)
  assert.deepEqual(await lines(['contacts', address, '--forget']), [{ event: 'forgotten', address }])
  assert.deepEqual(await lines(['contacts']), [])
  const { stdout } = await runCli(['contacts', address], { env })
  assert.ok(stdout.startsWith(address), stdout)
})

test('contacts: who is blocked is listed, contact or not, and stays so when it is forgotten', async (t) => {
  const { address, lines, refusal } = await start(t)
  const stranger = encodeAddress(createIdentity(now(), random).identity.log.id)
  await lines(['contacts', address, '--name', 'Carol'])
  const nothing = { messages: 0, files: 0 }
  // Nobody is looked up for it, and nobody becomes a contact.
  const blocked = { event: 'blocked', address: stranger, ...nothing }
  assert.deepEqual(await lines(['contacts', stranger, '--block', '--network', '127.0.0.1:1']), [blocked])
  assert.deepEqual(await lines(['contacts', 'Carol', '--block']), [{ event: 'blocked', address, ...nothing }])
  const listed = await lines(['contacts'])
  assert.deepEqual([listed.length, listed[0].blocked, listed[1]], [2, true, blocked])
  await lines(['contacts', 'Carol', '--forget'])
  assert.deepEqual((await lines(['contacts'])).map((one) => [one.event, one.address]).toSorted(), [
    ...[address, stranger].toSorted().map((one) => ['blocked', one]),
  ])
  for (const one of [stranger, address])
    assert.deepEqual(await lines(['contacts', one, '--unblock']), [{ event: 'unblocked', address: one, ...nothing }])
  assert.deepEqual(await lines(['contacts']), [])
  assert.deepEqual(await refusal(['contacts', address, '--unblock']), [1, 'ERR_CONTACT_BLOCKED'])
  for (const argv of [['--block'], [address, '--block', '--unblock'], [address, '--block', '--name', 'x']])
    assert.deepEqual(await refusal(['contacts', ...argv]), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['contacts', 'Nobody', '--block']), [1, 'ERR_CONTACT'])
})

test('verify: shows the number, and takes nothing for a yes but a yes', async (t) => {
  const { address, lines, refusal, env } = await start(t)
  assert.deepEqual(await refusal(['verify', address]), [2, 'ERR_USAGE'])
  const type = async (answer: string) => {
    const [screen, stdin] = [new Screen(80), new Keyboard()]
    const running = beginCli(['verify', address], { env, streams: { stdin, stdout: screen, stderr: screen } })
    while (!screen.text.includes('same number?')) await turn()
    stdin.write(`${answer}\r`)
    return { code: (await running.done).code, text: screen.text }
  }
  const refused = await type('no')
  assert.equal(refused.code, 2)
  assert.match(refused.text, /(\d{5} ){11}\d{5}/)
  assert.equal((await lines(['contacts']))[0].trust, 'pinned')
  assert.equal((await type('Yes')).code, 0)
  assert.equal((await lines(['contacts']))[0].trust, 'verified')
  const [compare, contact] = await lines(['verify', address, '--yes'])
  assert.deepEqual([compare.event, compare.heads, contact.trust], ['compare', [], 'verified'])
  assert.equal((await lines(['lookup', address]))[0].trust.identity, 'verified')
})

test('verify decides a contradiction by what the owner reads out, and by nothing less', async (t) => {
  const { carol, address, lines, refusal, put, env } = await start(t)
  await lines(['contacts', address, '--name', 'Carol'])
  const [own, other] = [await renewDevice(carol, now(), random), await renewDevice(carol, now(), random)]
  await put(own.log)
  await put(other.log)
  const [found] = await lines(['lookup', address])
  assert.deepEqual([found.forked, found.trust.freshness], [true, 'forked'])
  assert.equal((await lines(['contacts']))[0].forked, true)
  assert.deepEqual(await refusal(['chat', 'Carol']), [1, 'ERR_LOG_FORK'])
  // The evidence is on this disk: it needs neither network nor nodes that still serve both.
  const kept = await runCli(['export-proof', address], { env: { HANDFAST_FOLDER: env.HANDFAST_FOLDER } })
  const proven = await runCli(['check-proof', '-', '--json'], { stdin: kept.stdout })
  assert.partialDeepStrictEqual(JSON.parse(proven.stdout), { event: 'proven', address, parting: 1 })
  assert.deepEqual(await refusal(['verify', 'Carol', '--yes']), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['verify', 'Carol', '--head', hex(carol.log.last.hash)]), [1, 'ERR_VERIFY'])

  // The owner has gone on since; what she reads out is her latest entry.
  const latest = await renewDevice(own, now(), random)
  await put(latest.log)
  const spoken = hex(latest.log.last.hash).slice(0, 20)
  const { stdout } = await runCli(['verify', 'Carol', '--head', spoken.replace(/.{4}/g, '$& ')], { env })
  assert.ok(stdout.includes(spoken.slice(0, 4)))
  const [after] = await lines(['contacts'])
  assert.deepEqual([after.trust, after.forked, after.head], ['verified', false, hex(latest.log.last.hash)])
  assert.deepEqual(await refusal(['chat', 'Carol']), [1, 'ERR_PEER_NO_CARD'])
})
