import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../../src/core/address.ts'
import { createIdentity, type Identity, renewDevice } from '../../../src/core/identity.ts'
import { exportPublicKey, type KeyFormat, parsePublicKey } from '../../../src/core/key-formats.ts'
import type { KeyLog } from '../../../src/core/key-log.ts'
import { exportPrivateKey } from '../../../src/core/p256.ts'
import { rotateIdentity } from '../../../src/core/recovery.ts'
import { publish as putRecords } from '../../../src/directory/client/publish.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { parseBootstrap } from '../../../src/network/bootstrap-list.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { openPeer } from '../../../src/peer/open.ts'
import { createVault } from '../../../src/store/vault.ts'
import { reveals } from '../../core/secrets.ts'
import { createDht } from '../dht.ts'
import { runCli } from '../in-process.ts'

/** key: public keys in the forms other software reads, out and in. */

const now = (): number => Math.floor(Date.now() / 1000)
const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))

/** A folder for each identity, and what `key` says there, without a network. */
const start = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const keep = async (name: string, identity: Identity): Promise<string> => {
    await createVault(join(dir, name), identity, null)
    return join(dir, name)
  }
  const { identity, phrase } = createIdentity(now(), random)
  const folder = await keep('alice', identity)
  return { dir, folder, keep, identity, phrase, address: encodeAddress(identity.log.id) }
}

/** The last event on stdout, and the code on stderr; with the exit code. */
const key = async (argv: readonly string[], { stdin = '', bootstrap = '' } = {}) => {
  const env = { HANDFAST_BOOTSTRAP: bootstrap }
  const { code, stdout, stderr } = await runCli(['key', ...argv, '--json'], { stdin, env })
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return { code, events, event: events.at(-1), error: stderr === '' ? null : JSON.parse(stderr).error.code }
}

/** Publishes a log and a card. */
const publish = async (folder: string, bootstrap: string): Promise<void> => {
  await using peer = await openPeer({ folder, bootstrap })
  await peer.publish()
}

/** Publishes a log, whatever the network holds, and no card. */
const put = async (t: TestContext, log: KeyLog, bootstrap: string): Promise<void> => {
  const node = await createNode({ bootstrap: parseBootstrap(bootstrap), host: '127.0.0.1' })
  t.after(() => node.close())
  await putRecords(joinDirectory(node.dht, createStorage()), { log }, AbortSignal.timeout(5_000))
}

test('one’s own keys, in every form, without a network', async (t) => {
  const { folder, identity, address } = await start(t)
  const keys = { root: identity.root, sign: identity.sign, dh: identity.ik }
  for (const [of, { publicKey }] of Object.entries(keys))
    for (const format of ['did', 'jwk', 'spki'] satisfies KeyFormat[]) {
      const { code, event } = await key(['--folder', folder, '--of', of, '--format', format])
      assert.equal(code, 0)
      const device = of === 'root' ? null : 0
      const text = exportPublicKey(publicKey, format)
      assert.deepEqual(event, { event: 'key', address, of, device, seq: 0, format, key: text })
      const people = await runCli(['key', '--folder', folder, '--of', of, '--format', format])
      assert.equal(people.stderr, '')
      assert.deepEqual(parsePublicKey(people.stdout), publicKey)
      assert.ok(people.stdout.split('\n').every((line) => line.length < 80))
      const checked = await runCli(['key', '--folder', folder, '--check', '-'], { stdin: people.stdout })
      assert.equal(checked.code, 0, checked.stderr)
    }
  const plain = await runCli(['key', '--folder', folder])
  assert.equal(plain.stdout, `${exportPublicKey(identity.root.publicKey, 'did')}\n`)
})

