import { concat } from './bytes.ts'
import { encodeUint } from './compact-uint.ts'
import { type Ed25519PrivateKey, signEd25519, verifyEd25519 } from './ed25519.ts'
import { blake2b256 } from './kdf.ts'

/**
 * A mutable value as every HyperDHT node keeps it: under BLAKE2b-256 of an Ed25519 key, signed by that key, the highest `seq` of those put
 * (docs/spec/slots.md §2). The bytes that are signed are HyperDHT 6.34's own, so that its nodes, which never heard of Handfast, verify it.
 */
export type MutableValue = {
  /** the public key, 32 bytes */
  readonly key: Uint8Array
  /** 0 to 2^53 − 1: what HyperDHT's numbers go to */
  readonly seq: number
  readonly value: Uint8Array
  /** 64 bytes */
  readonly signature: Uint8Array
}

/** The highest `seq` there is: a value under it is never replaced. */
export const SEQ_MAX = Number.MAX_SAFE_INTEGER

/** HyperDHT's namespace of mutable puts: the seventh hash that hypercore-crypto derives from "hyperswarm/dht" is for command 6. */
const NAMESPACE = Uint8Array.from(
  Buffer.from('668e823edd5ce7f5338d68bf1161f4a3c28ce437ee2ab49efd30d99366039b1e', 'hex'),
)

/** What is signed, 64 bytes: namespace ‖ BLAKE2b-256(seq ‖ length of the value ‖ value). */
export const mutableSigned = (seq: number, value: Uint8Array): Uint8Array =>
  concat(NAMESPACE, blake2b256(concat(encodeUint(seq), encodeUint(value.length), value)))

export const signMutable = (key: Ed25519PrivateKey, seq: number, value: Uint8Array): MutableValue => ({
  key: key.publicKey,
  seq,
  value,
  signature: signEd25519(key, mutableSigned(seq, value)),
})

export const verifyMutable = ({ key, seq, value, signature }: MutableValue): boolean =>
  Number.isSafeInteger(seq) && seq >= 0 && verifyEd25519(key, mutableSigned(seq, value), signature)
