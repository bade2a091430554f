import { equal } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { StoreError } from '../core/errors.ts'
import { bytes, record, uint } from '../core/fields.ts'
import type { Identity } from '../core/identity.ts'
import { secretKey } from '../core/kdf.ts'
import type { KeyLog } from '../core/key-log.ts'
import { DEVICES_MAX } from '../core/limits.ts'
import { exportPrivateKey, importPrivateKey, type P256PrivateKey, SCALAR_BYTES } from '../core/p256.ts'

/** What is sealed of an identity: its private keys, as CBOR. */

const SEED_BYTES = 32

type Secrets = {
  readonly root: Uint8Array
  readonly device: number
  readonly sign: Uint8Array
  readonly dh: Uint8Array
  readonly transport: Uint8Array
}

const readSecrets = record<Secrets>({
  root: bytes(SCALAR_BYTES),
  device: uint(DEVICES_MAX - 1),
  sign: bytes(SCALAR_BYTES),
  dh: bytes(SCALAR_BYTES),
  transport: bytes(SEED_BYTES),
})

const importAndWipe = (scalar: Uint8Array): P256PrivateKey => {
  const key = importPrivateKey(scalar)
  scalar.fill(0)
  return key
}

/** The plaintext of the sealed part; whoever calls wipes it. */
export const encodeSecrets = ({ root, device, sign, ik, transportSeed }: Identity): Uint8Array =>
  encodeCbor({
    root: exportPrivateKey(root),
    device,
    sign: exportPrivateKey(sign),
    dh: exportPrivateKey(ik),
    transport: Uint8Array.from(transportSeed.export()),
  })

/**
 * Puts log and keys together; the plaintext is wiped.
 * @throws StoreError ERR_STORE_CORRUPT when they do not belong together; EncodingError, KeyError
 */
export const assemble = (log: KeyLog, plaintext: Uint8Array): Identity => {
  const secrets = readSecrets(decodeCbor(plaintext), 'secrets')
  plaintext.fill(0)
  const [root, sign, ik] = [importAndWipe(secrets.root), importAndWipe(secrets.sign), importAndWipe(secrets.dh)]
  const device = log.last.entry.devices[secrets.device]
  const fits =
    device !== undefined &&
    equal(device.sign, sign.publicKey) &&
    equal(device.dh, ik.publicKey) &&
    equal(log.last.entry.root, root.publicKey)
  if (!fits) throw new StoreError('ERR_STORE_CORRUPT', { hint: 'keys and log do not belong together' })
  return { log, root, device: secrets.device, sign, ik, transportSeed: secretKey(secrets.transport) }
}
