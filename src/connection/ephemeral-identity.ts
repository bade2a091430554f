import type { RandomBytes } from '../core/bytes.ts'
import { ED25519_KEY_BYTES } from '../core/ed25519.ts'
import { epochKeys } from '../core/epoch-keys.ts'
import { generateDevice, publicDevice } from '../core/identity.ts'
import { createLog } from '../core/key-log.ts'
import { INCARNATION_BYTES } from '../core/limits/protocol-limits.ts'
import { generatePrivateKey } from '../core/p256.ts'
import type { Caller } from './live-handshake.ts'

/**
 * An identity for one connection, so that the other side learns nothing of ours. Nobody keeps its root key, nobody has its slot's, and there are none to come.
 * @param now seconds since 1970
 */
export const createEphemeralIdentity = (now: number, random: RandomBytes): Caller => {
  const keys = generateDevice(random)
  const content = { devices: [publicDevice(keys)], time: now }
  return {
    log: createLog(generatePrivateKey(random), epochKeys(random(ED25519_KEY_BYTES), []), content),
    device: 0,
    ik: keys.ik,
    inc: random(INCARNATION_BYTES),
  }
}