test('a published key is held against one’s own log: present, former, or none', async (t) => {
  const { dir, keep, identity, phrase, address } = await start(t)
  const renewed = await renewDevice(identity, now(), random)
  const rotated = rotateIdentity(renewed.log, phrase, now(), random)
  const folder = await keep('rotated', rotated)
  const present = [
    [rotated.root, 'root', null],
    [rotated.sign, 'sign', 0],
    [rotated.ik, 'dh', 0],
  ] as const
  const former = [
    [identity.root, 'root', null, 1],
    [identity.sign, 'sign', 0, 0],
    [renewed.ik, 'dh', 0, 1],
  ] as const
  const path = join(dir, 'published')
  const check = async ({ publicKey }: { publicKey: Uint8Array }, format: KeyFormat = 'did') => {
    await writeFile(path, exportPublicKey(publicKey, format))
    const { code, event, error } = await key(['--folder', folder, '--check', path])
    const { event: name, address: of, key: did, status, forked, ...found } = event
    assert.deepEqual(
      [name, of, did, status, forked],
      ['key-checked', address, exportPublicKey(publicKey, 'did'), 'active', false],
    )
    return [code, error, found]
  }
  for (const format of ['did', 'jwk', 'spki'] satisfies KeyFormat[])
    for (const [one, of, device] of present)
      assert.deepEqual(await check(one, format), [0, null, { result: 'present', of, device, seq: 2 }])
  for (const [one, of, device, seq] of former)
    assert.deepEqual(await check(one), [1, 'ERR_KEY_OTHER', { result: 'former', of, device, seq }])
  const stranger = createIdentity(now(), random).identity.root
  assert.deepEqual(await check(stranger), [1, 'ERR_KEY_OTHER', { result: 'other', of: null, device: null, seq: null }])
  const wordings = new Set<string>()
  for (const { publicKey } of [rotated.root, identity.root, stranger]) {
    const stdin = exportPublicKey(publicKey, 'spki')
    const { stdout } = await runCli(['key', '--folder', folder, '--check', '-'], { stdin })
    wordings.add(stdout.replace(exportPublicKey(publicKey, 'did'), ''))
  }
  assert.equal(wordings.size, 3)
})

test('the keys of an address, looked up; what its owner replaced is void', async (t) => {
  const { dir, folder, keep, identity, phrase, address } = await start(t)
  const bootstrap = (await createDht(t)).get('node') ?? ''
  const bob = await keep('bob', createIdentity(now(), random).identity)
  assert.equal((await key([address, '--folder', bob], { bootstrap })).error, 'ERR_LOOKUP_NOT_FOUND')
  await publish(folder, bootstrap)
  const [standing, found] = (await key([address, '--folder', bob], { bootstrap })).events
  assert.deepEqual(standing, { event: 'standing', address, freshness: 'current', change: 'none' })
  assert.equal(found.key, exportPublicKey(identity.root.publicKey, 'did'))
  const stdin = exportPublicKey(identity.ik.publicKey, 'jwk')
  const check = [address, '--check', '-', '--folder', bob]
  const before = await key(check, { stdin, bootstrap })
  assert.deepEqual([before.code, before.event.result, before.event.of, before.event.device], [0, 'present', 'dh', 0])

  await publish(await keep('rotated', rotateIdentity(identity.log, phrase, now(), random)), bootstrap)
  const after = await key(check, { stdin, bootstrap })
  assert.deepEqual([after.code, after.error, after.event.result], [1, 'ERR_KEY_OTHER', 'former'])
  assert.equal(after.events[0].change, 'rotated')
  const nobody = await key([address, '--of', 'dh', '--folder', join(dir, 'nobody')], { bootstrap })
  assert.equal(nobody.code, 0)
  assert.notDeepEqual(parsePublicKey(nobody.event.key), identity.ik.publicKey)
})

test('nothing is presented as a key of a forked or a retired identity', async (t) => {
  const { dir, keep, identity, phrase, address } = await start(t)
  const bootstrap = (await createDht(t)).get('node') ?? ''
  for (let branch = 0; branch < 2; branch++) await put(t, (await renewDevice(identity, now(), random)).log, bootstrap)
  const stdin = exportPublicKey(identity.root.publicKey, 'did')
  const folder = join(dir, 'nobody')
  const ends = async (result: string, state: { status: string; forked: boolean }, code: string) => {
    const shown = await key([address, '--folder', folder], { bootstrap })
    assert.deepEqual([shown.code, shown.error, shown.event.event], [1, code, 'standing'])
    const checked = await key([address, '--folder', folder, '--check', '-'], { bootstrap, stdin })
    const { result: found, status, forked } = checked.event
    assert.deepEqual([checked.code, checked.error, found, { status, forked }], [1, code, result, state])
    const people = await runCli(['key', address, '--folder', folder, '--bootstrap', bootstrap])
    assert.deepEqual([people.code, people.stdout], [1, ''])
    assert.ok(people.stderr.includes(`[${code}]`))
  }
  await ends('present', { status: 'active', forked: true }, 'ERR_LOG_FORK')
  const retired = rotateIdentity(identity.log, phrase, now(), random, 'retired')
  await put(t, retired.log, bootstrap)
  await ends('former', { status: 'retired', forked: false }, 'ERR_PEER_RETIRED')
  const gone = await keep('retired', retired)
  const own = await key(['--folder', gone])
  assert.deepEqual([own.error, own.events], ['ERR_PEER_RETIRED', []])
  const last = exportPublicKey(retired.root.publicKey, 'did')
  const owned = await key(['--folder', gone, '--check', '-'], { stdin: last })
  assert.deepEqual([owned.error, owned.event.result, owned.event.status], ['ERR_PEER_RETIRED', 'present', 'retired'])
})

