/** Records that say what Mallory wants, as well made as her keys allow. */

import { encodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope, signEnvelope } from '../../src/core/cose.ts'
import { sha256 } from '../../src/core/kdf.ts'
import type { Entry } from '../../src/core/key-log-entry.ts'
import { LABEL_KEY_LOG } from '../../src/core/labels.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { type Hand, now } from './hand.ts'

/** The protected header of every COSE envelope here: ES256. */
const ES256 = Uint8Array.of(0xa1, 0x01, 0x26)

/** What `forged` says, under the signature of `genuine`. */
export const withSignatureOf = (genuine: Uint8Array, forged: Uint8Array): Uint8Array =>
  encodeCbor([ES256, {}, openEnvelope(forged).payload, openEnvelope(genuine).signature])

/** The next entry of Bob's log, with Mallory's device in it, signed by `key`. */
const nextEntry = (hand: Hand, changes: Partial<Omit<Entry, 'devices'>>, key: P256PrivateKey): Uint8Array => {
  const { entry, hash } = hand.bob.log.last
  const devices = [{ sign: hand.identity.sign.publicKey, dh: hand.identity.ik.publicKey }]
  const next = { ...entry, seq: entry.seq + 1, prev: hash, time: now(), ...changes, devices }
  return signEnvelope(encodeCbor(next), key, LABEL_KEY_LOG)
}

/** "Bob has a new device", in Bob's name. */
export const forgeUpdate = (hand: Hand): Uint8Array => nextEntry(hand, {}, hand.identity.root)

/** "Bob has a new root key", signed by that key as it must be; only that Bob never committed to it. */
export const forgeRotation = (hand: Hand): Uint8Array => {
  const { root, sign } = hand.identity
  return nextEntry(hand, { root: root.publicKey, next: sha256(sign.publicKey) }, root)
}
