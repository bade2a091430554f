import type { Trust } from '../connection/remote.ts'

/** Somebody who is no contact, and connected or left something: a person says whether it is let in. */
export type Request = {
  /** rises with every request; no other one has it while this peer is open */
  readonly id: number
  readonly address: string
  /** 60 digits that both sides can compare by voice */
  readonly safetyNumber: string
  readonly trust: Trust
  /** when it asked first since this peer was opened, milliseconds since 1970 */
  readonly since: number
  /** whether it is connected now */
  readonly connected: boolean
  /** how many messages of it wait, 16 at most */
  readonly messages: number
}

/** A stranger asks to be let in, told once; what it says and offers is told when it is let in. */
export type RequestEvent = {
  readonly type: 'request'
  readonly request: Request
  /** how many wait then, this one among them */
  readonly waiting: number
}

/** Those that wait, as if they asked one after the other now. */
export const asEvents = (requests: readonly Request[]): readonly RequestEvent[] =>
  requests.map((request, index) => ({ type: 'request', request, waiting: index + 1 }))
