import { createPrivateKey, type KeyObject } from 'node:crypto'
import { base58 } from '@scure/base'
import { hex } from '../../src/core/bytes.ts'
import { exportPublicKey } from '../../src/core/key-formats.ts'
import { importPublicKey } from '../../src/core/p256.ts'
import { makeKey } from '../core/identities.ts'
import { keyOutput } from './primitive-checks.ts'
import type { Json, Vectors } from './vector-files.ts'

/**
 * vectors/key-format: the text `input` is the public key `output`: its compressed point, and how it is written in each form;
 * or it is refused with `error`. Where `point` stands in place of `input`, no form is written of it.
 */

const key = makeKey('vectors/key-format')
const point = key.publicKey
const even = makeKey('vectors/key-format/even').publicKey
const [jwk, spki, did] = [exportPublicKey(point, 'jwk'), exportPublicKey(point, 'spki'), exportPublicKey(point, 'did')]
const fields: { readonly x: string; readonly y: string } = JSON.parse(jwk)
const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 1)

const accepted = (description: string, input: string, of = point) => ({ description, input, output: keyOutput(of) })
const refused = (description: string, input: string, error = 'ERR_KEY_FORMAT') => ({ description, input, error })
const unwritten = (description: string, bytes: Uint8Array) => ({
  description,
  point: hex(bytes),
  error: 'ERR_P256_POINT',
})
const withFields = (more: { readonly [field: string]: Json | undefined }): string =>
  JSON.stringify({ ...JSON.parse(jwk), ...more })
