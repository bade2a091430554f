import type { RandomBytes } from './bytes.ts'
import type { Ed25519PrivateKey } from './ed25519.ts'
import { KeyLogError } from './errors.ts'
import { type SecretKey, secretKey } from './kdf.ts'
import { createLog, createLogBy, type KeyLog, updateLogBy } from './key-log.ts'
import type { Device } from './key-log-entry.ts'
import { LOG_ENTRIES_MAX } from './limits/protocol-limits.ts'
import { generatePrivateKey, type P256PrivateKey, type Signer } from './p256.ts'
import { generatePhrase, phraseKeys } from './recovery-phrase.ts'
import { elsewhere, type RootElsewhere, type RootKey, type RootSigner, rootSigner } from './root-key.ts'

/** Everything one device holds of its owner's identity. The next root key and the next slot are not among it: they are in the recovery phrase. */
export type Identity<Root extends RootKey = RootKey> = {
  readonly log: KeyLog
  readonly root: Root
  /** this device's place in the log's `devices`, and the private halves of its keys */
  readonly device: number
  readonly sign: P256PrivateKey
  readonly ik: P256PrivateKey
  /** 32-byte seed of the transport's Ed25519 key */
  readonly transportSeed: SecretKey
  /** the key of this epoch's slot; null where the phrase never was: a device that was adopted by the root key alone, or a retired identity */
  readonly slotKey: Ed25519PrivateKey | null
  /** signatures of 64 bytes that close the slots of former epochs, in order (`closedSlots`): public, and put again for as long as it matters */
  readonly closings: readonly Uint8Array[]
}

const SEED_BYTES = 32

type DeviceKeys = Pick<Identity, 'sign' | 'ik' | 'transportSeed'>

export const generateDevice = (random: RandomBytes): DeviceKeys => ({
  sign: generatePrivateKey(random),
  ik: generatePrivateKey(random),
  transportSeed: secretKey(random(SEED_BYTES)),
})

export const publicDevice = ({ sign, ik }: Pick<Identity, 'sign' | 'ik'>): Device => ({
  sign: sign.publicKey,
  dh: ik.publicKey,
})

export type Created<Root extends RootKey> = { readonly identity: Identity<Root>; readonly phrase: string }

/**
 * A new identity and the recovery phrase (24 words) that alone can rotate its root key. Whoever calls shows the phrase
 * once and forgets it.
 * @param now seconds since 1970
 */
export const createIdentity = (now: number, random: RandomBytes): Created<P256PrivateKey> => {
  const phrase = generatePhrase(random)
  const root = generatePrivateKey(random)
  const keys = generateDevice(random)
  const ofPhrase = phraseKeys(phrase)
  const log = createLog(root, ofPhrase.epoch(0), { devices: [publicDevice(keys)], time: now })
  return { identity: { log, root, device: 0, ...keys, slotKey: ofPhrase.slot(0), closings: [] }, phrase }
}

/** `createIdentity` with a root key that lives elsewhere. @throws KeyError ERR_SIGNER; what the signer throws */
export const createIdentityBy = async (
  signer: RootSigner,
  now: number,
  random: RandomBytes,
): Promise<Created<RootElsewhere>> => {
  const phrase = generatePhrase(random)
  const keys = generateDevice(random)
  const ofPhrase = phraseKeys(phrase)
  const log = await createLogBy(signer, ofPhrase.epoch(0), { devices: [publicDevice(keys)], time: now })
  const identity = { log, root: elsewhere(signer), device: 0, ...keys, slotKey: ofPhrase.slot(0), closings: [] }
  return { identity, phrase }
}

/**
 * Goes on with an identity of which nothing is left but what holds its root key: by an update of the log found, with one device
 * whose keys are new. If that log is not the newest, the update forks it: only a recovery phrase then helps.
 * @param now seconds since 1970
 * @throws KeyError ERR_ROOT_OTHER, ERR_SIGNER; KeyLogError ERR_LOG_RETIRED, ERR_LOG_TOO_LONG; what the signer throws
 */
export const adoptIdentity = async (
  log: KeyLog,
  signer: RootSigner,
  now: number,
  random: RandomBytes,
): Promise<Identity<RootElsewhere>> => {
  const { root, time } = log.last.entry
  rootSigner({ publicKey: root, token: null }, signer)
  checkOpen(log)
  const keys = generateDevice(random)
  const content = { devices: [publicDevice(keys)], time: Math.max(now, time) }
  const updated = await updateLogBy(log, signer, content)
  // The slot's key was on a device that is lost, and is in the phrase: it is written again after the next rotation.
  return { log: updated, root: elsewhere(signer), device: 0, ...keys, slotKey: null, closings: [] }
}

/** Before anything is signed: a signature can cost the owner of a token a touch. @throws KeyLogError ERR_LOG_RETIRED, ERR_LOG_TOO_LONG */
const checkOpen = ({ entries, last }: KeyLog): void => {
  if (last.entry.status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  if (entries.length >= LOG_ENTRIES_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')
}

/**
 * Replaces this device's keys by an update of the log; cards and prekeys of the old keys are void from then on.
 * @param signer signs as the root key; needed when that is elsewhere
 * @throws KeyLogError ERR_LOG_RETIRED, ERR_LOG_TIME_BACK, ERR_LOG_TOO_LONG; KeyError ERR_ROOT_ELSEWHERE, ERR_ROOT_OTHER,
 *   ERR_SIGNER; what the signer throws
 */
export const renewDevice = async <Root extends RootKey>(
  identity: Identity<Root>,
  now: number,
  random: RandomBytes,
  signer?: Signer,
): Promise<Identity<Root>> => {
  const { log, root, device } = identity
  const { devices: known, time } = log.last.entry
  checkOpen(log)
  if (now < time) throw new KeyLogError('ERR_LOG_TIME_BACK')
  const keys = generateDevice(random)
  const devices = known.map((one, index) => (index === device ? publicDevice(keys) : one))
  return { ...identity, ...keys, log: await updateLogBy(log, rootSigner(root, signer), { devices, time: now }) }
}
