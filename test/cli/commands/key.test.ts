import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIdentity, renewDevice } from '../../../src/core/identity.ts'
import { exportPublicKey, type KeyFormat, parsePublicKey } from '../../../src/core/key-formats.ts'
import { exportPrivateKey } from '../../../src/core/p256.ts'
import { rotateIdentity } from '../../../src/core/recovery.ts'
import { reveals } from '../../core/secrets.ts'
import { runCli } from '../in-process.ts'
import { key, now, random, start } from './keys.ts'

/** key: public keys in the forms other software reads, out and in. */

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
    [[address], '', 1, 'ERR_NETWORK_MISSING'],
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
