import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { parsePublicKey } from '../../src/core/key-formats.ts'
import { importPublicKey } from '../../src/core/p256.ts'
import { failsWith, makeKey } from './identities.ts'
import { findPython } from './python.ts'
import { fromHex } from './test-bytes.ts'

/** SubjectPublicKeyInfo: two texts of bytes for a key, and no other that a parser of BER would take. */

const keys = Array.from({ length: 6 }, (_, index) => makeKey(`spki ${index}`).publicKey)
const point = hex(makeKey('spki').publicKey)
const whole = Buffer.from(importPublicKey(fromHex(point)).export({ format: 'raw-public', type: 'uncompressed' }))
const [x, y] = [hex(whole.subarray(1, 33)), hex(whole.subarray(33))]

const tlv = (tag: string, ...contents: readonly string[]): string => {
  const content = contents.join('')
  const size = content.length / 2
  const length = size < 128 ? '' : size < 256 ? '81' : '82'
  return `${tag}${length}${size.toString(16).padStart(size < 256 ? 2 : 4, '0')}${content}`
}
const [EC, P256] = ['06072a8648ce3d0201', '06082a8648ce3d030107']
const algorithm = tlv('30', EC, P256)
const bits = (content: string, unused = '00'): string => tlv('03', unused, content)
const WHOLE = tlv('30', algorithm, bits(`04${x}${y}`))
const COMPRESSED = tlv('30', algorithm, bits(point))

const pemOf = (der: string | Buffer, base64 = Buffer.from(der.toString(), 'hex').toString('base64')): string =>
  `-----BEGIN PUBLIC KEY-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PUBLIC KEY-----\n`
const read = (der: string): string => hex(parsePublicKey(pemOf(der)))

test('§8 a key has two encodings, and both are read as the same point', () => {
  assert.deepEqual([read(WHOLE), read(COMPRESSED)], [point, point])
  assert.equal(WHOLE, hex(importPublicKey(fromHex(point)).export({ format: 'der', type: 'spki' })))
})

/** The curve spelt out (RFC 3279): with `seed`, with another cofactor, or without one. */
const spelt = (cofactor: string, seed = ''): string => {
  const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'
  const a = p.replace(/f$/, 'c')
  const b = '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b'
  const g =
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
  const order = '00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const field = tlv('30', tlv('06', '2a8648ce3d0101'), tlv('02', `00${p}`))
  const curve = tlv('30', tlv('04', a), tlv('04', b), seed)
  return tlv('30', tlv('02', '01'), field, curve, tlv('04', g), tlv('02', order), cofactor)
}
const SEED = bits('c49d360886e704936a6678e1139d26b7819f7e90')
const withParameters = (parameters: string, key = `04${x}${y}`): string =>
  tlv('30', tlv('30', EC, parameters), bits(key))

const REFUSED: Readonly<Record<string, string>> = {
  'the outer length is indefinite': `3080${algorithm}${bits(`04${x}${y}`)}0000`,
  'the inner length is indefinite': tlv('30', `3080${EC}${P256}0000`, bits(`04${x}${y}`)),
  'the bit string is in pieces': tlv('30', algorithm, `2380${bits(`04${x}`)}${bits(y)}0000`),
  'the bit string is in one piece of its own': tlv('30', algorithm, tlv('23', bits(`04${x}${y}`))),
  'the outer length has a byte too many': `308159${WHOLE.slice(4)}`,
  'the outer length has two bytes too many': `30820059${WHOLE.slice(4)}`,
  'the outer length has seven bytes too many': `308800000000000000${WHOLE.slice(2)}`,
  'the inner length has a byte too many': tlv('30', `308113${EC}${P256}`, bits(`04${x}${y}`)),
  'the length of the algorithm has a byte too many': tlv(
    '30',
    tlv('30', `068107${EC.slice(4)}`, P256),
    bits(`04${x}${y}`),
  ),
  'the length of the curve has a byte too many': withParameters(`068108${P256.slice(4)}`),
  'the length of the bit string has a byte too many': tlv('30', algorithm, `03814200${`04${x}${y}`}`),
  'a zero follows': `${WHOLE}00`,
  'zeros follow': `${WHOLE}0000`,
  'a zero follows the compressed one': `${COMPRESSED}00`,
  'an element follows': `${WHOLE}0500`,
  'another key follows': `${WHOLE}${WHOLE}`,
  'an element follows the bit string': tlv('30', algorithm, bits(`04${x}${y}`), '0500'),
  'a boolean follows the bit string': tlv('30', algorithm, bits(`04${x}${y}`), '010101'),
  'an element follows the curve': withParameters(`${P256}0500`),
  'no curve is named': tlv('30', tlv('30', EC), bits(`04${x}${y}`)),
  'the curve is inherited': withParameters('0500'),
  'the curve is a boolean': withParameters('0101ff'),
  'the curve is spelt out': withParameters(spelt('020101')),
  'the curve is spelt out with its seed': withParameters(spelt('020101', SEED)),
  'the curve is spelt out without a cofactor': withParameters(spelt('')),
  'the curve is spelt out with another cofactor': withParameters(spelt('020102')),
  'the curve is spelt out with cofactor 0': withParameters(spelt('020100')),
  'the curve is spelt out with a negative cofactor': withParameters(spelt('0201ff')),
  'the curve is spelt out with a cofactor that is too long': withParameters(spelt('02020001')),
  'the curve is spelt out for a compressed point': withParameters(spelt('020101'), point),
  'the algorithm is that of ECDH alone': tlv('30', tlv('30', '06052b8104010c', P256), bits(`04${x}${y}`)),
  'the object identifier has a zero before it': tlv('30', tlv('30', '0608802a8648ce3d0201', P256), bits(`04${x}${y}`)),
  'bits are said to be unused': tlv('30', algorithm, bits(`04${x}${y}`, '01')),
  'eight bits are said to be unused': tlv('30', algorithm, bits(`04${x}${y}`, '08')),
  'the key is an octet string': tlv('30', algorithm, tlv('04', `04${x}${y}`)),
  'the point is hybrid': tlv('30', algorithm, bits(`06${x}${y}`)),
  'the point is hybrid with the other sign': tlv('30', algorithm, bits(`07${x}${y}`)),
  'the point is infinity': tlv('30', algorithm, bits('00')),
  'the point is infinity in 65 bytes': tlv('30', algorithm, bits('00'.repeat(65))),
  'the point is infinity in 33 bytes': tlv('30', algorithm, bits('00'.repeat(33))),
  'the point has a byte too many': tlv('30', algorithm, bits(`04${x}${y}00`)),
  'the point has a byte too few': tlv('30', algorithm, bits(`04${x}${y.slice(2)}`)),
  'a coordinate is not below the prime': tlv('30', algorithm, bits(`04${'ff'.repeat(32)}${y}`)),
  'a compressed coordinate is not below the prime': tlv('30', algorithm, bits(`02${'ff'.repeat(32)}`)),
  'the point is not on the curve': tlv('30', algorithm, bits(`04${x}${x}`)),
  'there is nothing': '',
}

