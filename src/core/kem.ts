import {
  createPrivateKey,
  createPublicKey,
  decapsulate as decapsulateWithNode,
  encapsulate as encapsulateWithNode,
  type KeyObject,
} from 'node:crypto'
import type { RandomBytes } from './bytes.ts'
import { KeyError } from './errors.ts'
import { blake2b256 } from './kdf.ts'
import { moved } from './wipe.ts'

/** ML-KEM-768 (FIPS 203); always used together with P-256, never alone. */

export const KEM_PUBLIC_BYTES = 1184
export const KEM_CIPHERTEXT_BYTES = 1088
/** d ‖ z, the seed a key pair is generated from. */
export const KEM_SEED_BYTES = 64
export const KEM_HALF_BYTES = KEM_PUBLIC_BYTES / 2

const ALGORITHM = { asymmetricKeyType: 'ml-kem-768' } as const

/** A decapsulation key inside OpenSSL with its encapsulation key (1184 bytes) beside it. */
export type KemPrivateKey = { readonly key: KeyObject; readonly publicKey: Uint8Array }

/** A key pair from 64 fresh bytes. */
export const generateKem = (random: RandomBytes): KemPrivateKey => {
  const seed = random(KEM_SEED_BYTES)
  const key = createPrivateKey({ key: seed, format: 'raw-seed', ...ALGORITHM })
  seed.fill(0)
  return { key, publicKey: Uint8Array.from(createPublicKey(key).export({ format: 'raw-public' })) }
}

/** The seed d ‖ z of a decapsulation key, 64 bytes: for storing it, sealed, and nothing else; whoever calls wipes it. */
export const exportKem = ({ key }: KemPrivateKey): Uint8Array => moved(key.export({ format: 'raw-seed' }))

/**
 * A fresh shared secret (32 bytes) and its ciphertext (1088 bytes) for the holder of `publicKey`.
 * Encapsulation draws its randomness inside OpenSSL, so vectors carry the results. Whoever calls wipes the secret.
 * @throws KeyError ERR_KEM_KEY when the key is not 1184 bytes or fails FIPS 203's modulus check
 */
export const encapsulate = (publicKey: Uint8Array): { ss: Uint8Array; ct: Uint8Array } => {
  if (publicKey.length !== KEM_PUBLIC_BYTES) throw new KeyError('ERR_KEM_KEY')
  try {
    const key = createPublicKey({ key: publicKey, format: 'raw-public', ...ALGORITHM })
    const { sharedKey, ciphertext } = encapsulateWithNode(key)
    return { ss: moved(sharedKey), ct: Uint8Array.from(ciphertext) }
  } catch (cause) {
    throw new KeyError('ERR_KEM_KEY', { cause })
  }
}

/**
 * The shared secret of a ciphertext. A ciphertext made for another key gives an unrelated secret, not an error (FIPS 203, §6.3).
 * Whoever calls wipes it.
 * @throws KeyError ERR_KEM_CIPHERTEXT when it is not 1088 bytes
 */
export const decapsulate = (privateKey: KemPrivateKey, ciphertext: Uint8Array): Uint8Array => {
  if (ciphertext.length !== KEM_CIPHERTEXT_BYTES) throw new KeyError('ERR_KEM_CIPHERTEXT')
  return moved(decapsulateWithNode(privateKey.key, ciphertext))
}

/** The two halves (592 bytes each) in which an encapsulation key travels through the directory. */
export const kemHalves = (publicKey: Uint8Array): readonly [Uint8Array, Uint8Array] => [
  publicKey.slice(0, KEM_HALF_BYTES),
  publicKey.slice(KEM_HALF_BYTES),
]

/** What a card names of a key: BLAKE2b-256 of each half, 32 bytes. So each can lie in HyperDHT as a value of its own, and be verified alone. */
export type KemNames = readonly [Uint8Array, Uint8Array]

export const kemNames = (publicKey: Uint8Array): KemNames => {
  const [first, second] = kemHalves(publicKey)
  return [blake2b256(first), blake2b256(second)]
}
