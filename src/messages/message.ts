import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import type { MessageReason, MessageState, StoredMessage } from '../store/message-rows.ts'
import { type Body, decodeBody } from './body.ts'

/** A message that is kept until it has arrived: `text`, or bytes as `data`; one of a kind that only newer versions know is `unknown`. */
export type Message = Body & {
  /** rises with every message of this peer, sent or received */
  readonly id: number
  /** SHA-256 in hex: the same on both sides and for ever, whenever and however often it is sent */
  readonly hash: string
  /** the address at the other end */
  readonly peer: string
  /** the address of who wrote it */
  readonly from: string
  readonly direction: 'in' | 'out'
  /** the application it is of */
  readonly app: string
  /** when it was written, by its writer's clock, milliseconds since 1970 */
  readonly sentAt: number
  /**
   * Sent ones: `queued` on this disk, `sent` on its way, `delivered` on the other side's disk, `gone` with a disk that had it, `failed` for
   * the `reason`. What was `delivered` can become `sent` or `gone` when the other side's folder went back. Received ones: `arrived` on this
   * disk, `taken` by the application.
   */
  readonly state: MessageState
  readonly reason: MessageReason | null
  /** It went to, or came from, keys that their owner took back since, as stolen or lost: whoever had them may have read it, or written it. */
  readonly exposed: boolean
}

/** @param own our identity hash, 32 bytes */
export const describeMessage = (own: Uint8Array, stored: StoredMessage): Message => {
  const { id, m, peer, out, app, at, state, reason, exposed, body } = stored
  const address = encodeAddress(peer)
  const from = out ? encodeAddress(own) : address
  const parties = { peer: address, from, direction: out ? 'out' : 'in' } as const
  return { id, hash: hex(m), ...parties, app, sentAt: at, state, reason, exposed, ...decodeBody(body) }
}
