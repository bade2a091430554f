import { hkdf, type SecretKey, secretKey } from '../kdf.ts'
import { LABEL_RATCHET } from '../labels.ts'
import { dh, type P256PrivateKey } from '../p256.ts'

/** One step of the root chain (protocol §6): RK', CK = HKDF(RK, DH(dh_remote, dh_self), "handfast/v1/ratchet", 64). */
export const stepRootKey = (
  rootKey: SecretKey,
  remote: Uint8Array,
  self: P256PrivateKey,
): { rootKey: SecretKey; chainKey: SecretKey } => {
  const okm = hkdf(rootKey.export(), dh(remote, self), LABEL_RATCHET, 64)
  return { rootKey: secretKey(okm.subarray(0, 32)), chainKey: secretKey(okm.subarray(32)) }
}
