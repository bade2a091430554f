import type { Ending } from '../../connection/connection.ts'
import type { ConnectionEvent } from '../../connection/connection-events.ts'
import type { Remote, Trust } from '../../connection/remote.ts'
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
import type { ContactEvents, Dated, Head } from './cli-contact-events.ts'
import type { PeopleEvents } from './people-events.ts'
import type { Reason, TalkEvents } from './talk-events.ts'

type Way = Remote['way']
type DialStep = Extract<ConnectionEvent, { readonly type: 'dialling' }>['step']

/** What became of an own log, and where it ends now. */
type Changed = Head & { readonly address: string; readonly status: string; readonly happened: Happening }
type SealedBy = Vault['sealedBy']
/**
 * Of others: `forked`, `peer-twin`. Of one's own identity, or of its mailbox: the rest; of `rolled-back` and `copied` the message says when
 * the card was signed that shows it. `missed`: more happened than could be shown in time; the message says how many events were left out.
 */
type NoticeAbout =
  | 'forked'
  | 'peer-twin'
  | 'rolled-back'
  | 'copied'
  | 'not-published'
  | 'unconfirmed'
  | 'mailbox-failed'
  | 'mailbox-lost'
  | 'missed'

type Published = {
  readonly accepted: number
  readonly replicas: readonly ReplicaAcceptance[]
  readonly refusals: Readonly<Record<string, number>>
  readonly weak: boolean
  /** an attacker may stand around the address: more nodes were put to than usual */
  readonly crowded: boolean
}

/**
 * Everything a command reports. With --json each is one line on stdout, `{"event": name, …}` as it stands here; `wording.ts` says
 * the same to people.
 */
type Events = TalkEvents &
  ContactEvents &
  PeopleEvents & {
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
    /** `--without-database`: the database was lost, which `code` and `message` tell of; `aside`: where the file is that was in its place */
    'without-database': { readonly folder: string; readonly aside: string | null } & Reason
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
    /** `node` takes part, and waits for no network any more; `network` is what others give as --network; `ports`: all UDP ports that others have to reach */
    node: { readonly network: string; readonly first: boolean; readonly ports: readonly number[] }
    /** `node --relay`: others name it by this key */
    relaying: { readonly key: string }
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
      readonly way: Way
    }
    /** the first try to reach somebody was not enough: what is done next */
    dialling: { readonly peer: string; readonly step: DialStep }
    /** a connection goes on another way than before */
    way: { readonly peer: string; readonly way: Way }
    /** found out meanwhile; `address` is the identity it is about */
    notice: { readonly about: NoticeAbout; readonly address: string } & Reason
    /** the clock of this computer is off, as most networks of nodes that were asked have it; both times in seconds since 1970 */
    clock: { readonly here: number; readonly there: number; readonly networks: number }
    /** what became of an identity that is connected, or that nobody could be reached at */
    changed: { readonly peer: string; readonly change: Change }
    /**
     * how this peer is in the network, when that has changed: whether others answer, since when (seconds since 1970), `nodes` that are known,
     * how others see it, and where; `entrance`: what others give as --network to come in through it, null when it is no node
     */
    network: {
      readonly state: 'waiting' | 'joined'
      readonly since: number
      readonly nodes: number
      readonly nat: 'unknown' | 'open' | 'consistent' | 'random'
      readonly address: string | null
      readonly entrance: string | null
    }
    /** `network`: the one that the folder remembers; `now` is the one that --network or the environment says instead, or null */
    'chosen-network': { readonly network: string; readonly now: string | null }
    /** once per peer and run */
    'safety-number': { readonly peer: string; readonly safetyNumber: string }
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
    /** `root` is the SHA-256 of the root public key, `hash` the BLAKE2b-256 of the entry, in hex; `time` seconds since 1970 */
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
/** What each event says to people: its lines, plain text; `columns` are those of the screen, for what must not be broken; default: no bound. */
export type Wording = { readonly [N in EventName]: (event: CliEvent<N>, columns?: number) => readonly string[] }
/**
 * Tells an event to whoever reads the output. To be waited for wherever more can follow: what is not read must not pile up.
 * @returns whether it was taken: not when nobody reads any more, or the command is to end before anybody did
 */
export type Emit = (event: CliEvent) => Promise<boolean>