test('a log that no current card vouches for is called stale, and the key is printed alone', async (t) => {
  const { dir, folder, identity, address } = await start(t)
  const bootstrap = (await createDht(t)).get('node') ?? ''
  const argv = [address, '--folder', join(dir, 'nobody')]
  const people = () => runCli(['key', ...argv, '--bootstrap', bootstrap])
  await put(t, identity.log, bootstrap)
  assert.equal((await key(argv, { bootstrap })).events[0].freshness, 'stale')
  const stale = await people()
  const line = `${exportPublicKey(identity.root.publicKey, 'did')}\n`
  assert.deepEqual([stale.code, stale.stdout], [0, line])
  assert.notEqual(stale.stderr, '')
  await publish(folder, bootstrap)
  assert.deepEqual(await people(), { code: 0, stdout: line, stderr: '' })
})

test('a private key that is given by mistake is refused, and never shown', async (t) => {
  const { dir, folder, identity } = await start(t)
  const { key: secret } = identity.root
  const jwk = JSON.stringify(secret.export({ format: 'jwk' }))
  const pem = (type: 'pkcs8' | 'sec1') => String(secret.export({ format: 'pem', type }))
  const spki = exportPublicKey(identity.root.publicKey, 'spki')
  const texts = [
    jwk,
    JSON.stringify(JSON.parse(jwk), null, 2),
    jwk.slice(0, -1),
    pem('pkcs8'),
    pem('sec1'),
    spki + pem('pkcs8'),
  ]
  const path = join(dir, 'mistake')
  for (const text of texts) {
    await writeFile(path, text)
    for (const [file, stdin] of [
      [path, ''],
      ['-', text],
    ] as const)
      for (const more of [[], ['--json']]) {
        const env = { HANDFAST_DEBUG: '1' }
        const outcome = await runCli(['key', '--folder', folder, '--check', file, ...more], { stdin, env })
        assert.deepEqual([outcome.code, outcome.stdout], [1, ''])
        assert.match(outcome.stderr, /ERR_KEY_FORMAT/)
        assert.ok(!reveals(outcome.stderr, exportPrivateKey(identity.root)))
      }
  }
})

test('what is no key, and what is not there, is refused before anything is looked up', async (t) => {
  const { dir, folder, address, identity } = await start(t)
  const did = exportPublicKey(identity.root.publicKey, 'did')
  const big = join(dir, 'big')
  // What is read of it ends between two spaces, and would be a key by itself.
  const begin = did.padEnd(10_001 - 3 * 3000)
  await writeFile(big, `${begin}${'\u3000'.repeat(3400)}and more`)
  const refusals: readonly (readonly [string[], string, number, string])[] = [
    [['--check', '-'], '', 1, 'ERR_KEY_FORMAT'],
    [['--check', '-'], 'key', 1, 'ERR_KEY_FORMAT'],
    [['--check', '-'], `${did}\n${did}\n`, 1, 'ERR_KEY_FORMAT'],
    [['--check', '-'], 'x'.repeat(1_000_000), 1, 'ERR_KEY_FORMAT'],
    [['--check', big], '', 1, 'ERR_KEY_FORMAT'],
    [['--check', join(dir, 'missing')], '', 1, 'ERR_FILE_READ'],
    [['--check', dir], '', 1, 'ERR_FILE_READ'],
    [[address, '--check', '-'], 'key', 1, 'ERR_KEY_FORMAT'],
    [[address], '', 1, 'ERR_BOOTSTRAP_MISSING'],
    [[address.slice(0, -1)], '', 1, 'ERR_ADDRESS_LENGTH'],
    [['--of', 'sign', '--device', '1'], '', 2, 'ERR_USAGE'],
    [['--device', '0'], '', 2, 'ERR_USAGE'],
    [['--check', '-', '--of', 'dh'], did, 2, 'ERR_USAGE'],
  ]
  for (const [argv, stdin, exit, code] of refusals) {
    const { code: exitCode, error, events } = await key(['--folder', folder, ...argv], { stdin })
    assert.deepEqual([exitCode, error, events], [exit, code, []], argv.join(' '))
  }
})
