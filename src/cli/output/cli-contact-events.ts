import type { OddTime } from '../../core/clock.ts'

/** Where a log ends: rotations, entries less one, and hash of the last entry in hex. */
export type Head = { readonly epoch: number; readonly seq: number; readonly head: string }
/** What its maker's clock said, seconds since 1970; `odd` when that clock was wrong, or this one is: `ahead` of it, or from before there was Handfast. */
export type Dated = { readonly time: number; readonly odd: OddTime | null }
/** How much of ours waits for an address. */
type Waiting = { readonly address: string; readonly messages: number; readonly files: number }

/** What commands report of contacts; `cli-events.ts` has all of it. */
export type ContactEvents = {
  /** `contacts`, one each; `verify`, the one that was verified. `verified` and `added`: seconds since 1970 */
  contact: Head &
    Dated & {
      readonly address: string
      readonly name: string | null
      readonly trust: 'pinned' | 'verified'
      readonly forked: boolean
      readonly verified: number | null
      readonly added: number
      readonly blocked: boolean
    }
  /** `contacts --forget` */
  forgotten: { readonly address: string }
  /** `contacts --block`, or of a running peer; `contacts`, one each of those that are no contacts. What waits for it, and is kept */
  blocked: Waiting
  /** `contacts --unblock`, or of a running peer: what waits goes on */
  unblocked: Waiting
}