const didOf = (...parts: readonly number[]): string => `did:key:z${base58.encode(Uint8Array.from(parts))}`
const pemOf = (der: Uint8Array, label = 'PUBLIC KEY'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END ${label}-----\n`
/** SubjectPublicKeyInfo of ecPublicKey on P-256 up to the bit string, whose content follows. */
const SPKI_COMPRESSED = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')
const changedPoint = (): Uint8Array => {
  const der = Uint8Array.from(importPublicKey(point).export({ format: 'der', type: 'spki' }))
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1
  return der
}
const privateKey: KeyObject = createPrivateKey({
  key: key.key.export({ format: 'der', type: 'pkcs8' }),
  format: 'der',
  type: 'pkcs8',
})
const privatePem = (type: 'pkcs8' | 'sec1'): string => String(privateKey.export({ format: 'pem', type }))
const other = exportPublicKey(even, 'spki')

/** Public keys of other kinds, drawn once. */
const P384_SPKI = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEe7Q+EvvMN6D6qPg0kwCM5CGaqpNgsttX
LolE2WAXa5HLbwwOG95N1/DQdcuA/3jaQ01SC8sIjc9xHTtN75UYb8BruRJN2P6F
pxogeWo39ITgJGOULu8ptdqZtJb9Cuuh
-----END PUBLIC KEY-----
`
const K256_SPKI = `-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE1yYHY7ygnSwq/RS8OLwuPP6tdyuw6efI
UxO4V6Zs5fyerkk9OozcaJw1AguFvixbh+ymzKxTNc74hMAf1wFbUA==
-----END PUBLIC KEY-----
`
const ED25519_SPKI = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAEglmZ++1Qa6R+0Zyd/yzqq607Bx6ihZkz1D+kw4q5HA=
-----END PUBLIC KEY-----
`

const der = (text: string): Buffer => Buffer.from(text, 'hex')
const whole = Buffer.from(importPublicKey(point).export({ format: 'der', type: 'spki' }))
const rest = whole.subarray(2)
/** id-ecPublicKey with ECParameters of P-256, cofactor and all, and the generator for a key. */
const G =
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
const EXPLICIT_SPKI = pemOf(
  der(
    `3082014b3082010306072a8648ce3d02013081f7020101302c06072a8648ce3d0101022100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff305b0420ffffffff00000001000000000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b031500c49d360886e704936a6678e1139d26b7819f7e900441${G}022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101034200${G}`,
  ),
)

export const keyFormatVectors: Vectors = {
  jwk: accepted('a JWK', jwk),
  spki: accepted('SubjectPublicKeyInfo as PEM', spki),
  did: accepted('a did:key', did),
  'jwk-even': accepted('a JWK of a point with an even y', exportPublicKey(even, 'jwk'), even),
  'spki-even': accepted('PEM of a point with an even y', other, even),
  'did-even': accepted('a did:key of a point with an even y', exportPublicKey(even, 'did'), even),
  'jwk-more': accepted(
    'a JWK with further fields, in lines',
    JSON.stringify({ kid: 'phone', use: 'sig', ...fields, crv: 'P-256', kty: 'EC', alg: 'ES256' }, null, 2),
  ),
  'white-space': accepted('white space around it', `\n\t ${did} \r\n`),
  'spki-crlf': accepted('PEM with CR LF', spki.replaceAll('\n', '\r\n')),
  'spki-compressed': accepted('PEM with the compressed point', pemOf(Buffer.concat([SPKI_COMPRESSED, point]))),

  empty: refused('no text', ''),
  'jwk-padded': refused('a coordinate with padding', withFields({ x: `${fields.x}=` })),
  'jwk-base64': refused(
    'a coordinate in base64 that is not base64url',
    withFields({ x: fields.x.replaceAll('-', '+').replaceAll('_', '/') }),
  ),
  'jwk-long': refused(
    'a coordinate of 33 bytes',
    withFields({ x: Buffer.concat([Buffer.alloc(1), Buffer.from(fields.x, 'base64url')]).toString('base64url') }),
  ),
  'jwk-off-curve': refused('a JWK whose point is not on the curve', withFields({ y: fields.x })),
  'jwk-without-y': refused('a JWK without y', withFields({ y: undefined })),
  'jwk-other-curve': refused('a JWK that names P-384', withFields({ crv: 'P-384' })),
  'jwk-okp': refused('a JWK of kty OKP', withFields({ kty: 'OKP' })),
  'jwk-cut-off': refused('a JWK without its last brace', jwk.slice(0, -1)),
  'jwk-set': refused('a list of JWKs', `{"keys":[${jwk}]}`),
  'jwk-private': refused('a private JWK', JSON.stringify(key.key.export({ format: 'jwk' }))),
  'jwk-too-long': refused('2001 characters', withFields({ kid: 'k'.repeat(2001 - withFields({ kid: '' }).length) })),
  'spki-off-curve': refused('PEM whose point is not on the curve', pemOf(changedPoint())),
  'spki-p384': refused('PEM of P-384', P384_SPKI),
  'spki-secp256k1': refused('PEM of secp256k1', K256_SPKI),
  'spki-ed25519': refused('PEM of Ed25519', ED25519_SPKI),
  'spki-two': refused('two keys, one after the other', spki + other),
  'spki-then-text': refused('text after the PEM', `${spki}\nand more`),
  'text-then-spki': refused('text before the PEM', `my key:\n${spki}`),
  'spki-cut-off': refused('PEM without its end', spki.slice(0, 90)),
  'pem-ec-public': refused(
    'PEM with another label',
    pemOf(importPublicKey(point).export({ format: 'der', type: 'spki' }), 'EC PUBLIC KEY'),
  ),
  'pem-private': refused('a private key in PEM (PKCS #8)', privatePem('pkcs8')),
  'pem-private-sec1': refused('a private key in PEM (SEC 1)', privatePem('sec1')),
  'public-then-private': refused('PEM of a public key and the private one after it', spki + privatePem('pkcs8')),
  'did-ed25519': refused('a did:key of Ed25519', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'),
  'did-secp256k1': refused('a did:key of secp256k1', 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'),
  'did-long': refused('a did:key with a byte too many', didOf(0x80, 0x24, ...point, 0)),
  'did-short': refused('a did:key with a byte missing', didOf(0x80, 0x24, ...point.subarray(1))),
  'did-base58': refused('a did:key with letters outside base58', 'did:key:z0OIl'),
  'did-other-base': refused('a did:key in another base', did.replace(':z', ':m')),
  'did-fragment': refused('a did:key with a fragment', `${did}#key-1`),
  'did-web': refused('a DID of another method', did.replace('did:key', 'did:web')),
  hex: refused('the point in hex', hex(point)),
  'did-off-curve': refused(
    'a did:key whose point is not on the curve',
    didOf(0x80, 0x24, ...offCurve),
    'ERR_P256_POINT',
  ),
  'did-identity': refused('a did:key of 33 zero bytes', didOf(0x80, 0x24, ...new Uint8Array(33)), 'ERR_P256_POINT'),
  'write-off-curve': unwritten('a point that is not on the curve', offCurve),
  'write-identity': unwritten('33 zero bytes', new Uint8Array(33)),
  'write-short': unwritten('32 bytes', point.subarray(1)),
  multibase: accepted('a did:key without did:key:', did.slice('did:key:'.length)),
  'multibase-ed25519': refused('the same of Ed25519', 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'),
  'spki-indefinite': refused(
    'PEM whose outer length is indefinite',
    pemOf(Buffer.concat([der('3080'), rest, der('0000')])),
  ),
  'spki-long-length': refused('PEM whose outer length is in two bytes', pemOf(Buffer.concat([der('308159'), rest]))),
  'spki-zero-after': refused('PEM with a zero after the key', pemOf(Buffer.concat([der('3059'), rest, der('00')]))),
  'spki-element-more': refused('PEM with a third element', pemOf(Buffer.concat([der('305b'), rest, der('0500')]))),
  'spki-unused-bits': refused(
    'PEM with an unused bit',
    pemOf(Buffer.from(whole.toString('hex').replace('034200', '034201'), 'hex')),
  ),
  'spki-hybrid': refused(
    'PEM with the point in hybrid form',
    pemOf(Buffer.from(whole.toString('hex').replace('03420004', `0342000${4 + (point[0] ?? 0)}`), 'hex')),
  ),
  'spki-explicit': refused('PEM whose curve is spelt out and is P-256', EXPLICIT_SPKI),
  'spki-base64-bits': refused(
    'PEM whose base64 ends in bits that stand for nothing',
    spki.replace(/.(?==)/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  ),
}
