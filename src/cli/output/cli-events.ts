import type { Ending } from '../../connection/connection.ts'
import type { Trust } from '../../connection/remote.ts'
import type { OddTime } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Change } from '../../core/floor.ts'
import type { Happening } from '../../core/happening.ts'
import type { KeyFormat } from '../../core/key-formats.ts'
import type { KeyUse } from '../../core/key-place.ts'
import type { RootPlace } from '../../core/root-key.ts'
import type { Evidence } from '../../directory/client/evidence.ts'
import type { ClockReading } from '../../directory/client/heard-times.ts'
import type { Freshness } from '../../directory/client/lookup.ts'
import type { ReplicaAcceptance } from '../../directory/client/publish.ts'
import type { Verdict } from '../../directory/client/verdict.ts'
import type { BackupSummary } from '../../identity/backup.ts'
import type { Vault } from '../../store/vault.ts'

/** Where a log ends: rotations, entries less one, and hash of the last entry in hex. */
type Head = { readonly epoch: number; readonly seq: number; readonly head: string }
/** What its maker's clock said, seconds since 1970; `odd` when that clock was wrong, or this one is: `ahead` of it, or from before there was Handfast. */
type Dated = { readonly time: number; readonly odd: OddTime | null }
/** What became of an own log, and where it ends now. */
type Changed = Head & { readonly address: string; readonly status: string; readonly happened: Happening }
type SealedBy = Vault['sealedBy']
/** A file, and the address at the other end. */
type PeerFile = { readonly peer: string; readonly name: string; readonly size: number }
/** null for a reason nobody thought of */
export type Reason = { readonly code: ErrorCode | null; readonly message: string }

/**
 * Of others: `forked`, `peer-twin`. Of one's own identity, or of its mailbox: the rest; of `rolled-back` and `copied` the message says when
 * the card was signed that shows it. `missed`: more happened than could be shown.
 */
type NoticeAbout =
  | 'forked'
  | 'peer-twin'
  | 'rolled-back'
  | 'copied'
  | 'not-published'
  | 'unconfirmed'
  | 'mailbox-failed'
  | 'missed'

type Published = {
  readonly accepted: number
  readonly replicas: readonly ReplicaAcceptance[]
  readonly refusals: Readonly<Record<string, number>>
  readonly weak: boolean
  /** an attacker may stand around the address: more nodes were put to than usual */
  readonly crowded: boolean
}

/** What became of it; `exposed`: it went to keys that their owner took back since, and others may have read it. */
type Fate = { readonly state: string; readonly code: ErrorCode | null; readonly exposed: boolean }

/**
 * Everything a command reports. With --json each is one line on stdout, `{"event": name, …}` as it stands here; `wording.ts` says
 * the same to people.
 */
