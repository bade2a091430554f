import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { exportPrivateKey } from '../../../src/core/p256.ts'
import { phraseKeys } from '../../../src/core/recovery-phrase.ts'
import { isHere, placeOf } from '../../../src/core/root-key.ts'
import { openPkcs11Signer } from '../../../src/store/pkcs11-signer.ts'
import { openVault, readVault } from '../../../src/store/vault.ts'
import { cheapPassphrases } from '../../cheap-passphrases.ts'
import { PIN, startSoftHsm } from '../../store/softhsm.ts'
import { createDht } from '../dht.ts'
import { beginCli, type CliOptions, runCli } from '../in-process.ts'
import { Keyboard, Screen } from '../terminal/screen.ts'

/** The root key on a token of SoftHSM, as it is typed: init, renew, rotate, recover. */

const hsm = await startSoftHsm()
const rootOf = async (folder: string) => (await openVault(folder, null)).identity.root
const logOf = async (folder: string) => (await readVault(folder)).log
const flagsOf = (key: string): readonly string[] => [
  ...['--pkcs11-module', hsm.at(key).module],
  ...['--pkcs11-token', 'Alice', '--pkcs11-key', key],
]
let keys = 0x10
/** An id that no test before used. */
const freshKey = (): string => (keys++).toString(16)

const start = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const dht = await createDht(t)
  const env = { HANDFAST_NETWORK: dht.get('node') ?? '', HANDFAST_PKCS11_PIN: PIN }
  const folder = join(dir, 'alice')
  const cli = (argv: readonly string[], options: CliOptions = {}) => runCli(argv, { env, ...options })
  /** Runs it with --json; its events by name. */
  const events = async (argv: readonly string[], options: CliOptions = {}) => {
    const { code, stdout, stderr } = await cli([...argv, '--json'], options)
    assert.equal(code, 0, stderr)
    for (const text of [stdout, stderr]) assert.ok(!text.includes(PIN))
    const all = stdout.trimEnd().split('\n')
    return new Map(all.map((line) => JSON.parse(line)).map((event) => [event.event, event]))
  }
  /** The exit and error codes with which it fails; nothing may be on stdout. */
  const refusal = async (argv: readonly string[], options: CliOptions = {}): Promise<unknown> => {
    const { code, stdout, stderr } = await cli([...argv, '--json'], options)
    assert.equal(stdout, '')
    assert.ok(!stderr.includes(PIN))
    return [code, JSON.parse(stderr).error.code]
  }
  const init = async (key = freshKey(), into = folder) => {
    const made = await events(['init', '--folder', into, ...flagsOf(key), '--pkcs11-generate'])
    return { key, ...made.get('created') }
  }
  return { dir, folder, env, cli, events, refusal, init }
}

/** What somebody types at a terminal, question by question. */
const atKeyboard = async (argv: readonly string[], env: Record<string, string>, typed: readonly [RegExp, string][]) => {
  const [screen, stdin] = [new Screen(100), new Keyboard()]
  const running = beginCli(argv, { env, streams: { stdin, stdout: screen, stderr: screen } })
  let over = false
  const done = running.done.then(({ code }) => {
    over = true
    return code
  })
  for (const [question, answer] of typed) {
    while (!question.test(screen.text.split('\n').at(-1) ?? '') || !stdin.isRaw) {
      if (over) throw new Error(`not asked: ${question}\n${screen.text}`)
      await turn()
    }
    for (const key of answer) stdin.write(key)
    stdin.write('\r')
    await turn()
  }
  return { code: await done, text: screen.text }
}

