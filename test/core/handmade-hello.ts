import { createECDH, createHash, createHmac, createPublicKey, encapsulate, hkdfSync } from 'node:crypto'
import type { Card, SignedCard } from '../../src/core/card.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { exportPrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { pad } from '../../src/core/padding.ts'
import { NOW } from './identities.ts'

/**
 * The initiator of docs/spec/handshake.md §2 and its first message, written a second time from the specification over node:crypto:
 * it agrees with the code only while both keep to the specification, and every part of it can be bent by an attacker.
 */

const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const sum = createHash('sha256')
  for (const part of parts) sum.update(part)
  return sum.digest()
}
const hkdf = (salt: Uint8Array, ikm: Uint8Array, info: string, size: number): Buffer =>
  Buffer.from(hkdfSync('sha256', ikm, salt, info, size))
const hmac = (key: Uint8Array, byte: number): Buffer => createHmac('sha256', key).update(Uint8Array.of(byte)).digest()

/** The x-coordinate shared by a point (33 bytes) and a private key. */
export const ecdh = (point: Uint8Array, privateKey: P256PrivateKey): Buffer => {
  const own = createECDH('prime256v1')
  own.setPrivateKey(exportPrivateKey(privateKey))
  return own.computeSecret(point)
}

export type Handmade = {
  /** the responder's card, its device's dh public key (33 bytes) and its ML-KEM key (1184 bytes) */
  readonly card: SignedCard<Card>
  readonly ikB: Uint8Array
  readonly kem: Uint8Array
  readonly channel: Uint8Array
  readonly ek: P256PrivateKey
  /** the first ratchet key */
  readonly ratchet: P256PrivateKey
  /** what is sealed: { log, device, inc, seen } when the initiator is honest */
  readonly identity: CborValue
  /** H(first envelope) and H(last envelope) of the initiator's log */
  readonly idA: Uint8Array
  readonly headA: Uint8Array
  /** DH(spk_B, ik_A), or what a forger without ik_A puts in its place */
  readonly se: Uint8Array
  /** DH(ik_B, ik_A), or what a forger with neither puts in its place */
  readonly ii: Uint8Array
  readonly first: Uint8Array
  /** what encapsulation gave, when it is repeated */
  readonly encapsulated?: { readonly sharedKey: Buffer; readonly ciphertext: Buffer }
  /** the first message's number and session, when they are not as they should be */
  readonly n?: number
  readonly session?: Uint8Array
}

/** A decoded hello. */
export type HelloFields = {
  readonly v: number
  readonly ek: Uint8Array
  readonly card: Uint8Array
  readonly ct: Uint8Array
  readonly sealed: Uint8Array
  readonly first: { readonly header: Uint8Array; readonly token: Uint8Array }
}

/** The hello, its fields, every value on the way to it, and the messages that may follow in the first chain. */
export const handmadeHello = (made: Handmade) => {
  const { card, ikB, kem, channel, ek, ratchet, identity, idA, headA, se, ii, first, n = 0 } = made
  const { spk } = card.card
  const kemKey = createPublicKey({ key: Buffer.from(kem), format: 'raw-public', asymmetricKeyType: 'ml-kem-768' })
  const { sharedKey: ss, ciphertext: ct } = made.encapsulated ?? encapsulate(kemKey)
  const [es1, es2] = [ecdh(ikB, ek), ecdh(spk, ek)]

  const bound = encodeCbor([card.card.id, card.card.head, card.hash, ek.publicKey, ct, channel])
  const h0 = hash(Buffer.from('handfast/v1/handshake'), bound)
  const k0 = hkdf(h0, Buffer.concat([es1, es2, ss]), 'handfast/v1/identity', 32)
  const sealed = sealFernet(importFernetKey(k0), encodeCbor(identity), NOW, new Uint8Array(16))
  const h1 = hash(h0, sealed, idA, headA)
  const rk = hkdf(h1, Buffer.concat([es1, es2, ss, se, ii]), 'handfast/v1/root', 32)
  const session = made.session ?? hkdf(h1, Buffer.concat([es1, es2, ss]), 'handfast/v1/session', 16)

  const step = hkdf(rk, ecdh(spk, ratchet), 'handfast/v1/ratchet', 64)
  const [rk1, ck] = [step.subarray(0, 32), step.subarray(32)]

  const message = (number: number, text: Uint8Array) => {
    let chainKey = ck
    for (let passed = 0; passed < number; passed++) chainKey = hmac(chainKey, 2)
    const header = encodeCbor([session, ratchet.publicKey, 0, number, null, null])
    const [mk, padded] = [hmac(chainKey, 1), pad(text)]
    const fernetKey = hkdf(hash(header), mk, 'handfast/v1/message', 32)
    const token = sealFernet(importFernetKey(fernetKey), padded, NOW, new Uint8Array(16))
    return { header, token, on: { mk, fernetKey, padded } }
  }

  const { header, token } = message(n, first)
  const fields: HelloFields = { v: 1, ek: ek.publicKey, card: card.hash, ct, sealed, first: { header, token } }
  const steps = { es1, es2, ct, ss, se, ii, h0, k0, sealed, h1, rk, rk1, ck }
  return { fields, hello: encodeCbor(fields), session: Uint8Array.from(session), steps, message }
}
