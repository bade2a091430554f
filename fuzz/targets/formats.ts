import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { concat } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope } from '../../src/core/cose.ts'
import { importFernetKey, openFernet, sealFernet } from '../../src/core/fernet.ts'
import { safeFileName } from '../../src/core/file-name.ts'
import { hmac, secretKey } from '../../src/core/kdf.ts'
import { decapsulate, encapsulate, KEM_CIPHERTEXT_BYTES } from '../../src/core/kem.ts'
import { exportPublicKey, parsePublicKey } from '../../src/core/key-formats.ts'
import { programName } from '../../src/core/names.ts'
import { importPublicKey } from '../../src/core/p256.ts'
import { pad, unpad } from '../../src/core/padding.ts'
import { normalizePhrase, phraseKeys } from '../../src/core/recovery-phrase.ts'
import { decrypt, encrypt } from '../../src/fernet.ts'
import { makeBytes, makeKey, makePrekeys, NOW } from '../../test/core/identities.ts'
import { CARD, ENVELOPES, PHRASE } from '../corpus.ts'
import { must, type Target, target, textTarget } from '../target.ts'

/** What everything else is made of: CBOR, COSE, Fernet, points and keys, and the texts that people paste. */

const key = makeKey('fuzz/key')
const prekeys = makePrekeys('fuzz')
const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x26)
const sealed = (plaintext: Uint8Array, time = NOW): Uint8Array =>
  sealFernet(fernetKey, plaintext, time, makeBytes('fuzz/iv', 16))
const rawKey = makeBytes('fuzz/fernet', 32)
const fernetKey = importFernetKey(rawKey)
const AGE = { now: NOW, ttl: 60 }
const FERNET_CODES = ['ERR_FERNET_LENGTH', 'ERR_FERNET_VERSION', 'ERR_FERNET_MAC', 'ERR_FERNET_PADDING'] as const

/** A token behind a MAC that is right, so that what it says is looked at. */
const withMac = (token: Uint8Array): Uint8Array => {
  const body = token.subarray(0, Math.max(0, token.length - 32))
  return concat(body, hmac(secretKey(rawKey.slice(0, 16)), body))
}

const values: readonly CborValue[] = [
  { a: 1, bb: [null, true, 'text', new Uint8Array(3)], ccc: { d: -1 } },
  [[[[]]], {}, 2 ** 53 - 1, 'é'],
  makeBytes('fuzz/bytes', 300),
  0,
]

const bytesTargets: readonly Target[] = [
  target({
    name: 'cbor',
    form: 'cbor',
    corpus: values.map(encodeCbor),
    decode: decodeCbor,
    encode: (value) => encodeCbor(value as CborValue),
    codes: ['ERR_CBOR'],
    share: 20,
  }),
  target({
    name: 'cose',
    form: 'cbor',
    corpus: [...ENVELOPES, CARD.envelope],
    decode: openEnvelope,
    encode: ({ payload, signature }) => encodeCbor([PROTECTED, {}, payload, signature]),
    codes: ['ERR_COSE', 'ERR_COSE_SIZE'],
    share: 16,
  }),
  target({
    name: 'fernet',
    form: 'bytes',
    corpus: [sealed(new Uint8Array(0)), sealed(makeBytes('fuzz/text', 100))],
    decode: (token) => ({ token, plaintext: openFernet(fernetKey, token, AGE) }),
    encode: ({ plaintext }) => sealed(plaintext),
    codes: [...FERNET_CODES, 'ERR_FERNET_EXPIRED', 'ERR_FERNET_FUTURE'],
  }),
  target({
    name: 'fernet-authentic',
    form: 'bytes',
    corpus: [sealed(new Uint8Array(0)), sealed(makeBytes('fuzz/text', 100), NOW - 59)],
    wrap: withMac,
    decode: (token) => openFernet(fernetKey, token, AGE),
    codes: [...FERNET_CODES, 'ERR_FERNET_EXPIRED', 'ERR_FERNET_FUTURE'],
  }),
  target({
    name: 'padding',
    form: 'bytes',
    corpus: [pad(new Uint8Array(0)), pad(makeBytes('fuzz/padded', 77)), pad(new Uint8Array(1000))],
    decode: unpad,
    encode: pad,
    codes: ['ERR_PADDING'],
  }),
  target({
    name: 'point',
    form: 'bytes',
    corpus: [key.publicKey, makeKey('fuzz/other').publicKey],
    decode: importPublicKey,
    encode: (point) => Uint8Array.from(point.export({ format: 'raw-public', type: 'compressed' })),
    codes: ['ERR_P256_POINT'],
    share: 6,
  }),
  target({
    name: 'kem-key',
    form: 'bytes',
    corpus: [prekeys.kem.publicKey],
    decode: encapsulate,
    codes: ['ERR_KEM_KEY'],
    share: 2,
  }),
  target({
    name: 'kem-ciphertext',
    form: 'bytes',
    // Any bytes of that size are one: of another key, they give an unrelated secret.
    corpus: [makeBytes('fuzz/ciphertext', KEM_CIPHERTEXT_BYTES)],
    decode: (ct) => decapsulate(prekeys.kem, ct),
    codes: ['ERR_KEM_CIPHERTEXT'],
    share: 2,
  }),
]

