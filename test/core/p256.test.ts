import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { hex, utf8 } from '../../src/core/bytes.ts'
import {
  dh,
  exportPrivateKey,
  generatePrivateKey,
  importPrivateKey,
  importPublicKey,
  sign,
  verify,
} from '../../src/core/p256.ts'
import { runs } from '../runs.ts'
import { fromHex, seededRandom } from './test-bytes.ts'

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const bytes32 = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'))

/** SEC 1 §2.3.3: the compressed form of an uncompressed point. */
const compressed = (uncompressed: string): Uint8Array => {
  const odd = Number.parseInt(uncompressed.slice(-1), 16) % 2
  return fromHex(`${odd === 1 ? '03' : '02'}${uncompressed.slice(2, 66)}`)
}

const POINT = { name: 'KeyError', code: 'ERR_P256_POINT' }
const SCALAR = { name: 'KeyError', code: 'ERR_P256_SCALAR' }

/** RFC 6979 A.2.5: Ux and Uy. */
const RFC_6979_UNCOMPRESSED =
  '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const RFC_6979_KEY = compressed(RFC_6979_UNCOMPRESSED)

test('RFC 6979 A.2.5 the public key of the example', () => {
  const key = importPrivateKey(fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'))
  assert.equal(hex(key.publicKey), '0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6')
  assert.deepEqual(key.publicKey, RFC_6979_KEY)
})

const SAMPLE_R = 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716'
const SAMPLE_S = 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8'

test('RFC 6979 A.2.5 "test", whose s is low, verifies', () => {
  const signature = fromHex(
    'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  )
  assert.equal(verify(RFC_6979_KEY, utf8('test'), signature), true)
  assert.equal(verify(RFC_6979_KEY, utf8('sample'), signature), false)
})

test('§1 low-s only: RFC 6979 A.2.5 "sample" is refused with its high s and holds with n − s', () => {
  const low = hex(bytes32(N - BigInt(`0x${SAMPLE_S}`)))
  assert.equal(verify(RFC_6979_KEY, utf8('sample'), fromHex(SAMPLE_R + SAMPLE_S)), false)
  assert.equal(verify(RFC_6979_KEY, utf8('sample'), fromHex(SAMPLE_R + low)), true)
})

test('RFC 5903 §8.1 ECDH P-256, from both sides', () => {
  const i = importPrivateKey(fromHex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'))
  const r = importPrivateKey(fromHex('c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53'))
  assert.equal(hex(i.publicKey), '03dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180')
  assert.equal(hex(r.publicKey), '03d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63')
  const shared = 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'
  assert.equal(hex(dh(r.publicKey, i)), shared)
  assert.equal(hex(dh(i.publicKey, r)), shared)
})

/** Wycheproof testvectors_v1/ecdh_secp256r1_ecpoint_test.json: tcId, public, private, shared. */
const WYCHEPROOF_ECDH: readonly (readonly [number, string, string, string])[] = [
  [
    1,
    '0462d5bd3372af75fe85a040715d0f502428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf8d13990eb741c8c38872b4a07d275a014e30cf',
    '0612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346',
    '53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285',
  ],
  [
    3, // the shared x is zero
    '0458fd4168a87795603e2b04390285bdca6e57de6027fe211dd9d25e2212d29e62080d36bd224d7405509295eed02a17150e03b314f96da37445b0d1d29377d12c',
    '0a0d622a47e48f6bc1038ace438c6f528aa00ad2bd1da5f13ee46bf5f633d71a',
    '0000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    5, // leading zeros are kept
    '041b0e7437c33d379929430d3ec10df59bed7fe2a1d950c5791e1e9ddeef1f4d70fbdb0e3bbce63a27f27838c685207f2ccaf689d25eb622744db1168ac92619e8',
    '0a0d622a47e48f6bc1038ace438c6f528aa00ad2bd1da5f13ee46bf5f633d71a',
    '0000000000000000000000000000000000000000000000000000000000010000',
  ],
  [
    315, // the scalar 3
    '0431028f3377fc8f2b1967edaab90213acad0da9f50897f08f57537f78f116744743a1930189363bbde2ac4cbd1649cdc6f451add71dd2f16a8a867f2b17caa16b',
    '0000000000000000000000000000000000000000000000000000000000000003',
    '85a0b58519b28e70a694ec5198f72c4bfdabaa30a70f7143b5b1cd7536f716ca',
  ],
  [
    328, // the scalar n − 3: the same x
    '0431028f3377fc8f2b1967edaab90213acad0da9f50897f08f57537f78f116744743a1930189363bbde2ac4cbd1649cdc6f451add71dd2f16a8a867f2b17caa16b',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e',
    '85a0b58519b28e70a694ec5198f72c4bfdabaa30a70f7143b5b1cd7536f716ca',
  ],
]

for (const [tcId, uncompressed, scalar, shared] of WYCHEPROOF_ECDH)
  test(`Wycheproof ECDH secp256r1 tcId ${tcId}`, () => {
    assert.equal(hex(dh(compressed(uncompressed), importPrivateKey(fromHex(scalar)))), shared)
  })

/** Wycheproof testvectors_v1/ecdsa_secp256r1_sha256_p1363_test.json, group 1, tcId 1: the low-s twin of its signature. */
const ECDSA_KEY = compressed(
  '042927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e',
)
const ECDSA_MESSAGE = fromHex('313233343030')
const ECDSA_R = '2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18'
const ECDSA_LOW_S = '4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76'

test('Wycheproof ECDSA secp256r1 SHA-256 P1363 tcId 1 verifies', () => {
  assert.equal(verify(ECDSA_KEY, ECDSA_MESSAGE, fromHex(ECDSA_R + ECDSA_LOW_S)), true)
})

test('Wycheproof ECDSA: replaced and special values of r and s do not verify', () => {
  const r = BigInt(`0x${ECDSA_R}`)
  const s = BigInt(`0x${ECDSA_LOW_S}`)
  const special = [0n, 1n, N - 1n, N, N + 1n, P, P + 1n, 2n ** 256n - 1n]
  const pairs: readonly (readonly [bigint, bigint])[] = [
    ...special.flatMap((a) => special.map((b) => [a, b] as const)),
    ...special.flatMap((a) => [[a, s] as const, [r, a] as const]),
    [N - r, s],
    [r, N - s], // the same signature, with a high s
    [s, r],
  ]
  for (const [a, b] of pairs)
    assert.equal(verify(ECDSA_KEY, ECDSA_MESSAGE, fromHex(hex(bytes32(a)) + hex(bytes32(b)))), false, `${a}, ${b}`)
})

test('a signature of another length does not verify', () => {
  for (const signature of ['', ECDSA_R, `00${ECDSA_R}${ECDSA_LOW_S}`, `${ECDSA_R}${ECDSA_LOW_S}00`])
    assert.equal(verify(ECDSA_KEY, ECDSA_MESSAGE, fromHex(signature)), false)
  const der = `30440220${ECDSA_R}0220${ECDSA_LOW_S}`
  assert.equal(verify(ECDSA_KEY, ECDSA_MESSAGE, fromHex(der)), false)
})

const random = seededRandom('p256')
const alice = generatePrivateKey(random)
const bob = generatePrivateKey(random)

test('§1 sign makes 64 bytes with s in the lower half, every time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
      const signature = sign(alice, message)
      assert.equal(signature.length, 64)
      assert.ok(BigInt(`0x${hex(signature.subarray(32))}`) <= N / 2n)
      assert.equal(verify(alice.publicKey, message, signature), true)
      assert.equal(verify(bob.publicKey, message, signature), false)
    }),
    { seed: 6979, numRuns: runs(300) },
  )
})

