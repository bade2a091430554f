import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { decrypt, encrypt, FernetError, generateKey } from 'handfast/fernet'
import { anyText } from './core/any-text.ts'
import { seededRandom } from './core/test-bytes.ts'
import { runs } from './runs.ts'

const random = seededRandom('handfast/fernet refusals')
const key = generateKey()
const hello = new TextEncoder().encode('hello')
const NOW = 1_700_000_000
const token = encrypt(key, hello, { now: NOW })

const text = (bytes: Uint8Array): string => {
  const unpadded = Buffer.from(bytes).toString('base64url')
  return unpadded + '='.repeat((4 - (unpadded.length % 4)) % 4)
}
const raw = (base64: string): Buffer => Buffer.from(base64, 'base64url')

/** The code of the FernetError with which `action` refuses. */
const refusal = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof FernetError, `${error}`)
    return error.code
  }
  return 'accepted'
}

test('ERR_FERNET_KEY: anything but 32 bytes or their canonical text', () => {
  const alphabet = text(new Uint8Array(32).fill(0xfb)) // - and _ in base64url
  const notKeys = [
    '',
    key.slice(0, -1), // unpadded
    `${key}\n`,
    ` ${key}`,
    alphabet.replaceAll('-', '+').replaceAll('_', '/'),
    text(random(16)),
    text(random(31)),
    text(random(33)),
    text(random(64)),
    '*'.repeat(44),
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint8Array(0),
    undefined,
    null,
    32,
    Array.from(raw(key)),
  ] as unknown[]
  for (const notKey of notKeys) {
    assert.equal(
      refusal(() => encrypt(notKey as string, hello)),
      'ERR_FERNET_KEY',
      `${notKey}`,
    )
    assert.equal(
      refusal(() => decrypt(notKey as string, token)),
      'ERR_FERNET_KEY',
      `${notKey}`,
    )
  }
})

test('ERR_FERNET_KEY: the last character has one spelling', () => {
  const zeros = text(new Uint8Array(32)) // 43 times A, then =
  assert.deepEqual(decrypt(zeros, encrypt(zeros, hello)), hello)
  for (const letter of 'BCD')
    assert.equal(
      refusal(() => encrypt(`${'A'.repeat(42)}${letter}=`, hello)),
      'ERR_FERNET_KEY',
    )
})

test('ERR_FERNET_BASE64: a token has one spelling', () => {
  assert.ok(token.endsWith('=='))
  const notTokens = [
    token.slice(0, -1),
    token.slice(0, -2),
    `${token}=`,
    `${token}\n`,
    ` ${token}`,
    `${token.slice(0, 10)}\n${token.slice(10)}`,
    `${token}${token}`,
    `${token.slice(0, 9)}%${token.slice(10)}`,
    `${token.slice(0, 9)}ü${token.slice(10)}`,
    undefined,
    null,
    raw(token),
  ] as unknown[]
  for (const notToken of notTokens)
    assert.equal(
      refusal(() => decrypt(key, notToken as string)),
      'ERR_FERNET_BASE64',
      `${notToken}`,
    )
})

test('ERR_FERNET_BASE64: neither the other alphabet nor loose bits at the end', () => {
  const withBoth = Array.from({ length: 20 }, () => encrypt(key, random(60))).find(
    (one) => /-/.test(one) && /_/.test(one),
  )
  assert.ok(withBoth)
  assert.equal(
    refusal(() => decrypt(key, withBoth.replaceAll('-', '+'))),
    'ERR_FERNET_BASE64',
  )
  assert.equal(
    refusal(() => decrypt(key, withBoth.replaceAll('_', '/'))),
    'ERR_FERNET_BASE64',
  )
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = letters[letters.indexOf(token.at(-3) ?? '') + 1] ?? ''
  assert.deepEqual(raw(`${token.slice(0, -3)}${last}==`), raw(token), 'the same bytes')
  assert.equal(
    refusal(() => decrypt(key, `${token.slice(0, -3)}${last}==`)),
    'ERR_FERNET_BASE64',
  )
})

