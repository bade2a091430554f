import { SessionError } from '../errors.ts'
import { hmac, type SecretKey, secretKey } from '../kdf.ts'
import { SKIP_MAX } from '../limits/protocol-limits.ts'
import type { SkippedKey } from './skipped-keys.ts'

/** A chain key CK together with the number of the message key it yields next. */
export type ChainKey = { readonly key: SecretKey; readonly index: number }

const MESSAGE = Uint8Array.of(0x01)
const CHAIN = Uint8Array.of(0x02)

/** mk = HMAC(CK, 0x01), CK' = HMAC(CK, 0x02) (docs/spec/session.md §2). */
export const stepChainKey = ({ key, index }: ChainKey): { messageKey: SecretKey; next: ChainKey } => ({
  messageKey: secretKey(hmac(key, MESSAGE)),
  next: { key: secretKey(hmac(key, CHAIN)), index: index + 1 },
})

/**
 * Walks the chain of the ratchet key `dh` to message `until`, keeping the keys it passes.
 * @throws SessionError ERR_SESSION_SKIP beyond 1,000 of them
 */
export const walkChain = (
  chain: ChainKey,
  dh: Uint8Array,
  until: number,
): { chain: ChainKey; passed: readonly SkippedKey[] } => {
  if (until - chain.index > SKIP_MAX) throw new SessionError('ERR_SESSION_SKIP')
  const passed: SkippedKey[] = []
  let current = chain
  while (current.index < until) {
    const { messageKey, next } = stepChainKey(current)
    passed.push({ dh, n: current.index, key: messageKey })
    current = next
  }
  return { chain: current, passed }
}
