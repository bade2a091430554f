import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { sha256 } from '../../src/core/kdf.ts'
import { sign } from '../../src/core/p256.ts'
import { importPkcs11Key, openPkcs11Signer, pkcs11Signer } from '../../src/store/pkcs11-signer.ts'
import type { TokenOptions } from '../../src/store/pkcs11-tool.ts'
import { makeBytes, makeKey } from '../core/identities.ts'
import { textsOf } from '../core/secrets.ts'
import { codeOf } from './folders.ts'
import { FAKE, PIN, type Pretender, pretend } from './softhsm.ts'

/** A tool that does not do as it should: every one is given up with its code, and what it was told stays secret. */

const key = makeKey('fake')
const message = makeBytes('message', 100)
const signerOf = ({ tool }: Pick<Pretender, 'tool'>, options: TokenOptions = {}) =>
  pkcs11Signer(FAKE, key.publicKey, { pin: PIN, tool, ...options })

test('a tool that is missing, is none, or is not on PATH', async (t) => {
  const { tool, folder } = await pretend(t, 'exit 1')
  await writeFile(join(folder, 'text'), 'no program', { mode: 0o600 })
  for (const path of ['/nonexistent/pkcs11-tool', join(folder, 'text'), folder])
    assert.equal(await codeOf(signerOf({ tool: path }).sign(message)), 'ERR_TOKEN_TOOL', path)
  const { PATH } = process.env
  t.after(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = ''
  assert.equal(await codeOf(pkcs11Signer(FAKE, key.publicKey, { pin: PIN }).sign(message)), 'ERR_TOKEN_TOOL')
  assert.equal(await codeOf(openPkcs11Signer(FAKE, { pin: PIN })), 'ERR_TOKEN_TOOL')
  assert.equal(await codeOf(importPkcs11Key(FAKE, key, { pin: PIN })), 'ERR_TOKEN_TOOL')
  assert.ok(tool !== '')
})

const answers: readonly (readonly [string, string, string])[] = [
  ['garbage', 'printf garbage', 'ERR_SIGNER'],
  ['nothing', 'exit 0', 'ERR_SIGNER'],
  ['64 zero bytes', 'head -c 64 /dev/zero', 'ERR_SIGNER'],
  ['96 bytes', 'head -c 96 /dev/urandom', 'ERR_SIGNER'],
  ['a signature of something else', 'cat other', 'ERR_SIGNER'],
  ['the signature and one byte more', 'cat right right | head -c 65', 'ERR_SIGNER'],
  ['a megabyte', 'head -c 1000000 /dev/zero', 'ERR_TOKEN_FAILED'],
  ['without an end', 'exec yes', 'ERR_TOKEN_FAILED'],
  ['complaints without an end', 'exec yes >&2', 'ERR_TOKEN_FAILED'],
  ['the signature, and then fails', 'cat right; exit 1', 'ERR_TOKEN_FAILED'],
  ['by dying', 'kill -9 $$', 'ERR_TOKEN_FAILED'],
  ['that the PIN is wrong', 'echo "C_Login failed: rv = CKR_PIN_INCORRECT (0xa0)" >&2; exit 1', 'ERR_TOKEN_PIN'],
  ['that the PIN is locked', 'echo "rv = CKR_PIN_LOCKED (0xa4)" >&2; exit 1', 'ERR_TOKEN_PIN'],
  ['that the token was pulled out', 'echo "rv = CKR_DEVICE_REMOVED (0x32)" >&2; exit 1', 'ERR_TOKEN_FAILED'],
  ['that there is no key', 'echo "error: Private key not found" >&2; exit 1', 'ERR_TOKEN_KEY'],
]

for (const [name, script, code] of answers)
  test(`a tool that answers ${name}: ${code}`, async (t) => {
    const pretender = await pretend(t, script)
    await writeFile(join(pretender.folder, 'other'), sign(key, makeBytes('something else', 100)))
    await writeFile(join(pretender.folder, 'right'), sign(key, message))
    assert.equal(await codeOf(signerOf(pretender).sign(message)), code)
  })

test('a tool that answers as it should is believed', async (t) => {
  const pretender = await pretend(t, 'cat > input; cat right')
  const right = sign(key, message)
  await writeFile(join(pretender.folder, 'right'), right)
  assert.deepEqual(await signerOf(pretender).sign(message), right)
  assert.equal(await pretender.written('input'), Buffer.from(sha256(message)).toString())
})

test('a public key that is none', async (t) => {
  for (const script of ['printf garbage', 'exit 0', 'head -c 60000 /dev/urandom'])
    assert.equal(await codeOf(openPkcs11Signer(FAKE, await pretend(t, script))), 'ERR_TOKEN_KEY', script)
  // Of the same size and form, but on another curve.
  for (const namedCurve of ['secp256k1', 'secp384r1']) {
    const pretender = await pretend(t, 'cat spki')
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    await writeFile(join(pretender.folder, 'spki'), publicKey.export({ format: 'der', type: 'spki' }))
    assert.equal(await codeOf(openPkcs11Signer(FAKE, pretender)), 'ERR_TOKEN_KEY', namedCurve)
  }
})

/** A process that has ended and that nobody has asked about yet (Z) is dead. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const HANG = 'sleep 1000 & echo "$$ $!" > pids.new; mv pids.new pids; wait'

test('a tool that hangs is killed when its time is over, with all that it started', async (t) => {
  const { tool, written } = await pretend(t, HANG)
  const asked = signerOf({ tool }, { timeout: 1_500 }).sign(message)
  assert.equal(await codeOf(asked), 'ERR_TOKEN_FAILED')
  const pids = (await written('pids'))?.split(' ').map(Number) ?? []
  assert.equal(pids.length, 2)
  while (pids.some(isAlive)) await turn()
})

test('and when the caller goes: by a signal, with the signal’s reason', async (t) => {
  const { tool, written } = await pretend(t, HANG)
  const abort = new AbortController()
  const asked = signerOf({ tool }, { signal: abort.signal }).sign(message)
  let pids: string | null = null
  while (pids === null) {
    await turn()
    pids = await written('pids')
  }
  const reason = new Error('changed my mind')
  abort.abort(reason)
  await assert.rejects(asked, reason)
  for (const pid of pids.split(' ').map(Number)) while (isAlive(pid)) await turn()
  await assert.rejects(signerOf({ tool }, { signal: abort.signal }).sign(message), reason)
})

test('a signal that comes while the PIN is asked for ends it before the token is asked', async (t) => {
  const { tool, written } = await pretend(t, 'exit 1')
  const abort = new AbortController()
  const reason = new Error('changed my mind')
  const pin = async (): Promise<string> => {
    abort.abort(reason)
    return PIN
  }
  await assert.rejects(signerOf({ tool }, { pin, signal: abort.signal }).sign(message), reason)
  assert.equal(await written('calls'), null)
})

test('the PIN goes by the environment, to the call that needs it, and Handfast’s other secrets do not', async (t) => {
  process.env.HANDFAST_PASSPHRASE = 'correct horse'
  t.after(() => {
    delete process.env.HANDFAST_PASSPHRASE
  })
  const pretender = await pretend(t, 'head -c 64 /dev/zero')
  assert.equal(await codeOf(signerOf(pretender).sign(message)), 'ERR_SIGNER')
  const [given, environment] = [await pretender.written('arguments'), await pretender.written('environment')]
  assert.ok(given !== null && environment !== null)
  assert.ok(given.includes('--pin=env:HANDFAST_PKCS11_PIN') && given.includes('--slot=0x5'))
  assert.ok(!given.includes(PIN))
  assert.deepEqual(
    environment.split('\n').filter((line) => line.startsWith('HANDFAST_')),
    [`HANDFAST_PKCS11_PIN=${PIN}`],
  )
  assert.equal((await pretender.written('calls'))?.length, 2)
})

test('a private key goes by a pipe, and stands in no argument', async (t) => {
  // No public key was found, no object listed: then it is written.
  const writer = await pretend(
    t,
    'case "$*" in *read-object*) echo "object not found" >&2; exit 1;; *privkey*) test -p /dev/stdin && cat /dev/stdin > got;; esac',
  )
  assert.equal(await codeOf(importPkcs11Key(FAKE, key, { tool: writer.tool, pin: PIN })), 'ERR_SIGNER')
  const der = key.key.export({ format: 'der', type: 'sec1' })
  assert.equal(await writer.written('got'), der.toString())
  const given = await writer.written('arguments')
  assert.ok(given?.includes('--write-object=/dev/stdin'))
  for (const form of [PIN, der.toString('hex'), der.toString('latin1')]) assert.ok(!given?.includes(form))
})

test('no error and nothing printed shows the PIN, whatever the tool says', async (t) => {
  const secret = '$HANDFAST_PKCS11_PIN'
  for (const script of [
    `echo ${secret} >&2; echo ${secret}; exit 1`,
    `echo "${secret} rv = CKR_PIN_INCORRECT" >&2; exit 1`,
    `echo ${secret}`,
    `yes ${secret}`,
  ]) {
    const signer = signerOf(await pretend(t, script))
    const error = await signer.sign(message).then(
      () => assert.fail(),
      (reason: unknown) => reason,
    )
    for (const text of [textsOf(error), inspect(signer, { depth: null, showHidden: true }), textsOf(signer)])
      assert.ok(!text.includes(PIN), script)
  }
})

test('a PIN that was refused is not offered again; another one is', async (t) => {
  const refusing = 'echo "rv = CKR_PIN_INCORRECT" >&2; exit 1'
  const pretender = await pretend(t, refusing)
  const calls = async (): Promise<number | undefined> => (await pretender.written('calls'))?.length
  const fixed = signerOf(pretender)
  for (const _ of [1, 2, 3]) assert.equal(await codeOf(fixed.sign(message)), 'ERR_TOKEN_PIN')
  assert.equal(await calls(), 2)
  const pins = ['first', 'first', 'second']
  const asking = signerOf(pretender, { pin: async () => pins.shift() ?? '' })
  for (const _ of [1, 2, 3]) assert.equal(await codeOf(asking.sign(message)), 'ERR_TOKEN_PIN')
  assert.equal(await calls(), 6)
})