const textKey = Buffer.from(rawKey).toString('base64url').padEnd(44, '=')
const token = encrypt(textKey, 'hello', { now: NOW, iv: makeBytes('fuzz/iv', 16) })

const textTargets: readonly Target[] = [
  textTarget({
    name: 'address',
    form: 'text',
    corpus: [encodeAddress(makeBytes('fuzz/id', 32)), encodeAddress(makeBytes('fuzz/id', 32)).toUpperCase()],
    decode: (text) => ({ id: decodeAddress(text), upper: /[A-Z]/.test(text) }),
    encode: ({ id, upper }) => (upper ? encodeAddress(id).toUpperCase() : encodeAddress(id)),
    codes: ['ERR_ADDRESS_PREFIX', 'ERR_ADDRESS_LENGTH', 'ERR_ADDRESS_FORMAT', 'ERR_ADDRESS_CHECKSUM'],
  }),
  textTarget({
    name: 'public-key',
    form: 'text',
    corpus: (['jwk', 'spki', 'did'] as const).map((format) => exportPublicKey(key.publicKey, format)),
    decode: (text) => {
      const point = parsePublicKey(text)
      for (const format of ['jwk', 'spki', 'did'] as const)
        must(Buffer.compare(parsePublicKey(exportPublicKey(point, format)), point) === 0, `another point as ${format}`)
      return point
    },
    codes: ['ERR_KEY_FORMAT', 'ERR_P256_POINT'],
    share: 2,
  }),
  textTarget({
    name: 'recovery-phrase',
    form: 'text',
    corpus: [PHRASE, PHRASE.toUpperCase()],
    decode: (text) => {
      phraseKeys(text)
      return normalizePhrase(text)
    },
    encode: (text) => (text === PHRASE ? null : text),
    codes: ['ERR_PHRASE'],
    share: 1,
  }),
  textTarget({
    name: 'fernet-text',
    form: 'text',
    corpus: [token],
    decode: (text) => decrypt(textKey, text, { now: NOW }),
    encode: (data) => encrypt(textKey, data, { now: NOW, iv: makeBytes('fuzz/iv', 16) }),
    codes: [...FERNET_CODES, 'ERR_FERNET_BASE64', 'ERR_FERNET_FUTURE'],
  }),
  textTarget({
    name: 'fernet-key',
    form: 'text',
    corpus: [textKey],
    decode: (text) => encrypt(text, '', { now: NOW }),
    codes: ['ERR_FERNET_KEY'],
    share: 2,
  }),
  textTarget({
    name: 'file-name',
    form: 'text',
    corpus: ['report.pdf', '../../etc/passwd', 'CON.txt', `${'é'.repeat(120)}.tar.gz`, 'photo \u{1f600}.jpg'],
    decode: (name) => {
      const safe = safeFileName(name)
      must(Buffer.byteLength(safe) <= 200 && !/[/\\\0]/.test(safe) && !/^\.|^$/.test(safe), `unsafe: ${safe}`)
      must(safeFileName(safe) === safe, `another name the second time: ${safe}`)
      return safe
    },
    codes: ['ERR_FILE_NAME'],
  }),
  textTarget({
    name: 'program-name',
    form: 'text',
    corpus: ['handfast', 'chess/1', 'org.example.notes-2_1/sync', `a${'.'.repeat(63)}`],
    decode: (name) => {
      const read = programName(name, 'app')
      must(Buffer.byteLength(read) <= 64 && !/[^a-z0-9._/-]/.test(read), `not a name: ${read}`)
      return read
    },
    encode: (name) => name,
    codes: ['ERR_FIELD'],
  }),
]

export const formatTargets: readonly Target[] = [...bytesTargets, ...textTargets]
