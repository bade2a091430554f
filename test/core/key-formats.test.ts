import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { base58 } from '@scure/base'
import { hex } from '../../src/core/bytes.ts'
import { exportPublicKey, KEY_FORMATS, parsePublicKey } from '../../src/core/key-formats.ts'
import { exportPrivateKey, importPublicKey } from '../../src/core/p256.ts'
import { failsWith, makeKey } from './identities.ts'
import { findPython } from './python.ts'
import { reveals, textsOf } from './secrets.ts'
import { fromHex } from './test-bytes.ts'

const FORMAT = { name: 'KeyError', code: 'ERR_KEY_FORMAT' }
const keys = Array.from({ length: 12 }, (_, index) => makeKey(`key ${index}`))
const key = makeKey('key')
const point = key.publicKey

/** W3C CCG did:key, the P-256 examples: the identifier and its publicKeyJwk. */
const EXAMPLES = [
  {
    did: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
    x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
    y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
  },
  {
    did: 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv',
    x: 'igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns',
    y: 'efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM',
  },
]

for (const { did, x, y } of EXAMPLES)
  test(`§8 ${did} of the did:key specification`, () => {
    const read = parsePublicKey(did)
    importPublicKey(read)
    assert.equal(exportPublicKey(read, 'did'), did)
    assert.deepEqual(JSON.parse(exportPublicKey(read, 'jwk')), { kty: 'EC', crv: 'P-256', x, y })
    assert.deepEqual(parsePublicKey(JSON.stringify({ kty: 'EC', crv: 'P-256', x, y })), read)
  })

for (const format of KEY_FORMATS)
  test(`§8 a key written as ${format} reads as the same point, white space around it or not`, () => {
    for (const { publicKey } of keys) {
      const text = exportPublicKey(publicKey, format)
      assert.deepEqual(parsePublicKey(text), publicKey)
      assert.deepEqual(parsePublicKey(`\n  ${text}\r\n`), publicKey)
      assert.deepEqual(parsePublicKey(text.trim()), publicKey)
    }
    assert.deepEqual(new Set(keys.map(({ publicKey }) => publicKey[0])), new Set([2, 3]))
  })

test('§8 a did:key is read without did:key: too, as a DID document has it', () => {
  for (const { publicKey } of keys) {
    const multibase = exportPublicKey(publicKey, 'did').slice('did:key:'.length)
    assert.match(multibase, /^zDn/)
    assert.deepEqual(parsePublicKey(` ${multibase}\n`), publicKey)
  }
})

test('§8 only points on the curve are written', () => {
  const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1)
  for (const format of KEY_FORMATS)
    for (const bytes of [offCurve, new Uint8Array(33), point.subarray(1), new Uint8Array(0)])
      assert.throws(() => exportPublicKey(bytes, format), failsWith('ERR_P256_POINT'))
})

test('§8 a JWK may say more about its public key', () => {
  const jwk = { ...JSON.parse(exportPublicKey(point, 'jwk')), kid: 'phone', use: 'sig', alg: 'ES256' }
  assert.deepEqual(parsePublicKey(JSON.stringify(jwk, null, 2)), point)
})

const pemOf = (publicKey: KeyObject): string => String(publicKey.export({ format: 'pem', type: 'spki' }))
const jwkOf = (publicKey: KeyObject): string => JSON.stringify(publicKey.export({ format: 'jwk' }))
const others: { readonly [name: string]: KeyObject } = {
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  Ed25519: generateKeyPairSync('ed25519').publicKey,
  X25519: generateKeyPairSync('x25519').publicKey,
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
}

for (const [name, other] of Object.entries(others))
  test(`§8 a key on ${name} is refused`, () => {
    for (const text of [pemOf(other), jwkOf(other)]) assert.throws(() => parsePublicKey(text), FORMAT)
  })

test('§8 a did:key of another kind, length or point is refused', () => {
  const did = (...parts: readonly number[]) => `did:key:z${base58.encode(Uint8Array.from(parts))}`
  const refused = [
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', // Ed25519
    'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme', // secp256k1
    'did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9', // P-384
    did(0x80, 0x24, ...point, 0),
    did(0x80, 0x24, ...point.subarray(1)),
    did(0x81, 0x24, ...point),
    did(0x80, 0x25, ...point),
    'did:key:z',
    'did:key:z0OIl',
    `did:key:zz${exportPublicKey(point, 'did').slice(9)}`,
    `${exportPublicKey(point, 'did')}#key-1`,
    exportPublicKey(point, 'did').slice('did:key:z'.length),
    exportPublicKey(point, 'did').replace('did:key:', 'm'),
    exportPublicKey(point, 'did').replace('did:key:', 'did:key: '),
    'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'z',
    exportPublicKey(point, 'did').replace(':z', ':m'),
    exportPublicKey(point, 'did').toUpperCase(),
    exportPublicKey(point, 'did').replace('did:key', 'did:web'),
  ]
  for (const text of refused) assert.throws(() => parsePublicKey(text), FORMAT, text)
  for (const bytes of [
    new Uint8Array(33),
    Uint8Array.of(2, ...new Uint8Array(31), 1),
    Uint8Array.of(4, ...point.subarray(1)),
  ])
    assert.throws(() => parsePublicKey(did(0x80, 0x24, ...bytes)), failsWith('ERR_P256_POINT'))
})

