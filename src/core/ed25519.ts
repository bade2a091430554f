import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto'
import { moved } from './wipe.ts'

/** Ed25519 (RFC 8032), for what HyperDHT verifies itself. Everything else is signed by P-256. */

export const ED25519_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

/** A private key inside OpenSSL with its public key beside it; `inspect` shows no secret. */
export type Ed25519PrivateKey = {
  /** @internal not part of the published types, which then need none of Node's */
  readonly key: KeyObject
  /** 32 bytes */
  readonly publicKey: Uint8Array
}

const ED25519 = { asymmetricKeyType: 'ed25519' } as const

/** Imports a seed of 32 bytes; whoever calls wipes it. */
export const importEd25519 = (seed: Uint8Array): Ed25519PrivateKey => {
  const key = createPrivateKey({ key: seed, format: 'raw-private', ...ED25519 })
  return { key, publicKey: Uint8Array.from(createPublicKey(key).export({ format: 'raw-public' })) }
}

/** The seed of a private key, 32 bytes: for storing it, sealed, and nothing else; whoever calls wipes it. */
export const exportEd25519 = ({ key }: Ed25519PrivateKey): Uint8Array => moved(key.export({ format: 'raw-private' }))

/** 64 bytes, always the same for the same key and message. */
export const signEd25519 = ({ key }: Ed25519PrivateKey, message: Uint8Array): Uint8Array =>
  Uint8Array.from(signWithNode(null, message, key))

/** Whether `signature` is `publicKey`'s (32 bytes) over `message`; bytes that are no point have no signatures. */
export const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (publicKey.length !== ED25519_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) return false
  try {
    const key = createPublicKey({ key: publicKey, format: 'raw-public', ...ED25519 })
    return verifyWithNode(null, message, key, signature)
  } catch {
    return false
  }
}
