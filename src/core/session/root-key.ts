import { concat } from '../bytes.ts'
import { exportSecret, hkdf, type SecretKey, secretKey } from '../kdf.ts'
import { LABEL_RATCHET } from '../labels.ts'
import { dh, type P256PrivateKey } from '../p256.ts'
import { createWiping } from '../wipe.ts'

/**
 * One step of the root chain (docs/spec/session.md §3): RK', CK = HKDF(RK, DH(dh_remote, dh_self) [‖ ss], "handfast/v1/ratchet", 64).
 * @param ss the shared secret (32 bytes) of the KEM key that this step answers, null when it answers none; it is wiped
 * @throws KeyError ERR_P256_POINT
 */
export const stepRootKey = (
  rootKey: SecretKey,
  remote: Uint8Array,
  self: P256PrivateKey,
  ss: Uint8Array | null,
): { rootKey: SecretKey; chainKey: SecretKey } => {
  using secrets = createWiping()
  const kem = secrets.keep(ss ?? new Uint8Array(0))
  const ikm = secrets.keep(concat(secrets.keep(dh(remote, self)), kem))
  const okm = hkdf(secrets.keep(exportSecret(rootKey)), ikm, LABEL_RATCHET, 64)
  return { rootKey: secretKey(okm.subarray(0, 32)), chainKey: secretKey(okm.subarray(32)) }
}
