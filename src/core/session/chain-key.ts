import { hmac, type SecretKey, secretKey } from '../kdf.ts'

/** A chain key CK together with the number of the message key it yields next. */
export type ChainKey = { readonly key: SecretKey; readonly index: number }

const MESSAGE = Uint8Array.of(0x01)
const CHAIN = Uint8Array.of(0x02)

/** mk = HMAC(CK, 0x01), CK' = HMAC(CK, 0x02) (protocol §6). */
export const stepChainKey = ({ key, index }: ChainKey): { messageKey: SecretKey; next: ChainKey } => ({
  messageKey: secretKey(hmac(key, MESSAGE)),
  next: { key: secretKey(hmac(key, CHAIN)), index: index + 1 },
})
