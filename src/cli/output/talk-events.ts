import type { ErrorCode } from '../../core/errors.ts'
import type { BoundEvents } from './bound-events.ts'

/** null for a reason nobody thought of */
export type Reason = { readonly code: ErrorCode | null; readonly message: string }

/** A file, and the address at the other end. */
type PeerFile = { readonly peer: string; readonly name: string; readonly size: number }
/** What became of it; `exposed`: it went to, or came from, keys that their owner took back since, and others may have read or written it. */
type Fate = { readonly state: string; readonly code: ErrorCode | null; readonly exposed: boolean }

/** What is told of messages and files: a part of all that a command reports. */
export type TalkEvents = BoundEvents & {
  /** `hash` here and below: SHA-256, the same on both sides */
  message: { readonly peer: string; readonly hash: string; readonly text: string }
  /** a message of bytes, which no command sends but programs may */
  data: { readonly peer: string; readonly hash: string; readonly size: number; readonly base64: string }
  /** a message of a kind that only newer versions know; it is kept */
  unknown: { readonly peer: string; readonly hash: string; readonly kind: string }
  /**
   * a message of ours: `queued` here, `sent`, `delivered` (on the other side's disk), `gone` (with a disk that had it) or `failed`; `id` as in
   * `messages`
   */
  delivery: {
    readonly peer: string
    readonly id: number
    readonly hash: string
    readonly state: string
    readonly code: ErrorCode | null
  }
  /** that peer's data folder is older than what it had confirmed: so many messages are sent `again`, and so many are `gone` */
  'peer-went-back': { readonly peer: string; readonly again: number; readonly gone: number }
  /**
   * messages with that peer wait, though both are there: for a full disk `here`, or for what the other side gives as `code`, and for `wait`
   * seconds as far as it knows; null: they go on
   */
  held: {
    readonly peer: string
    readonly here: boolean
    readonly code: ErrorCode | null
    readonly wait: number | null
  }
  /** `resend`: so many messages that were gone are queued */
  resent: { readonly peer: string; readonly messages: number }
  /** `messages`: `text`, `base64` or, of one that needs a newer version, its `kind`; `at` in seconds, by the clock of who wrote it */
  'past-message': Fate & {
    readonly id: number
    readonly hash: string
    readonly peer: string
    readonly direction: 'in' | 'out'
    readonly at: number
    readonly text: string | null
    readonly base64: string | null
    readonly kind: string | null
  }
  /** `listen`, `send`: messages, or receipts alone, to a peer that is not there are in these of its mailboxes, from where it gets them */
  'in-mailboxes': { readonly peer: string; readonly mailboxes: readonly string[]; readonly messages: number }
  /**
   * so much was sent to keys that somebody took back, as stolen or lost: others may have read it, and `again` of it is sent again; so many
   * messages were `received` from these keys, and so many files: others may have made them
   */
  exposed: {
    readonly peer: string
    readonly messages: number
    readonly files: number
    readonly received: number
    readonly receivedFiles: number
    readonly again: number
  }
  /** `chat`, `send`: lines that are kept here until that peer is there again */
  waiting: { readonly peer: string; readonly messages: number }
  /** a line that was typed and did not go out */
  'not-sent': { readonly text: string } & Reason
  'file-offered': PeerFile & { readonly accepted: boolean }
  /** it goes on from where it was when a connection ended, or this or the other process */
  'file-resumed': PeerFile & { readonly direction: 'in' | 'out'; readonly done: number }
  'file-saved': PeerFile & { readonly path: string }
  'file-sent': PeerFile & { readonly sha256: string }
  /** it waits, with both sides there, for what `code` says, and goes on by itself */
  'file-held': PeerFile & { readonly direction: 'in' | 'out'; readonly done: number } & Reason
  /** it was on that peer's disk, in a data folder that is no more */
  'file-gone': PeerFile
  'file-failed': { readonly peer: string; readonly direction: 'in' | 'out'; readonly name: string } & Reason
  /** `files`, `/files`, one each: `done` bytes are on the receiving disk, as far as this side knows; `at` in seconds; `state` as the library has it */
  file: PeerFile &
    Fate & {
      readonly id: number
      readonly direction: 'in' | 'out'
      readonly done: number
      readonly at: number
      readonly path: string
      readonly sha256: string
    }
  /** `files --cancel`, `/cancel`: it is given up on both sides */
  'file-cancelled': PeerFile & { readonly id: number; readonly direction: 'in' | 'out' }
  /** at the end: a file that goes on when both are there again */
  'file-waiting': PeerFile & { readonly direction: 'in' | 'out'; readonly done: number }
}
