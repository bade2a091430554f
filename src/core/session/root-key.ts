import type { KeyObject } from 'node:crypto'
import { hkdf, secretKey } from '../kdf.ts'
import { LABEL_RATCHET } from '../labels.ts'
import { dh, type P256PrivateKey } from '../p256.ts'

/** One step of the root chain (protocol §6): RK', CK = HKDF(RK, DH(dh_remote, dh_self), "handfast/v1/ratchet", 64). */
export const stepRootKey = (
  rootKey: KeyObject,
  remote: Uint8Array,
  self: P256PrivateKey,
): { rootKey: KeyObject; chainKey: KeyObject } => {
  const okm = hkdf(rootKey.export(), dh(remote, self), LABEL_RATCHET, 64)
  return { rootKey: secretKey(okm.subarray(0, 32)), chainKey: secretKey(okm.subarray(32)) }
}
