import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decrypt, encrypt, generateKey } from '../../src/fernet.ts'
import { type PythonPeer, startPython } from './python.ts'
import { refusalOf } from './refusal.ts'
import { seededRandom } from './test-bytes.ts'

/** Agreement with Python's `cryptography`, the Fernet most people use: one Python process answers over stdin and stdout. */

type Answer = { readonly token?: string; readonly data?: string; readonly key?: string; readonly error?: string }

let python: PythonPeer

const ask = (question: Parameters<PythonPeer['ask']>[0]): Promise<Answer> => python.ask(question) as Promise<Answer>

before(() => {
  python = startPython('fernet_peer.py')
})

after(() => python?.close())

const random = seededRandom('fernet python')
const key = generateKey()
const NOW = 1_700_000_000

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const toToken = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('base64url')
    .padEnd(Math.ceil(bytes.length / 3) * 4, '=')
const raw = (token: string): Buffer => Buffer.from(token, 'base64url')

/** Every size around the first blocks, then a spread up to 1 MiB. */
const SIZES = [
  ...Array.from({ length: 50 }, (_, size) => size),
  ...[255, 256, 1000, 4095, 65_535, 65_536, 300_001, 1024 * 1024],
  ...Array.from({ length: 20 }, () => Buffer.from(random(4)).readUInt32BE() % 100_000),
]

test('Python opens what is encrypted here, from 0 B to 1 MiB', async () => {
  for (const size of SIZES) {
    const data = random(size)
    const { data: opened } = await ask({ op: 'decrypt', key, token: encrypt(key, data) })
    assert.ok(opened === base64(data), `${size} bytes`)
  }
})

test('what Python encrypts opens here, and encrypting with its iv and time gives the very same token', async () => {
  for (const size of SIZES) {
    const data = random(size)
    const { token = '' } = await ask({ op: 'encrypt', key, data: base64(data), time: NOW })
    assert.ok(Buffer.from(data).equals(decrypt(key, token, { ttl: 0, now: NOW })), `${size} bytes`)
    assert.ok(token === encrypt(key, data, { now: NOW, iv: raw(token).subarray(9, 25) }), `${size} bytes`)
  }
})

test('keys of either side serve the other, as text and as bytes', async () => {
  for (let round = 0; round < 10; round++) {
    const { key: theirs = '' } = await ask({ op: 'key' })
    for (const text of [theirs, generateKey()])
      for (const form of [text, Uint8Array.from(raw(text))]) {
        const data = random(40)
        assert.equal((await ask({ op: 'decrypt', key: text, token: encrypt(form, data) })).data, base64(data))
        const { token = '' } = await ask({ op: 'encrypt', key: text, data: base64(data), time: NOW })
        assert.deepEqual(decrypt(form, token, { now: NOW }), data)
      }
  }
})

test('keys that are not 32 bytes are refused by both', async () => {
  for (const size of [0, 16, 31, 33, 64]) {
    const notKey = toToken(random(size))
    assert.equal((await ask({ op: 'encrypt', key: notKey, data: '', time: NOW })).error, 'key')
    assert.equal(
      refusalOf(() => encrypt(notKey, new Uint8Array(0))),
      'ERR_FERNET_KEY',
    )
  }
})

/** Both refuse, or both open to the same bytes. */
const agree = async (
  token: string,
  { ttl, now = NOW, what }: { ttl?: number; now?: number; what: string },
): Promise<boolean> => {
  const theirs = await ask({ op: 'decrypt', key, token, ...(ttl === undefined ? {} : { ttl, time: now }) })
  const refusal = refusalOf(() => decrypt(key, token, { ttl, now }))
  assert.equal(theirs.error, refusal === null ? undefined : 'token', `${what}: ${refusal}`)
  if (refusal === null) assert.equal(theirs.data, base64(decrypt(key, token, { ttl, now })), what)
  return refusal === null
}

const token = encrypt(key, random(40), { now: NOW, iv: random(16) })

test('a token with a bit flipped, in any byte, is refused by both', async () => {
  for (const [index, byte] of raw(token).entries()) {
    const flipped = raw(token)
    flipped[index] = byte ^ (1 << (index % 8))
    assert.equal(await agree(toToken(flipped), { what: `byte ${index}` }), false)
  }
})

test('a token cut off, made longer, or under another key is refused by both', async () => {
  for (let size = 0; size < raw(token).length; size++)
    assert.equal(await agree(toToken(raw(token).subarray(0, size)), { what: `${size} bytes` }), false)
  for (const extra of [1, 15, 16, 32])
    assert.equal(await agree(toToken(Buffer.concat([raw(token), random(extra)])), { what: `${extra} more` }), false)
  assert.equal(await agree(encrypt(generateKey(), random(5), { now: NOW }), { what: 'another key' }), false)
})

test('text that is no base64url is refused by both', async () => {
  for (const text of ['', '=', 'a', token.slice(0, -1), `${token.slice(0, 10)}`, '*'.repeat(140)])
    assert.equal(await agree(text, { what: text }), false)
})

test('random tokens are refused by both', async () => {
  for (let round = 0; round < 100; round++) {
    const bytes = Buffer.concat([Buffer.of(0x80), random(8 + 16 + 16 * (round % 5) + 32 + (round % 3))])
    assert.equal(await agree(toToken(bytes), { what: bytes.toString('hex') }), false)
  }
})

test('ttl: both count the same seconds, at the edges and far from them', async () => {
  const ages = [-1000, -62, -61, -60, -59, -1, 0, 1, 9, 10, 11, 59, 60, 61, 3600, 10 ** 9]
  let opened = 0
  for (const age of ages)
    for (const ttl of [0, 1, 10, 60, 10 ** 9])
      if (await agree(token, { ttl, now: NOW + age, what: `age ${age}, ttl ${ttl}` })) opened++
  assert.ok(opened > 20 && opened < 60, `${opened} opened`)
})

test('without ttl Python opens a token of any time, while one from the future is refused here', async () => {
  const future = encrypt(key, random(5), { now: NOW })
  assert.equal((await ask({ op: 'decrypt', key, token: future })).error, undefined)
  assert.equal(
    refusalOf(() => decrypt(key, future, { now: NOW - 61 })),
    'ERR_FERNET_FUTURE',
  )
})