type Events = {
  /** `init` */
  created: {
    readonly address: string
    readonly folder: string
    readonly sealedBy: SealedBy
    /** where the root key is */
    readonly rootKey: RootPlace
    readonly recoveryPhrase: string
  }
  /** `passphrase`: what seals the private keys from now on */
  sealed: { readonly address: string; readonly folder: string; readonly sealedBy: SealedBy }
  /** `backup`: how many contacts and rollback floors are in the file; `made`: seconds since 1970 */
  'backed-up': { readonly path: string } & BackupSummary
  /** `restore`: what the file held, and what seals the private keys here */
  restored: { readonly folder: string; readonly sealedBy: SealedBy } & BackupSummary
  /** `id` */
  identity: { readonly address: string; readonly folder: string } & Head & Dated
  /** `lookup` */
  lookup: Head &
    Dated & {
      readonly address: string
      readonly status: string
      /** a contradicting log with equally many rotations exists */
      readonly forked: boolean
      readonly freshness: Freshness
      /** when the freshest card runs out, seconds since 1970; null when there is none */
      readonly expires: number | null
      /** seconds since that card ran out; null when it is current, or when there is none */
      readonly staleFor: number | null
      readonly verdict: Verdict
      /** by a clock that is off, `freshness`, `staleFor` and the verdict say nothing of how old a confirmation is */
      readonly clock: ClockReading
      readonly evidence: Evidence
      /** what became of the identity since this folder saw it last */
      readonly change: Change
      readonly trust: Trust
    }
  /** `lookup --evidence`: the same evidence once more, for people */
  evidence: { readonly address: string } & Evidence
  /** `contacts`, one each; `verify`, the one that was verified. `verified` and `added`: seconds since 1970 */
  contact: Head &
    Dated & {
      readonly address: string
      readonly name: string | null
      readonly trust: 'pinned' | 'verified'
      readonly forked: boolean
      readonly verified: number | null
      readonly added: number
    }
  /** `contacts --forget` */
  forgotten: { readonly address: string }
  /** `verify`: what the two of you compare; in a contradiction the ends of both logs, of which the owner has one */
  compare: { readonly address: string; readonly safetyNumber: string; readonly heads: readonly Head[] }
  /** `key`, of an address: whether a card vouches for what follows, and what became of the identity since this folder saw it last */
  standing: { readonly address: string; readonly freshness: Freshness; readonly change: Change }
  /** `key`: the present key of that use, as entry number `seq` has it; `device` is null for the root key */
  key: {
    readonly address: string
    readonly of: KeyUse
    readonly device: number | null
    readonly seq: number
    readonly format: KeyFormat
    readonly key: string
  }
  /** `key --check`: what the key (as did:key) is to the identity; `seq` is the last entry that has it */
  'key-checked': {
    readonly address: string
    readonly key: string
    readonly result: 'present' | 'former' | 'other'
    readonly of: KeyUse | null
    readonly device: number | null
    readonly seq: number | null
    readonly status: string
    readonly forked: boolean
  }
  /** `node` takes part; `bootstrap` is what others give as --bootstrap */
  node: { readonly bootstrap: string; readonly first: boolean }
  /** `node --http`: where its health and its numbers can be asked for */
  watching: { readonly http: string }
  /** `listen`, `node --mailbox`: others may name this address as their mailbox */
  keeping: { readonly address: string }
  /** `mailboxes`, one each: named in the card from the next publication on */
  mailbox: { readonly address: string }
  /** `listen`, `node --mailbox` can be found */
  listening: { readonly address: string } & Published
  connected: Head & {
    readonly peer: string
    readonly direction: 'in' | 'out'
    readonly trust: Trust
    readonly change: Change
  }
  /** found out meanwhile; `address` is the identity it is about */
  notice: { readonly about: NoticeAbout; readonly address: string } & Reason
  /** the clock of this computer is off, as most networks of nodes that were asked have it; both times in seconds since 1970 */
  clock: { readonly here: number; readonly there: number; readonly networks: number }
  /** what became of an identity that is connected, or that nobody could be reached at */
  changed: { readonly peer: string; readonly change: Change }
  /** whether other nodes answer at all, when that has changed; `nodes` that are known */
  network: { readonly online: boolean; readonly nodes: number }
  /** once per peer and run */
  'safety-number': { readonly peer: string; readonly safetyNumber: string }
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
  /** so much was sent to keys that somebody took back, as stolen or lost: others may have read it; `again` of it is sent again */
  exposed: { readonly peer: string; readonly messages: number; readonly files: number; readonly again: number }
  /** `chat`, `send`: lines that are kept here until that peer is there again */
  waiting: { readonly peer: string; readonly messages: number }
  /** a line that was typed and did not go out */
  'not-sent': { readonly text: string } & Reason
  'file-offered': PeerFile & { readonly accepted: boolean }
  /** it goes on from where it was when a connection ended, or this or the other process */
  'file-resumed': PeerFile & { readonly direction: 'in' | 'out'; readonly done: number }
  'file-saved': PeerFile & { readonly path: string }
  'file-sent': PeerFile & { readonly sha256: string }
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
  /** `rotate`, `recover`, `renew`, `retire`: the new keys are on disk */
  saved: Changed & { readonly folder: string; readonly rootKey: RootPlace }
  /** and then the network has the log */
  published: Changed & Published
  /** `log`, before its entries */
  log: {
    readonly address: string
    readonly entries: number
    readonly epoch: number
    readonly status: string
    readonly forked: boolean
  }
  /** `root` is the SHA-256 of the root public key, `hash` that of the entry, in hex; `time` seconds since 1970 */
  entry: {
    readonly seq: number
    readonly time: number
    readonly odd: OddTime | null
    readonly happened: Happening
    readonly devices: number
    readonly root: string
    readonly hash: string
  }
  /** `export-proof`: the file it was written to, or its text */
  proof: { readonly address: string; readonly path: string | null; readonly proof: string | null }
  /** `check-proof`: the logs `a` and `b` contradict each other from entry number `parting` on */
  proven: { readonly address: string; readonly parting: number; readonly a: Head; readonly b: Head }
  /** the other side said goodbye, this side did not need the connection any more, or it broke: then `code` says how */
  disconnected: { readonly peer: string; readonly reason: Ending['reason']; readonly code: ErrorCode | null }
}

export type EventName = keyof Events
export type CliEvent<N extends EventName = EventName> = { [K in N]: { readonly event: K } & Events[K] }[N]
/** What each event says to people: its lines, plain text. */
export type Wording = { readonly [N in EventName]: (event: CliEvent<N>) => readonly string[] }
/** Tells an event to whoever reads the output. */
export type Emit = (event: CliEvent) => void
