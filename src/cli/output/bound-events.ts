import type { ContactVolumes } from '../../contacts/contact-volumes.ts'
import type { ErrorCode } from '../../core/errors.ts'

/** What a command reports of what has bounds; a part of `TalkEvents` in `talk-events.ts`. */
export type BoundEvents = {
  /** `messages --delete-before`: so many are not here any more */
  deleted: { readonly peer: string; readonly messages: number }
  /** `contacts --limits`: bytes on this disk of what a contact sent, kept and today, and how many there may be */
  volumes: { readonly peer: string } & ContactVolumes
  /** `files --clear`: what was received of that peer counts no more against what it may send; the files stay */
  cleared: { readonly peer: string }
  /** so many connections of those who are no contacts were not told one by one */
  strangers: { readonly connections: number }
  /** messages of that peer wait, since it sent as much as it may; `wait`: seconds, null until its owner makes room or allows more */
  limited: { readonly peer: string; readonly code: ErrorCode; readonly wait: number | null }
}
