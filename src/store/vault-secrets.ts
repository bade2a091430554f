import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, exportEd25519, importEd25519 } from '../core/ed25519.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, list, nullable, type Reader, record, uint } from '../core/fields.ts'
import type { Identity } from '../core/identity.ts'
import { exportSecret, type SecretKey, secretKey } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { DEVICES_MAX, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { exportPrivateKey, importPrivateKey, type P256PrivateKey, SCALAR_BYTES } from '../core/p256.ts'
import { isHere, type RootElsewhere, type RootKey, readElsewhere } from '../core/root-key.ts'
import { closedSlots } from '../core/slot.ts'
import { createWiping } from '../core/wipe.ts'

/** What is sealed of an identity: its private keys, as CBOR. */

/** Of the store key, and of the transport's seed. */
const KEY_BYTES = 32

/** What the sealed part holds: an identity's keys, and the key that seals what else the folder keeps. */
export type VaultSecrets = { readonly identity: Identity; readonly storeKey: SecretKey }

type Secrets = {
  readonly root: Uint8Array | RootElsewhere
  readonly store: Uint8Array
  readonly device: number
  readonly sign: Uint8Array
  readonly dh: Uint8Array
  readonly transport: Uint8Array
  readonly slot: Uint8Array | null
  readonly closings: readonly Uint8Array[]
}

const readRoot: Reader<Uint8Array | RootElsewhere> = (value, name) =>
  value instanceof Uint8Array ? bytes(SCALAR_BYTES)(value, name) : readElsewhere(value, name)

const readSecrets = record<Secrets>({
  root: readRoot,
  store: bytes(KEY_BYTES),
  device: uint(DEVICES_MAX - 1),
  sign: bytes(SCALAR_BYTES),
  dh: bytes(SCALAR_BYTES),
  transport: bytes(KEY_BYTES),
  slot: nullable(bytes(ED25519_KEY_BYTES)),
  closings: list(bytes(ED25519_SIGNATURE_BYTES), 0, LOG_ENTRIES_MAX),
})

const importAndWipe = (scalar: Uint8Array): P256PrivateKey => {
  const key = importPrivateKey(scalar)
  scalar.fill(0)
  return key
}

/** A root key that is elsewhere leaves a note of where, and nothing secret. */
const encodeRoot = (root: RootKey, keep: (secret: Uint8Array) => Uint8Array) => {
  if (isHere(root)) return keep(exportPrivateKey(root))
  const { publicKey, token } = root
  return { publicKey, token: token === null ? null : { ...token } }
}

/** The plaintext of the sealed part; whoever calls wipes it. */
export const encodeSecrets = ({ identity, storeKey }: VaultSecrets): Uint8Array => {
  const { root, device, sign, ik, transportSeed, slotKey, closings } = identity
  using secrets = createWiping()
  return encodeSecretCbor({
    root: encodeRoot(root, secrets.keep),
    device,
    sign: secrets.keep(exportPrivateKey(sign)),
    dh: secrets.keep(exportPrivateKey(ik)),
    transport: secrets.keep(exportSecret(transportSeed)),
    store: secrets.keep(exportSecret(storeKey)),
    slot: slotKey === null ? null : secrets.keep(exportEd25519(slotKey)),
    closings: [...closings],
  })
}

/**
 * Puts log and keys together; the plaintext is wiped.
 * @throws StoreError ERR_STORE_CORRUPT when they do not belong together; EncodingError, KeyError, SlotError
 */
export const assemble = (log: KeyLog, plaintext: Uint8Array): VaultSecrets => {
  const secrets = readSecrets(decodeCbor(plaintext), 'secrets')
  plaintext.fill(0)
  const root = secrets.root instanceof Uint8Array ? importAndWipe(secrets.root) : secrets.root
  const [sign, ik] = [importAndWipe(secrets.sign), importAndWipe(secrets.dh)]
  const slotKey = secrets.slot === null ? null : importEd25519(secrets.slot)
  secrets.slot?.fill(0)
  const device = log.last.entry.devices[secrets.device]
  const fits =
    device !== undefined &&
    equal(device.sign, sign.publicKey) &&
    equal(device.dh, ik.publicKey) &&
    equal(log.last.entry.root, root.publicKey) &&
    (slotKey === null || equal(log.last.entry.slot, slotKey.publicKey))
  if (!fits) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'keys and log do not belong together' })
  const { closings } = secrets
  closedSlots(log, closings)
  const transportSeed = secretKey(secrets.transport)
  return {
    identity: { log, root, device: secrets.device, sign, ik, transportSeed, slotKey, closings },
    storeKey: secretKey(secrets.store),
  }
}
