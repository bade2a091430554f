import { decodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { exportEd25519 } from '../../src/core/ed25519.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { hkdf, type SecretKey, secretKey } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { LABEL_STORE_IDENTITY } from '../../src/core/labels.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { closeSlots } from '../../src/core/slot.ts'
import { passphraseKey } from '../../src/store/sealing.ts'
import { at, flip, makeKey, slotKeyOf, without } from '../core/identities.ts'
import { fromHex } from '../core/test-bytes.ts'
import { alice } from './key-log-cases.ts'
import { counting } from './message-cases.ts'
import { readVector, type Vector, type Vectors, writeFolder } from './vector-files.ts'

/**
 * vectors/vault (docs/spec/store.md §1, §2): a folder with these files, `identity` and `key` (null: there is none), opens by `passphrase` (null: none is
 * given) to the CBOR `secrets`, which were sealed; or it is refused with `error`.
 */

export const folders = ['vault']

const [iv, salt] = [counting(16, 0xa0), counting(16, 7)]
const KDF = { kdf: 'argon2id', memory: 8, passes: 1, parallelism: 1 } as const
const PASSPHRASE = 'correct horse'
const keyBytes = counting(32, 0x30)
const keyText = `${Buffer.from(keyBytes).toString('base64url')}\n`

/** The log of vectors/key-log whose keys are known. */
const { address, envelopes } = (readVector('key-log', 'created') ?? {}) as {
  readonly address: string
  readonly envelopes: readonly string[]
}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const log = (envelopes ?? []).map((envelope) => text(fromHex(envelope)))

const device = at(alice.devices, 0)
const secrets: { readonly [field: string]: CborValue } = {
  root: exportPrivateKey(at(alice.roots, 0)),
  sign: exportPrivateKey(device.sign),
  dh: exportPrivateKey(device.ik),
  device: 0,
  transport: counting(32, 0x50),
  store: counting(32, 0x90),
  slot: exportEd25519(slotKeyOf(at(alice.roots, 0))),
  closings: [],
}

/** The same after an update and a rotation. */
const rotated = (readVector('key-log', 'rotated') ?? { envelopes: [] }) as { readonly envelopes: readonly string[] }
const rotatedLog = rotated.envelopes.map((envelope) => text(fromHex(envelope)))
const closings = closeSlots(verifyLog(decodeAddress(address), rotated.envelopes.map(fromHex)), [
  slotKeyOf(at(alice.roots, 0)),
])
const rotatedSecrets: { readonly [field: string]: CborValue } = {
  ...secrets,
  root: exportPrivateKey(at(alice.roots, 1)),
  slot: exportEd25519(slotKeyOf(at(alice.roots, 1))),
  closings,
}

type Fields = { readonly [field: string]: unknown }
type Lock = { readonly key: SecretKey; readonly seal: Fields }

const byPassphrase = async (passphrase: string): Promise<Lock> => ({
  key: await passphraseKey(passphrase, { ...KDF, salt }),
  seal: { by: 'passphrase', ...KDF, salt: text(salt) },
})
const byKeyFile = (): Lock => ({ key: secretKey(Uint8Array.from(keyBytes)), seal: { by: 'key-file' } })

/** The fields of identity.json, and its seal's; sealed by the words of docs/spec/store.md §2. */
const write = (
  { key, seal }: Lock,
  plain: CborValue = secrets,
): { readonly [field: string]: unknown; seal: Fields } => {
  const okm = hkdf(new Uint8Array(0), key, LABEL_STORE_IDENTITY, 48)
  const sealed = sealFernet(importFernetKey(okm.subarray(0, 32)), encodeCbor(plain), 0, iv)
  return { version: 2, address, log, seal: { ...seal, check: text(okm.subarray(32)) }, sealed: text(sealed) }
}

type Given = { readonly key?: string | null; readonly passphrase?: string | null }
const folder = (description: string, identity: unknown, { key = null, passphrase = PASSPHRASE }: Given) => ({
  description,
  identity: typeof identity === 'string' ? identity : `${JSON.stringify(identity, null, 2)}\n`,
  key,
  passphrase,
})
const opens = (description: string, identity: unknown, given: Given = {}, plain: CborValue = secrets): Vector => ({
  ...folder(description, identity, given),
  secrets: hex(encodeCbor(plain)),
})
const refused = (error: ErrorCode, description: string, identity: unknown, given: Given = {}): Vector => ({
  ...folder(description, identity, given),
  error,
})

const bad = (description: string, identity: unknown): Vector => refused('ERR_STORE_CORRUPT', description, identity)

const make = async (): Promise<Vectors> => {
  const lock = await byPassphrase(PASSPHRASE)
  const whole = write(lock)
  const { seal } = whole
  const keyFile = write(byKeyFile())
  const withSeal = (changed: Fields): unknown => ({ ...whole, seal: { ...seal, ...changed } })
  const withSecrets = (changed: { readonly [field: string]: CborValue }): unknown =>
    write(lock, { ...secrets, ...changed })
  const elsewhere = { ...secrets, root: { publicKey: at(alice.roots, 0).publicKey, token: null } }
  const noSlot = { ...secrets, slot: null }
  const inRotated = (plain: CborValue): unknown => ({ ...write(lock, plain), log: rotatedLog })
  const token = { module: '/usr/lib/token.so', token: 'Alice', key: '0a' }
  const onToken = { ...secrets, root: { publicKey: at(alice.roots, 0).publicKey, token } }
  const sealed = Uint8Array.from(Buffer.from(String(whole.sealed), 'base64url'))
  return {
    passphrase: opens('under a passphrase', whole),
    'key-file': opens('under a key file', keyFile, { key: keyText, passphrase: null }),
    'key-file-and-passphrase': opens('a passphrase that nobody needs', keyFile, { key: keyText }),
    'passphrase-nfkc': opens(
      'a passphrase that another keyboard writes otherwise',
      write(await byPassphrase('pa\u00dfw\u00f3rd')),
      {
        passphrase: 'pa\u00dfwo\u0301rd',
      },
    ),
    'root-elsewhere': opens(
      'a root key of which only the owner knows where it is',
      write(lock, elsewhere),
      {},
      elsewhere,
    ),
    'root-on-token': opens('a root key on a token', write(lock, onToken), {}, onToken),

    'slot-elsewhere': opens('a slot whose key is in the phrase alone', write(lock, noSlot), {}, noSlot),
    closings: opens(
      'an identity that was rotated, with the slot that it closed',
      inRotated(rotatedSecrets),
      {},
      rotatedSecrets,
    ),

    locked: refused('ERR_STORE_LOCKED', 'no passphrase', whole, { passphrase: null }),
    'other-passphrase': refused('ERR_STORE_PASSPHRASE', 'another passphrase', whole, { passphrase: 'Correct horse' }),
    'empty-passphrase': refused('ERR_STORE_PASSPHRASE', 'an empty passphrase', whole, { passphrase: '' }),
    'check-changed': refused('ERR_STORE_PASSPHRASE', 'another check', withSeal({ check: text(counting(16)) })),
    'salt-changed': refused('ERR_STORE_PASSPHRASE', 'another salt', withSeal({ salt: text(counting(16, 8)) })),
    'cost-changed': refused('ERR_STORE_PASSPHRASE', 'more passes', withSeal({ passes: 2 })),
    'key-file-missing': refused('ERR_STORE_KEY_FILE', 'no key file', keyFile),
    'key-file-empty': refused('ERR_STORE_KEY_FILE', 'a key file without a key', keyFile, { key: '\n' }),
    'key-file-short': refused('ERR_STORE_KEY_FILE', 'a key of 31 bytes', keyFile, { key: text(keyBytes.slice(1)) }),
    'key-file-other': refused('ERR_STORE_KEY_FILE', 'the key of another folder', keyFile, {
      key: text(counting(32, 0x31)),
    }),
    'version-1': refused('ERR_STORE_VERSION', 'version 1', { ...whole, version: 1 }),
    'version-3': refused('ERR_STORE_VERSION', 'version 3', { ...whole, version: 3 }),
    'version-text': refused('ERR_STORE_VERSION', 'a version of text', { ...whole, version: '2' }),
    'version-missing': bad('no version', without(whole as never, 'version')),
    'no-json': bad('no JSON', 'identity'),
    empty: bad('an empty file', ''),
    list: bad('a list', []),
    'field-unknown': bad('a field too many', { ...whole, more: 1 }),
    ...Object.fromEntries(
      ['address', 'log', 'seal', 'sealed'].map((field) => [
        `${field}-missing`,
        bad(`no ${field}`, without(whole as never, field)),
      ]),
    ),
    'address-other': bad('the address of another identity', { ...whole, address: `${address.slice(0, -1)}q` }),
    'log-empty': bad('a log without entries', { ...whole, log: [] }),
    'log-changed': bad('one bit of the log changed', { ...whole, log: [text(flip(fromHex(at(envelopes, 0))))] }),
    'sealed-changed': bad('one bit of what is sealed changed', { ...whole, sealed: text(flip(sealed)) }),
    'sealed-cut': bad('what is sealed without its last byte', { ...whole, sealed: text(sealed.slice(0, -1)) }),
    'sealed-padded': bad('base64url with padding', { ...whole, sealed: `${String(whole.sealed)}=` }),
    'seal-unknown': bad('another kind of seal', withSeal({ by: 'magic' })),
    'seal-kdf': bad('another way to make the key', withSeal({ kdf: 'scrypt' })),
    'seal-field': bad('a field too many in the seal', withSeal({ more: 1 })),
    'memory-little': bad('less memory than a lane needs', withSeal({ memory: 7 })),
    'memory-much': bad('more than 256 MiB of memory', withSeal({ memory: 262_145 })),
    'passes-none': bad('no pass', withSeal({ passes: 0 })),
    'passes-many': bad('nine passes', withSeal({ passes: 9 })),
    'lanes-none': bad('no lane', withSeal({ parallelism: 0 })),
    'lanes-many': bad('five lanes', withSeal({ parallelism: 5, memory: 40 })),
    'salt-short': bad('a salt of 15 bytes', withSeal({ salt: text(counting(15)) })),
    'check-short': bad('a check of 15 bytes', withSeal({ check: text(counting(15)) })),
    'secrets-root': bad(
      'the root key of somebody else',
      withSecrets({ root: exportPrivateKey(makeKey('vault/other')) }),
    ),
    'secrets-device': bad('the keys of one device in the place of another', withSecrets({ device: 1 })),
    'secrets-device-beyond': bad('device 7', withSecrets({ device: 7 })),
    'secrets-sign': bad(
      'a device key that is not in the log',
      withSecrets({ sign: exportPrivateKey(makeKey('vault/other')) }),
    ),
    'secrets-slot': bad('the key of another slot', withSecrets({ slot: exportEd25519(slotKeyOf(at(alice.roots, 1))) })),
    'secrets-slot-short': bad('the key of a slot of 31 bytes', withSecrets({ slot: counting(31) })),
    'secrets-closings': bad('a slot that was closed in the name of another', withSecrets({ closings: [counting(64)] })),
    'secrets-closings-short': bad('a signature of 63 bytes', withSecrets({ closings: [counting(63)] })),
    'secrets-closings-twice': bad(
      'a slot that was closed twice',
      inRotated({ ...rotatedSecrets, closings: [...closings, ...closings] }),
    ),
    'secrets-zero': bad('a private key of zeros', withSecrets({ dh: new Uint8Array(32) })),
    'secrets-short': bad('a store key of 31 bytes', withSecrets({ store: counting(31) })),
    'secrets-field': bad('a secret too many', withSecrets({ more: 1 })),
    'secrets-missing': bad('a secret too few', write(lock, without(secrets, 'transport') as CborValue)),
    'secrets-list': bad('a list of secrets', write(lock, [1])),
    'token-module': bad(
      'a module without a path',
      withSecrets({ root: { ...elsewhere.root, token: { ...token, module: '' } } }),
    ),
    'token-key': bad(
      'a key’s number that is no hex',
      withSecrets({ root: { ...elsewhere.root, token: { ...token, key: '-1' } } }),
    ),
  }
}

export async function generate(): Promise<void> {
  writeFolder('vault', await make())
}
