import { FERNET_KEY_BYTES, type FernetKey, takeFernetKey } from '../fernet.ts'
import { hkdf, type SecretKey, sha256 } from '../kdf.ts'
import { LABEL_MESSAGE } from '../labels.ts'

/**
 * The Fernet key of one message: HKDF(H(header), mk, "handfast/v1/message", 32) (docs/spec/session.md §2).
 * A Fernet token has no associated data, so the header is bound by letting the key depend on it.
 */
export const messageFernetKey = (messageKey: SecretKey, header: Uint8Array): FernetKey =>
  takeFernetKey(hkdf(sha256(header), messageKey, LABEL_MESSAGE, FERNET_KEY_BYTES))
