import { equal } from './bytes.ts'
import { encodeCbor } from './cbor.ts'
import { openEnvelope, signEnvelope, verifyEnvelope } from './cose.ts'
import { HandfastError, MailboxError } from './errors.ts'
import { LABEL_MAILBOX_FETCH } from './labels.ts'
import type { P256PrivateKey } from './p256.ts'

/** What a recipient signs to be handed what a mailbox keeps for it (docs/spec/mailbox.md §5). */

export const CHALLENGE_BYTES = 32

/** Worth something once, on one connection, at one mailbox, for one recipient. */
export type FetchClaim = {
  /** what the mailbox drew for this, 32 bytes */
  readonly challenge: Uint8Array
  /** hash of this connection's transport handshake, 64 bytes */
  readonly channel: Uint8Array
  /** identity hashes, 32 bytes each */
  readonly mailbox: Uint8Array
  readonly recipient: Uint8Array
}

const encodeClaim = ({ challenge, channel, mailbox, recipient }: FetchClaim): Uint8Array =>
  encodeCbor({ v: 1, challenge, channel, mailbox, recipient })

/** Signs a claim with the device's `sign` key: a COSE_Sign1 envelope. */
export const signFetch = (claim: FetchClaim, sign: P256PrivateKey): Uint8Array =>
  signEnvelope(encodeClaim(claim), sign, LABEL_MAILBOX_FETCH)

/**
 * Checks that `envelope` is this very claim, signed by the device.
 * @param sign the device's `sign` key, 33 bytes, from the recipient's verified log
 * @throws MailboxError ERR_MAILBOX_PROOF
 */
export const checkFetch = (envelope: Uint8Array, claim: FetchClaim, sign: Uint8Array): void => {
  let proven: boolean
  try {
    const opened = openEnvelope(envelope)
    proven = equal(opened.payload, encodeClaim(claim)) && verifyEnvelope(opened, sign, LABEL_MAILBOX_FETCH)
  } catch (cause) {
    if (cause instanceof HandfastError) throw new MailboxError('ERR_MAILBOX_PROOF', { cause })
    throw cause
  }
  if (!proven) throw new MailboxError('ERR_MAILBOX_PROOF')
}
