import { decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { ConnectionError, type ErrorCode } from '../../src/core/errors.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { hkdf, secretKey } from '../../src/core/kdf.ts'
import { LABEL_BACKUP } from '../../src/core/labels.ts'
import { pad } from '../../src/core/padding.ts'
import { readElsewhere } from '../../src/core/root-key.ts'
import { decodeContent, encodeContent } from '../../src/store/backup-content.ts'
import { unsealBackup } from '../../src/store/backup-file.ts'
import type { Remembered } from '../../src/store/remembered.ts'
import { passphraseKey, toBase64 } from '../../src/store/sealing.ts'
import { assemble, encodeSecrets } from '../../src/store/vault-secrets.ts'
import { at, makeBytes, makeKey, NOW, slotKeyOf } from '../../test/core/identities.ts'
import {
  anchorAt,
  CHEAP,
  contactOf,
  devicesAt,
  floorAt,
  keptOf,
  nothing,
  PASSPHRASE,
} from '../../test/store/backups.ts'
import { ALICE, FORKED, LIVE, ROTATED, UPDATED } from '../corpus.ts'
import { ENTRY_CODES } from '../log-codes.ts'
import { type Target, target, textTarget } from '../target.ts'

/** What lies on disk, or came from another one: backups, and the keys of an identity. */

const LOG_CODES: readonly ErrorCode[] = [...ENTRY_CODES, 'ERR_LOG_ADDRESS']
const KEY_CODES: readonly ErrorCode[] = ['ERR_CBOR', 'ERR_FIELD', 'ERR_P256_SCALAR', 'ERR_TOKEN_NAME']

/** Alice's keys, as a vault keeps them. */
const { sign, ik } = at(ALICE.devices, 0)
const transportSeed = secretKey(makeBytes('fuzz/transport', 32))
const kept = keptOf({
  log: ALICE.log,
  root: at(ALICE.roots, 0),
  device: 0,
  sign,
  ik,
  transportSeed,
  slotKey: slotKeyOf(at(ALICE.roots, 0)),
  closings: [],
})
const token = { module: '/usr/lib/softhsm/libsofthsm2.so', token: 'Alice', key: '01' }
const elsewhere = { publicKey: makeKey('fuzz/root').publicKey, token }

const anchored = { name: 'Bob', anchor: anchorAt(ROTATED), verified: NOW - 10, published: 7 }
const remembered: Remembered = {
  floors: [floorAt(LIVE.log), floorAt(ROTATED, { devices: devicesAt(NOW * 1000), asked: false })],
  forks: [{ a: UPDATED, b: FORKED, found: NOW - 5 }],
  contacts: [contactOf(ROTATED, anchored), contactOf(LIVE.log)],
  blocked: [{ id: FORKED.id, at: NOW - 3 }],
  settings: { network: '127.0.0.1:4000', mailboxes: null, relay: null },
}
const small = encodeContent({ made: NOW, kept, remembered: nothing })
const full = encodeContent({ made: NOW, kept, remembered })

/** As `sealBackup` writes it, but with an iv that is always the same. */
const sealedText = async (): Promise<string> => {
  const derived = hkdf(new Uint8Array(0), await passphraseKey(PASSPHRASE, CHEAP), LABEL_BACKUP, 48)
  const sealed = sealFernet(importFernetKey(derived.slice(0, 32)), pad(small), 0, makeBytes('fuzz/iv', 16))
  const seal = { by: 'passphrase', ...CHEAP, salt: toBase64(CHEAP.salt), check: toBase64(derived.slice(32)) }
  return JSON.stringify({ handfast: 'backup', version: 2, seal, sealed: toBase64(sealed) })
}
const text = await sealedText()

/** What the file says of its seal may ask for a second of argon2id, which is allowed, and not what is looked at. */
class Expensive extends ConnectionError {}

const unseal = (given: string): Promise<Uint8Array> =>
  unsealBackup('a.backup', given, async () => {
    const { memory, passes } = JSON.parse(given).seal
    if (memory > 64 || passes > 1) throw new Expensive('ERR_TIMEOUT')
    return PASSPHRASE
  })

export const storeTargets: readonly Target[] = [
  textTarget({
    name: 'backup-file',
    form: 'json',
    corpus: [text],
    decode: (given) =>
      unseal(given).catch((error: unknown) => {
        if (error instanceof Expensive) return null
        throw error
      }),
    codes: ['ERR_STORE_CORRUPT', 'ERR_STORE_VERSION', 'ERR_STORE_PASSPHRASE'],
    share: 1,
  }),
  target({
    name: 'backup-content',
    form: 'cbor',
    corpus: [full, small],
    // It is wiped.
    decode: (plaintext) => decodeContent(plaintext),
    encode: encodeContent,
    codes: [...KEY_CODES, ...LOG_CODES, 'ERR_STORE_CORRUPT'],
    wipes: true,
    share: 1,
  }),
  target({
    name: 'secrets',
    form: 'cbor',
    corpus: [encodeSecrets(kept)],
    decode: (plaintext) => assemble(ALICE.log, plaintext),
    encode: encodeSecrets,
    codes: [...KEY_CODES, 'ERR_STORE_CORRUPT'],
    wipes: true,
    share: 2,
  }),
  target({
    name: 'root-elsewhere',
    form: 'cbor',
    corpus: [encodeCbor(elsewhere), encodeCbor({ ...elsewhere, token: null })],
    decode: (value) => readElsewhere(decodeCbor(value), 'root'),
    encode: ({ publicKey, token: place }) => encodeCbor({ publicKey, token: place === null ? null : { ...place } }),
    codes: ['ERR_CBOR', 'ERR_FIELD', 'ERR_TOKEN_NAME'],
  }),
]