test('a signature with any bit flipped does not verify', () => {
  const message = utf8('hello')
  const signature = sign(alice, message)
  for (let bit = 0; bit < 512; bit++) {
    const flipped = Uint8Array.from(signature)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(verify(alice.publicKey, message, flipped), false, `bit ${bit}`)
  }
})

test('SEC 1 §2.3.4 points that are not 33 bytes of a point on the curve are refused everywhere', () => {
  const x = hex(alice.publicKey).slice(2)
  const notPoints: readonly string[] = [
    '',
    '00', // the identity
    `00${'00'.repeat(32)}`,
    x,
    `04${x}`,
    `05${x}`,
    `06${x}`,
    `02${x}00`,
    `02${x.slice(2)}`,
    `02${'00'.repeat(31)}01`, // x = 1: not on the curve
    `02${hex(bytes32(P))}`, // x = p, where x = 0 is a point
    `02${hex(bytes32(P + 5n))}`, // x = p + 5, where x = 5 is a point
    `02${'ff'.repeat(32)}`,
    `04${'00'.repeat(64)}`,
    RFC_6979_UNCOMPRESSED,
    `07${RFC_6979_UNCOMPRESSED.slice(2)}`, // X9.62's hybrid form
  ]
  for (const point of notPoints) {
    assert.throws(() => importPublicKey(fromHex(point)), POINT, point)
    assert.throws(() => dh(fromHex(point), alice), POINT, point)
    assert.throws(() => verify(fromHex(point), new Uint8Array(0), new Uint8Array(64)), POINT, point)
  }
  for (const x0 of [0n, 5n]) assert.doesNotThrow(() => importPublicKey(fromHex(`02${hex(bytes32(x0))}`)))
})

test('FIPS 186-5 A.2 scalars outside 1..n−1, or of another length, are refused', () => {
  for (const scalar of [0n, N, N + 1n, 2n ** 256n - 1n]) assert.throws(() => importPrivateKey(bytes32(scalar)), SCALAR)
  for (const size of [0, 31, 33]) assert.throws(() => importPrivateKey(new Uint8Array(size).fill(1)), SCALAR)
})

test('the smallest and largest scalars are keys, and come out as they went in', () => {
  const generator = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
  assert.equal(hex(importPrivateKey(bytes32(1n)).publicKey), `03${generator}`)
  assert.equal(hex(importPrivateKey(bytes32(N - 1n)).publicKey), `02${generator}`)
  for (const scalar of [1n, 255n, N - 1n])
    assert.deepEqual(exportPrivateKey(importPrivateKey(bytes32(scalar))), bytes32(scalar))
})

test('FIPS 186-5 A.2.2 candidates out of range are drawn again, and every candidate is wiped', () => {
  const drawn: Uint8Array[] = []
  const candidates = [0n, N, 2n ** 256n - 1n, 7n]
  const key = generatePrivateKey(() => {
    const candidate = bytes32(candidates[drawn.length] ?? 0n)
    drawn.push(candidate)
    return candidate
  })
  assert.deepEqual(exportPrivateKey(key), bytes32(7n))
  assert.equal(drawn.length, 4)
  for (const candidate of drawn) assert.deepEqual(candidate, new Uint8Array(32))
})

test('importing does not keep the memory it was given', () => {
  const scalar = bytes32(7n)
  const key = importPrivateKey(scalar)
  scalar.fill(9)
  assert.deepEqual(exportPrivateKey(key), bytes32(7n))
})

test('a private key shows no secret', () => {
  const shown = inspect(alice, { depth: 9, showHidden: true }) + JSON.stringify(alice)
  assert.ok(!shown.includes(hex(exportPrivateKey(alice))))
  assert.doesNotMatch(shown, new RegExp(Array.from(exportPrivateKey(alice).slice(0, 4)).join(',\\s*')))
})