test('ERR_FERNET_VERSION, ERR_FERNET_LENGTH, ERR_FERNET_MAC', () => {
  const bytes = raw(token)
  assert.equal(
    refusal(() => decrypt(key, text(Buffer.concat([Buffer.of(0x81), bytes.subarray(1)])))),
    'ERR_FERNET_VERSION',
  )
  assert.equal(
    refusal(() => decrypt(key, '')),
    'ERR_FERNET_LENGTH',
  )
  assert.equal(
    refusal(() => decrypt(key, text(bytes.subarray(0, 72)))),
    'ERR_FERNET_LENGTH',
  )
  assert.equal(
    refusal(() => decrypt(generateKey(), token)),
    'ERR_FERNET_MAC',
  )
})

test('ERR_FERNET_PADDING: the MAC holds, the padding does not', () => {
  const body = raw(token).subarray(0, -32)
  body[24] = (body[24] ?? 0) ^ 1
  const mac = createHmac('sha256', raw(key).subarray(0, 16)).update(body).digest()
  assert.equal(
    refusal(() => decrypt(key, text(Buffer.concat([body, mac])))),
    'ERR_FERNET_PADDING',
  )
})

test('ERR_FERNET_EXPIRED, ERR_FERNET_FUTURE', () => {
  assert.deepEqual(decrypt(key, token, { ttl: 60, now: NOW + 60 }), hello)
  assert.equal(
    refusal(() => decrypt(key, token, { ttl: 60, now: NOW + 61 })),
    'ERR_FERNET_EXPIRED',
  )
  assert.deepEqual(decrypt(key, token, { now: NOW - 60 }), hello)
  assert.equal(
    refusal(() => decrypt(key, token, { now: NOW - 61 })),
    'ERR_FERNET_FUTURE',
  )
})

test('ERR_FERNET_OPTION: seconds are whole and not negative, an iv is 16 bytes', () => {
  for (const seconds of [Number.NaN, -1, -0.5, Number.POSITIVE_INFINITY, 2 ** 53, '60', null] as unknown as number[]) {
    assert.equal(
      refusal(() => encrypt(key, hello, { now: seconds })),
      'ERR_FERNET_OPTION',
    )
    assert.equal(
      refusal(() => decrypt(key, token, { now: seconds })),
      'ERR_FERNET_OPTION',
    )
    assert.equal(
      refusal(() => decrypt(key, token, { ttl: seconds })),
      'ERR_FERNET_OPTION',
    )
  }
  for (const iv of [
    new Uint8Array(0),
    new Uint8Array(15),
    new Uint8Array(17),
    '0123456789abcdef',
  ] as unknown as Uint8Array[])
    assert.equal(
      refusal(() => encrypt(key, hello, { iv })),
      'ERR_FERNET_OPTION',
    )
})

test('random text is refused with a FernetError', () => {
  const texts = fc.oneof(
    anyText(),
    fc.base64String(),
    fc.uint8Array({ maxLength: 150 }).map(text),
    fc.uint8Array({ maxLength: 150 }).map((bytes) => text(Buffer.concat([Buffer.of(0x80), bytes]))),
  )
  fc.assert(
    fc.property(texts, (value) => {
      assert.match(
        refusal(() => decrypt(key, value)),
        /^ERR_FERNET_(BASE64|VERSION|LENGTH|MAC)$/,
      )
    }),
    { seed: 132, numRuns: runs(3000) },
  )
})

test('one character of a token changed to any other is refused', () => {
  for (const at of [0, 1, 5, 6, 11, 12, 50, token.length - 3, token.length - 1])
    for (const letter of 'ABMZaz09-_=+/ ')
      if (letter !== token[at])
        assert.match(
          refusal(() => decrypt(key, token.slice(0, at) + letter + token.slice(at + 1))),
          /^ERR_FERNET_(BASE64|VERSION|LENGTH|MAC)$/,
        )
})
