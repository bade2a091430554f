import type { Trust } from '../../connection/remote.ts'

/** A stranger that waits, `since` when in seconds; so many `messages` of it are here. */
type Asking = {
  readonly id: number
  readonly peer: string
  readonly safetyNumber: string
  readonly trust: Trust
  readonly since: number
  readonly connected: boolean
  readonly messages: number
}

/** What is reported of whom one talks to, and of who waits to be let in. */
export type PeopleEvents = {
  /** `listen`: a stranger asks to be let in, once; `waiting`: how many do, as far as that is known when it is told */
  request: Asking & { readonly waiting: number }
  /** `/requests`, one each, and how many there are in all */
  waits: Asking
  requests: { readonly waiting: number }
  /** `/accept`: it is a contact from now on; `/refuse`: so many messages of it were deleted */
  'let-in': { readonly peer: string; readonly name: string | null }
  refused: { readonly peer: string; readonly messages: number }
  /** `/to`: what is typed goes there from now on, and so many `lines` that were kept; null for nobody */
  addressee: { readonly peer: string | null; readonly name: string | null; readonly lines: number }
  /** so many lines that were typed for nobody are kept until somebody is named; `/drop`: so many are not any more */
  kept: { readonly lines: number }
  dropped: { readonly lines: number }
}