for (const [name, der] of Object.entries(REFUSED))
  test(`§8 refused: ${name}`, () => {
    assert.throws(() => read(der), failsWith('ERR_KEY_FORMAT'))
  })

test('§8 no byte before the point can be another, be missing, or be there twice', () => {
  for (const der of [WHOLE, COMPRESSED]) {
    const bytes = fromHex(der)
    const start = bytes.length - (der === WHOLE ? 65 : 33)
    for (let at = 0; at < start; at++) {
      for (let value = 0; value < 256; value++) {
        if (value === bytes[at]) continue
        assert.throws(() => read(hex(bytes.with(at, value))), failsWith('ERR_KEY_FORMAT'))
      }
      const [before, after] = [bytes.slice(0, at), bytes.slice(at + 1)]
      for (const changed of [
        [...before, ...after],
        [...before, bytes[at] ?? 0, bytes[at] ?? 0, ...after],
      ])
        assert.throws(() => read(hex(Uint8Array.from(changed))), failsWith('ERR_KEY_FORMAT'))
    }
  }
})

test('§8 the base64 of a PEM is canonical but for white space, and its lines are its own', () => {
  const base64 = Buffer.from(WHOLE, 'hex').toString('base64')
  const block = (body: string) => `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`
  for (const body of [base64, base64.replace(/.{4}/g, '$&\r\n'), ` ${base64}\t\n`])
    assert.equal(hex(parsePublicKey(block(body))), point)
  const lastBits = (text: string) => text.replace(/.(?==)/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))
  const refused = [
    block(base64.replace(/=+$/, '')),
    block(`${base64}=`),
    block(`${base64.slice(0, 8)}=${base64.slice(8)}`),
    block(lastBits(base64)),
    block(`${base64.slice(0, 8)}-${base64.slice(9)}`),
    block(''),
    block('===='),
    block(base64).replace('-----\n', '-----'),
    block(base64).replace('\n-----END', '-----END'),
  ]
  for (const text of refused) {
    assert.notEqual(text, block(base64))
    assert.throws(() => parsePublicKey(text), failsWith('ERR_KEY_FORMAT'), text)
  }
})

const PEER = `
import json, sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey, SECP256R1
def read(text):
    try:
        key = load_der_public_key(bytes.fromhex(text))
        assert isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
    except Exception:
        return None
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`

test("§8 Python's cryptography reads both encodings as the same point", () => {
  const both = keys.flatMap((key) => {
    const xy = hex(importPublicKey(key).export({ format: 'raw-public', type: 'uncompressed' }))
    return [tlv('30', algorithm, bits(xy)), tlv('30', algorithm, bits(hex(key)))]
  })
  const { stdout } = spawnSync(findPython(), ['-c', PEER], { input: JSON.stringify(both), encoding: 'utf8' })
  const points: readonly string[] = JSON.parse(stdout)
  assert.deepEqual(points, both.map(read))
  assert.deepEqual(
    points,
    keys.flatMap((key) => [hex(key), hex(key)]),
  )
})

test('§8 the parser of OpenSSL alone would take many of these', () => {
  const taken = Object.values(REFUSED).filter((der) => {
    try {
      return createPublicKey(pemOf(der)).asymmetricKeyType === 'ec'
    } catch {
      return false
    }
  })
  assert.ok(taken.length >= 10, `${taken.length}`)
})