test('init makes a key there or uses one that is there; the folder holds no root key', async (t) => {
  const { dir, folder, cli, events, refusal, init } = await start(t)
  const { key, rootKey, sealedBy } = await init()
  assert.deepEqual([rootKey, sealedBy], ['token', 'key-file'])
  const { publicKey } = await openPkcs11Signer(hsm.at(key), { pin: PIN })
  assert.deepEqual(await rootOf(folder), { publicKey, token: hsm.at(key) })
  assert.deepEqual((await logOf(folder)).last.entry.root, publicKey)

  // The same key again, for a second identity; ids are read as other programs write them.
  const second = join(dir, 'second')
  const used = await events(['init', '--folder', second, ...flagsOf(key).slice(0, -1), key.toUpperCase()])
  assert.equal(used.get('created').rootKey, 'token')
  assert.deepEqual(await rootOf(second), await rootOf(folder))

  const { stdout } = await cli(['init', '--folder', join(dir, 'third'), ...flagsOf(key)])
  assert.match(stdout, /^root key {2}on the token$|^root key +on the token$/m)
  const none = join(dir, 'none')
  assert.deepEqual(await refusal(['init', '--folder', folder, ...flagsOf(key)]), [1, 'ERR_STORE_EXISTS'])
  const again = ['init', '--folder', none, ...flagsOf(key), '--pkcs11-generate']
  assert.deepEqual(await refusal(again), [1, 'ERR_TOKEN_KEY_EXISTS'])
  assert.deepEqual(await refusal(['init', '--folder', none, ...flagsOf('ee')]), [1, 'ERR_TOKEN_KEY'])
  assert.deepEqual(await refusal(['init', '--folder', none, ...flagsOf('zz')]), [1, 'ERR_TOKEN_NAME'])
  assert.deepEqual(await refusal(['init', '--folder', none, ...flagsOf(key).slice(2)]), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['init', '--folder', none, '--pkcs11-generate']), [2, 'ERR_USAGE'])
  assert.ok(!(await readdir(dir)).includes('none'))
})

test('the PIN: from a file, the environment or the keyboard; a wrong one, or none, changes nothing', async (t) => {
  const { dir, folder, env, events, refusal, init } = await start(t)
  await init()
  const renew = ['renew', '--folder', folder]
  const { HANDFAST_NETWORK } = env
  const without = { env: { HANDFAST_NETWORK } }
  const wrong = { env: { ...env, HANDFAST_PKCS11_PIN: '0000' } }
  const before = await logOf(folder)
  assert.deepEqual(await refusal(renew, without), [1, 'ERR_TOKEN_PIN'])
  assert.deepEqual(await refusal(renew, wrong), [1, 'ERR_TOKEN_PIN'])
  assert.deepEqual(await refusal([...renew, '--pin-file', join(dir, 'nowhere')]), [1, 'ERR_FILE_READ'])
  assert.deepEqual(await logOf(folder), before)

  const file = join(dir, 'pin')
  await writeFile(file, `${PIN}\n`)
  assert.equal((await events([...renew, '--pin-file', file], wrong)).get('published').seq, 1)
  const typed = await atKeyboard(renew, without.env, [[/^PIN of the token:$/, PIN]])
  assert.equal(typed.code, 0, typed.text)
  assert.ok(!typed.text.includes(PIN))
  const refused = await atKeyboard(renew, without.env, [[/^PIN of the token:$/, '0000']])
  // Asked once: nobody is led into locking the token.
  assert.deepEqual([refused.code, refused.text.split('PIN of the token').length], [1, 2], refused.text)
  assert.match(refused.text, /\[ERR_TOKEN_PIN\]/)
  assert.equal((await logOf(folder)).last.entry.seq, 2)
})

test('renew: new keys for this device, the same root key, and the log is published', async (t) => {
  const { folder, events, cli, init, refusal } = await start(t)
  const { address } = await init()
  const { identity: before } = await openVault(folder, null)
  const told = await events(['renew', '--folder', folder])
  const { head } = told.get('saved')
  const common = { address, epoch: 0, seq: 1, head, status: 'active', happened: 'updated' }
  assert.deepEqual(told.get('saved'), { event: 'saved', ...common, folder, rootKey: 'token' })
  assert.deepEqual([told.get('published').head, told.get('published').accepted], [head, 1])
  const { identity: after } = await openVault(folder, null)
  assert.deepEqual(after.root, before.root)
  for (const key of ['sign', 'ik'] as const) assert.notDeepEqual(after[key].publicKey, before[key].publicKey)
  assert.equal((await events(['lookup', address, '--folder', folder])).get('lookup').head, head)
  const { stdout } = await cli(['renew', '--folder', folder])
  assert.match(stdout, /under the same root key: never replaced, 3 entries/)
  assert.match(stdout, /^root key +on the token$/m)
  const other = freshKey()
  await hsm.tool('Alice', '--keypairgen', '--key-type=EC:prime256v1', `--id=${other}`)
  assert.deepEqual(await refusal(['renew', '--folder', folder, ...flagsOf(other)]), [1, 'ERR_ROOT_OTHER'])
})

test('renew: also with the root key in the folder, which needs no token', async (t) => {
  const { folder, events, cli } = await start(t)
  assert.equal((await cli(['init', '--folder', folder])).code, 0)
  assert.equal((await events(['renew', '--folder', folder])).get('saved').rootKey, 'folder')
  assert.equal((await logOf(folder)).last.entry.seq, 1)
})

