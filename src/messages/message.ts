import { encodeAddress } from '../core/address.ts'
import type { MessageReason, MessageState, StoredMessage } from '../store/message-rows.ts'
import { type Body, decodeBody } from './body.ts'

/** A message that is kept until it has arrived: `text`, or bytes as `data`. */
export type Message = Body & {
  /** rises with every message of this peer, sent or received */
  readonly id: number
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
   * Sent ones: `queued` on this disk, `sent` on its way, `delivered` on the other side's disk, `failed` for the `reason`. Received ones:
   * `arrived` on this disk, `taken` by the application.
   */
  readonly state: MessageState
  readonly reason: MessageReason | null
  /** Sent ones: it went to keys that their owner took back since, as stolen or lost: whoever had them may have read it. */
  readonly exposed: boolean
}

/** @param own our identity hash, 32 bytes */
export const describeMessage = (own: Uint8Array, stored: StoredMessage): Message => {
  const { id, peer, out, app, at, state, reason, exposed, body } = stored
  const address = encodeAddress(peer)
  const from = out ? encodeAddress(own) : address
  const direction = out ? 'out' : 'in'
  return { id, peer: address, from, direction, app, sentAt: at, state, reason, exposed, ...decodeBody(body) }
}
