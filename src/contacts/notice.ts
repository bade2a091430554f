import type { HandfastError } from '../core/errors.ts'
import type { Change } from '../core/floor.ts'

/** What a peer has to tell its owner without having been asked. */
export type Notice =
  /** the identity went on elsewhere: the keys of this machine are void, or somebody else has them */
  | { readonly type: 'superseded'; readonly error: HandfastError }
  /** two logs of an identity contradict each other; of one's own address it means that somebody else signs with its root key */
  | { readonly type: 'forked'; readonly address: string }
  /** what became of an identity that is connected */
  | { readonly type: 'changed'; readonly address: string; readonly change: Change }
  /** log and card could not be published anew: others will see them as stale when the present card runs out */
  | { readonly type: 'not-published'; readonly error: unknown }

  /** what was published is not what others find: `reason` says what they do; told once, until they find it */
  | { readonly type: 'unconfirmed'; readonly reason: string }
  /** something is in mailboxes of a peer that could not be reached, which gets it from there: so many messages, or 0 and receipts */
  | {
      readonly type: 'mailed'
      readonly address: string
      readonly mailboxes: readonly string[]
      readonly messages: number
    }
  /** one of this peer's own mailboxes failed; told once, until it works again */
  | { readonly type: 'mailbox-failed'; readonly address: string; readonly error: unknown }

export type Notify = (notice: Notice) => void