test('§8 a point off the curve is refused as JWK and as SPKI', () => {
  const jwk = JSON.parse(exportPublicKey(point, 'jwk'))
  const { x, y } = JSON.parse(exportPublicKey(makeKey('another').publicKey, 'jwk'))
  for (const wrong of [
    { y },
    { x },
    { y: 'AAAA' },
    { x: '' },
    { y: undefined },
    { x: 1 },
    { crv: 'P-384' },
    { kty: 'OKP' },
  ])
    assert.throws(() => parsePublicKey(JSON.stringify({ ...jwk, ...wrong })), FORMAT)
  const der = Buffer.from(importPublicKey(point).export({ format: 'der', type: 'spki' }))
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`
  assert.throws(() => parsePublicKey(pem), FORMAT)
})

/** SPKI whose curve is spelt out, and is P-256 but for the base point, which is the public key: private key 1 would sign for it. */
const ownBasePoint = (): string => {
  const jwk = importPublicKey(point).export({ format: 'jwk' })
  const xy = [jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url').toString('hex')).join('')
  const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'
  const [a, b] = [p.replace(/f$/, 'c'), '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b']
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const tlv = (tag: string, ...contents: readonly string[]): string => {
    const content = contents.join('')
    const size = content.length / 2
    const length = size < 128 ? '' : size < 256 ? '81' : '82'
    return `${tag}${length}${size.toString(16).padStart(size < 256 ? 2 : 4, '0')}${content}`
  }
  const field = tlv('30', tlv('06', '2a8648ce3d0101'), tlv('02', `00${p}`))
  const curve = tlv('30', tlv('04', a), tlv('04', b))
  const parameters = tlv(
    '30',
    tlv('02', '01'),
    field,
    curve,
    tlv('04', `04${xy}`),
    tlv('02', `00${order}`),
    tlv('02', '01'),
  )
  const spki = tlv('30', tlv('30', tlv('06', '2a8648ce3d0201'), parameters), tlv('03', `0004${xy}`))
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(fromHex(spki)).toString('base64')}\n-----END PUBLIC KEY-----\n`
}

test('§8 a curve of one’s own making is refused, though it differs from P-256 in its base point only', () => {
  assert.notEqual(createPublicKey(ownBasePoint()).asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.throws(() => parsePublicKey(ownBasePoint()), FORMAT)
})

test('§8 what is no key is refused', () => {
  const spki = exportPublicKey(point, 'spki')
  const texts = [
    '',
    ' ',
    '{}',
    '{',
    '[]',
    'null',
    '{"d":',
    '{"kty":"oct","k":"AAAA"}',
    hex(point),
    Buffer.from(point).toString('base64url'),
    spki.replace('BEGIN PUBLIC', 'BEGIN EC PUBLIC'),
    spki.slice(0, 60),
    spki.replace(/M/g, 'N'),
    '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
    `x${spki}`,
    `${exportPublicKey(point, 'jwk')}x`,
    `${exportPublicKey(point, 'jwk')}${' '.repeat(3000)}x`,
    `did:key:z${'2'.repeat(1_000_000)}`,
  ]
  for (const text of texts) assert.throws(() => parsePublicKey(text), FORMAT, text.slice(0, 40))
  assert.deepEqual(parsePublicKey(`${exportPublicKey(point, 'jwk')}${' '.repeat(3000)}`), point)
})

test('§8 a text of more than 2000 characters is not read', () => {
  const jwk = { ...JSON.parse(exportPublicKey(point, 'jwk')), kid: '' }
  const sized = (size: number) => JSON.stringify({ ...jwk, kid: 'k'.repeat(size - JSON.stringify(jwk).length) })
  assert.deepEqual(parsePublicKey(sized(2000)), point)
  assert.throws(() => parsePublicKey(sized(2001)), FORMAT)
})

test('§8 a private key is refused in any form, and no error tells it', () => {
  const scalar = exportPrivateKey(key)
  const jwk = key.key.export({ format: 'jwk' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const texts = [
    JSON.stringify(jwk),
    JSON.stringify({ ...jwk, x: 'AAAA' }),
    JSON.stringify({ ...jwk, kty: 'oct', k: jwk.d }),
    JSON.stringify({ kty: 'oct', k: jwk.d }),
    JSON.stringify(jwk).slice(0, -1),
    `${JSON.stringify(jwk).slice(0, -1)} ${jwk.d}`,
    `{${jwk.d}}`,
    JSON.stringify(rsa.export({ format: 'jwk' })).slice(0, 1900),
    String(key.key.export({ format: 'pem', type: 'pkcs8' })),
    String(key.key.export({ format: 'pem', type: 'sec1' })),
    String(key.key.export({ format: 'pem', type: 'pkcs8' })).replaceAll('PRIVATE', 'PUBLIC'),
    hex(scalar),
    `did:key:z${base58.encode(scalar)}`,
    `did:key:z${base58.encode(scalar)}0`,
  ]
  for (const text of texts)
    assert.throws(
      () => parsePublicKey(text),
      (error: { code?: string; cause?: unknown }) => {
        assert.deepEqual([error.code, error.cause], ['ERR_KEY_FORMAT', undefined])
        return !reveals(textsOf(error), scalar)
      },
      text.slice(0, 40),
    )
})

const PEER = `
import json, sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
def both(pem):
    key = load_pem_public_key(pem.encode())
    return {
        "point": key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex(),
        "pem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }
print(json.dumps([both(pem) for pem in json.load(sys.stdin)]))
`

test("§8 Python's cryptography reads and writes the same SPKI PEM", () => {
  const pems = keys.map(({ publicKey }) => exportPublicKey(publicKey, 'spki'))
  const { stdout } = spawnSync(findPython(), ['-c', PEER], { input: JSON.stringify(pems), encoding: 'utf8' })
  const answers: readonly { readonly point: string; readonly pem: string }[] = JSON.parse(stdout)
  assert.deepEqual(
    answers,
    keys.map(({ publicKey }, index) => ({ point: hex(publicKey), pem: pems[index] })),
  )
})
