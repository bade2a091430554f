import type { HandfastError, StoreError } from '../core/errors.ts'
import type { Change } from '../core/floor.ts'
import type { ClockReading } from '../directory/client/heard-times.ts'

/** What is found out about identities, others' and one's own, as `Peer.events` tells it. */
export type ContactEvent =
  /** what became of an identity that is connected, or was looked up */
  | { readonly type: 'changed'; readonly address: string; readonly change: Change }
  /** two logs of an identity contradict each other; of one's own address it means that somebody else signs with its root key */
  | { readonly type: 'forked'; readonly address: string }
  /**
   * the data folder had gone back to an earlier state than the directory knows, or is a copy of one that went on; `since`: when the card
   * was signed that shows it, seconds since 1970. What could get lost by it is sent again
   */
  | { readonly type: 'rolled-back'; readonly since: number }
  /** somebody published a card with this device's keys that is not of this data folder; `since` as above. This peer's is later */
  | { readonly type: 'copied'; readonly since: number }
  /** a copy of this data folder is running elsewhere: this peer has stopped, and only what is on disk can be read */
  | { readonly type: 'twin'; readonly error: StoreError }
  /** two data folders of a device of a contact take turns: it runs twice, or its keys were copied */
  | { readonly type: 'peer-twin'; readonly address: string }
  /** the owner does not deal with an identity any more, by this program or another one; so much waits for it, and is kept */
  | { readonly type: 'blocked'; readonly address: string; readonly messages: number; readonly files: number }
  /** or deals with it again: what waits goes on */
  | { readonly type: 'unblocked'; readonly address: string; readonly messages: number; readonly files: number }
  /** the identity went on elsewhere: the keys of this machine are void, or somebody else has them */
  | { readonly type: 'superseded'; readonly error: HandfastError }
  /** log and card could not be published anew: others will see them as stale when the present card runs out */
  | { readonly type: 'not-published'; readonly error: unknown }
  /** most who were asked say another time than this computer, which is `ahead` of them by so many seconds; told once, until it is right */
  | ({ readonly type: 'clock' } & ClockReading)
  /** what was published is not what others find: `reason` says what they do; told once, until they find it */
  | { readonly type: 'unconfirmed'; readonly reason: string }
