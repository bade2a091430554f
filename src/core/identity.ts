import type { RandomBytes } from './bytes.ts'
import { KeyLogError } from './errors.ts'
import { type SecretKey, secretKey } from './kdf.ts'
import { createLog, type Device, type KeyLog, updateLog } from './key-log.ts'
import { generatePrivateKey, type P256PrivateKey } from './p256.ts'
import { generatePhrase, rootChain } from './recovery-phrase.ts'

/** Everything one device holds of its owner's identity. The next root key is not among it: it is in the recovery phrase. */
export type Identity = {
  readonly log: KeyLog
  readonly root: P256PrivateKey
  /** this device's place in the log's `devices`, and the private halves of its keys */
  readonly device: number
  readonly sign: P256PrivateKey
  readonly ik: P256PrivateKey
  /** 32-byte seed of the transport's Ed25519 key */
  readonly transportSeed: SecretKey
}

const SEED_BYTES = 32

type DeviceKeys = { readonly sign: P256PrivateKey; readonly ik: P256PrivateKey }

export const generateDevice = (random: RandomBytes): DeviceKeys => ({
  sign: generatePrivateKey(random),
  ik: generatePrivateKey(random),
})

export const publicDevice = ({ sign, ik }: DeviceKeys): Device => ({ sign: sign.publicKey, dh: ik.publicKey })

/**
 * A new identity and the recovery phrase (24 words) that alone can rotate its root key. Whoever calls shows the phrase
 * once and forgets it.
 * @param now seconds since 1970
 */
export const createIdentity = (now: number, random: RandomBytes): { identity: Identity; phrase: string } => {
  const phrase = generatePhrase(random)
  const root = generatePrivateKey(random)
  const keys = generateDevice(random)
  const log = createLog(root, rootChain(phrase).next(0), { devices: [publicDevice(keys)], time: now })
  return { identity: { log, root, device: 0, ...keys, transportSeed: secretKey(random(SEED_BYTES)) }, phrase }
}

/**
 * Replaces this device's keys by an update of the log; cards and prekeys of the old keys are void from then on.
 * @throws KeyLogError ERR_LOG_RETIRED, ERR_LOG_TIME_BACK
 */
export const renewDevice = (identity: Identity, now: number, random: RandomBytes): Identity => {
  const { log, root, device } = identity
  if (log.last.entry.status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  const keys = generateDevice(random)
  const devices = log.last.entry.devices.map((known, index) => (index === device ? publicDevice(keys) : known))
  return { ...identity, ...keys, log: updateLog(log, root, { devices, time: now }) }
}
