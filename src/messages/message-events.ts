import type { ErrorCode } from '../core/errors.ts'
import type { Refusal } from './allowance.ts'
import type { Message } from './message.ts'

/** What happens to messages, as `Peer.events` tells it. */
export type MessageEvent =
  /** one came, and is on this disk: `messages.take` when it has been dealt with */
  | { readonly type: 'message'; readonly message: Message }
  /** one of ours is `queued`, `sent`, `delivered`, `gone` or `failed` now; what was `delivered` can be `sent` or `gone` */
  | { readonly type: 'delivery'; readonly message: Message }
  /**
   * the peer's data folder is an older one than that which had confirmed messages: so many of these are sent again, and so many are `gone`,
   * which `messages.resend` sends again
   */
  | { readonly type: 'peer-went-back'; readonly address: string; readonly again: number; readonly gone: number }
  /**
   * messages between this peer and that one wait, though both are there: the disk of the side that is meant by `here` has no room, or `code` says
   * what else that side gave as its reason: the other one may take no more of ours now, for about `wait` seconds as far as it knows, which is told
   * once an hour at most. They go on by themselves, and then this comes again, with null as `code`
   */
  | {
      readonly type: 'held'
      readonly address: string
      readonly here: boolean
      readonly code: ErrorCode | null
      readonly wait: number | null
    }
  /**
   * we take no more of theirs now, for the reason `code`, and for about `wait` seconds; null when its owner has to make room
   * (`messages.forget`) or allow more (`contacts.limit`). What waits is with them. Told once an hour at most, and ERR_MESSAGE_RATE of one of
   * those who are no contacts
   */
  | {
      readonly type: 'limited'
      readonly address: string
      readonly code: Exclude<Refusal['code'], 'ERR_MESSAGE_FULL'>
      readonly wait: number | null
    }
  /** something is in mailboxes of a peer that could not be reached, which gets it from there: so many messages, or 0 and receipts */
  | {
      readonly type: 'in-mailboxes'
      readonly address: string
      readonly mailboxes: readonly string[]
      readonly messages: number
    }
  /**
   * somebody took keys back that were stolen or lost: so many messages and files of ours went to them, and may have been read by who had
   * them; `again` of these are sent again, to the keys that stand. So many messages that were `received`, and `receivedFiles`, came
   * from them, and may have been made by who had them
   */
  | {
      readonly type: 'exposed'
      readonly address: string
      readonly messages: number
      readonly files: number
      readonly received: number
      readonly receivedFiles: number
      readonly again: number
    }
  /** one of this peer's own mailboxes failed; told once, until it works again */
  | { readonly type: 'mailbox-failed'; readonly address: string; readonly error: unknown }