test('renew <address>: the laptop is stolen, the token is not', async (t) => {
  const { dir, folder, events, refusal, init } = await start(t)
  const { address, key } = await init()
  await events(['renew', '--folder', folder])
  const fresh = join(dir, 'fresh')
  assert.deepEqual(await refusal(['renew', address, '--folder', fresh]), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['renew', 'hf1x', '--folder', fresh, ...flagsOf(key)]), [1, 'ERR_ADDRESS_LENGTH'])
  const told = await events(['renew', address, '--folder', fresh, ...flagsOf(key)])
  assert.deepEqual([told.get('saved').seq, told.get('saved').rootKey], [2, 'token'])
  // The stolen folder signs nothing any more, even where its thief has the token for a moment.
  assert.deepEqual(await refusal(['renew', '--folder', folder]), [1, 'ERR_PEER_SUPERSEDED'])
  assert.equal((await events(['renew', '--folder', fresh])).get('published').seq, 3)
  assert.equal((await events(['renew', address, '--folder', fresh, ...flagsOf(key)])).get('published').seq, 4)
  const stranger = await init(freshKey(), join(dir, 'stranger'))
  const mixed = ['renew', address, '--folder', join(dir, 'stranger'), ...flagsOf(key)]
  assert.deepEqual(await refusal(mixed), [1, 'ERR_STORE_EXISTS'])
  assert.notEqual(stranger.address, address)
})

test('rotate and recover put the new root key onto the token, or into the folder and say so', async (t) => {
  const { dir, folder, events, refusal, init } = await start(t)
  const { address, recoveryPhrase } = await init()
  const stdin = `${recoveryPhrase}\n`
  const onto = freshKey()
  const rotated = await events(['rotate', '--folder', folder, ...flagsOf(onto)], { stdin })
  assert.deepEqual([rotated.get('saved').rootKey, rotated.get('saved').epoch], ['token', 1])
  const expected = phraseKeys(recoveryPhrase).root(1)
  assert.deepEqual(await rootOf(folder), { publicKey: expected.publicKey, token: hsm.at(onto) })
  assert.deepEqual((await openPkcs11Signer(hsm.at(onto), { pin: PIN })).publicKey, expected.publicKey)
  // It signs from there.
  assert.equal((await events(['renew', '--folder', folder])).get('published').epoch, 1)
  // An id that holds another key: nothing is changed.
  const taken = ['rotate', '--folder', folder, ...flagsOf(onto)]
  assert.deepEqual(await refusal(taken, { stdin }), [1, 'ERR_TOKEN_KEY_EXISTS'])
  assert.equal((await logOf(folder)).epoch, 1)

  const fresh = join(dir, 'fresh')
  const second = freshKey()
  const recovered = await events(['recover', address, '--folder', fresh, ...flagsOf(second)], { stdin })
  assert.deepEqual([recovered.get('saved').rootKey, placeOf(await rootOf(fresh))], ['token', 'token'])
  const plain = await events(['rotate', '--folder', fresh], { stdin })
  assert.deepEqual([plain.get('saved').rootKey, plain.get('published').epoch], ['folder', 3])
  const kept = await rootOf(fresh)
  assert.ok(isHere(kept))
  assert.deepEqual(exportPrivateKey(kept), exportPrivateKey(phraseKeys(recoveryPhrase).root(3)))
})

test('what needs no root key does not ask the token: id, log, passphrase, listen', async (t) => {
  cheapPassphrases(t)
  const { folder, env, events, init } = await start(t)
  const { address } = await init()
  const { HANDFAST_NETWORK } = env
  const before = process.env.SOFTHSM2_CONF
  t.after(() => {
    process.env.SOFTHSM2_CONF = before
  })
  process.env.SOFTHSM2_CONF = '/nonexistent'
  const options = { env: { HANDFAST_NETWORK, HANDFAST_NEW_PASSPHRASE: 'correct horse' } }
  for (const argv of [['id'], ['log'], ['passphrase']]) await events([...argv, '--folder', folder], options)
  const sealed = { env: { HANDFAST_NETWORK, HANDFAST_PASSPHRASE: 'correct horse' } }
  const signals = new EventEmitter()
  const listening = beginCli(['listen', '--json', '--folder', folder], { ...sealed, signals })
  assert.equal((await listening.event('listening')).address, address)
  signals.emit('SIGTERM')
  assert.equal((await listening.done).code, 0)
})
