import { concat, equal, type RandomBytes } from '../core/bytes.ts'
import { type ErrorCode, HandfastError, MailboxError, PeerError } from '../core/errors.ts'
import { CHALLENGE_BYTES, checkFetch } from '../core/fetch-proof.ts'
import { sha256 } from '../core/kdf.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'
import type { Times } from '../core/steady-clock.ts'
import type { Admission } from './admission.ts'
import { decodeMailboxRequest, type MailboxAnswer, type MailboxRequest, partSize, partsOf } from './mailbox-format.ts'
import type { MailboxStore, Slip } from './mailbox-store.ts'

/**
 * One guest's visit to a mailbox, request by request (docs/spec/mailbox.md §4, §5): no connection, no timers.
 *
 *     state                 request       answer              state then
 *     no parcel arriving    deposit       ready               its parcel arriving
 *     a parcel arriving     part          none                the same, until it is whole
 *     a parcel arriving     part, last    kept                no parcel arriving
 *     no parcel arriving    challenge     challenge           a challenge drawn
 *     a challenge drawn     log           none                the same, with more entries
 *     a challenge drawn     prove         open                a recipient proven, and no challenge
 *     a recipient proven    next          parcel, part …      the same, one parcel further
 *     a recipient proven    next          end                 the same
 *     a recipient proven    done          deleted             the same
 *     any                   any other     refused             the visit is over
 */
export type GuestVisit = {
  /** What is answered to a message, in order, and whether the visit is over then. Never throws for anything that a guest says. */
  step(message: Uint8Array, signal: AbortSignal): Promise<Step>
}

export type Step = { readonly answers: readonly MailboxAnswer[]; readonly over: boolean }

export type VisitParts = {
  /** the mailbox's own identity hash, 32 bytes */
  readonly mailbox: Uint8Array
  /** hash of the connection's transport handshake, 64 bytes */
  readonly channel: Uint8Array
  /** stands for the network that the guest comes from, 32 bytes */
  readonly source: Uint8Array
  readonly store: MailboxStore
  readonly admission: Admission
  /** Whether the mailbox does nothing for that identity. */
  readonly isBlocked: (id: Uint8Array) => boolean
  /** by what time parcels are old, and what time they are given */
  readonly times: () => Times
  readonly random: RandomBytes
}

type VisitState = {
  /** a parcel that is on its way in */
  readonly arriving: Arriving | null
  readonly drawn: Drawn | null
  /** the recipient that this guest has proven to be, and the number of the last parcel it was handed */
  readonly proven: { readonly id: Uint8Array; readonly after: number } | null
}

type Arriving = {
  readonly slip: Slip
  readonly log: KeyLog
  readonly parts: readonly Uint8Array[]
  readonly have: number
}

/** A challenge, and the log entries that came since. */
type Drawn = { readonly challenge: Uint8Array; readonly entries: readonly Uint8Array[] }

/** What is answered to a request, and the state then. */
type Turn = { readonly answers: readonly MailboxAnswer[]; readonly state: VisitState }

type Of<T extends MailboxRequest['t']> = Extract<MailboxRequest, { t: T }>

const BEGIN: VisitState = { arriving: null, drawn: null, proven: null }

export const createGuestVisit = (parts: VisitParts): GuestVisit => {
  let state = BEGIN
  return {
    step: async (message, signal) => {
      // Taken out before anything is looked at: what is refused leaves nothing behind that would be worth something a second time.
      const before = state
      state = BEGIN
      try {
        const turn = await answer(parts, before, decodeMailboxRequest(message), signal)
        state = turn.state
        return { answers: turn.answers, over: false }
      } catch (error) {
        if (!(error instanceof HandfastError)) throw error
        return { answers: [{ t: 'refused', code: outwardCode(error) }], over: true }
      }
    },
  }
}

/** A full disk is a full mailbox; what else goes wrong with a disk is nobody's business outside. */
const outwardCode = ({ code }: HandfastError): ErrorCode => {
  if (code === 'ERR_STORE_FULL') return 'ERR_MAILBOX_FULL'
  return code.startsWith('ERR_STORE_') ? 'ERR_REMOTE' : code
}

const answer = async (
  parts: VisitParts,
  state: VisitState,
  request: MailboxRequest,
  signal: AbortSignal,
): Promise<Turn> => {
  const { arriving } = state
  if (arriving !== null) return request.t === 'part' ? takePart(parts, state, arriving, request) : outOfTurn()
  switch (request.t) {
    case 'deposit':
      return deposit(parts, state, request, signal)
    case 'part':
      return outOfTurn()
    case 'challenge':
      return drawChallenge(parts, state)
    case 'log':
      return takeLog(state, request)
    case 'prove':
      return prove(parts, state, request, signal)
    case 'next':
      return handNext(parts, state)
    case 'done':
      parts.store.remove(recipientOf(parts, state).id, request.ids)
      return { answers: [{ t: 'deleted' }], state }
  }
}

const outOfTurn = (): never => {
  throw new MailboxError('ERR_MAILBOX_REQUEST', { hint: 'out of turn' })
}

const deposit = async (
  { store, admission, isBlocked, source, times }: VisitParts,
  state: VisitState,
  { to, id, size }: Of<'deposit'>,
  signal: AbortSignal,
): Promise<Turn> => {
  if (!PARCEL_SIZES.includes(size)) throw new MailboxError('ERR_MAILBOX_SIZE')
  const slip = { to, id, size, source }
  // As for somebody whose card does not name it: who leaves something need not know whom the owner has blocked.
  if (isBlocked(to)) throw new MailboxError('ERR_MAILBOX_RECIPIENT')
  // Before the directory is asked: who has had too much costs nothing more.
  store.checkRoom(slip, times().past)
  const log = await admission.forDeposit(to, { source, signal })
  return { answers: [{ t: 'ready' }], state: { ...state, arriving: { slip, log, parts: [], have: 0 } } }
}

const takePart = ({ store, times }: VisitParts, state: VisitState, arriving: Arriving, { d }: Of<'part'>): Turn => {
  const { slip, log } = arriving
  if (d.length !== partSize(slip.size, arriving.have)) throw new MailboxError('ERR_MAILBOX_SIZE')
  const parts = [...arriving.parts, d]
  const have = arriving.have + d.length
  if (have < slip.size) return { answers: [], state: { ...state, arriving: { slip, log, parts, have } } }
  const parcel = concat(...parts)
  if (!equal(sha256(parcel), slip.id)) throw new MailboxError('ERR_PARCEL')
  store.put(slip, parcel, log, times())
  return { answers: [{ t: 'kept' }], state: { ...state, arriving: null } }
}

const drawChallenge = ({ random }: VisitParts, state: VisitState): Turn => {
  const challenge = random(CHALLENGE_BYTES)
  return { answers: [{ t: 'challenge', d: challenge }], state: { ...state, drawn: { challenge, entries: [] } } }
}

const takeLog = (state: VisitState, { d }: Of<'log'>): Turn => {
  const { drawn } = state
  if (drawn === null || drawn.entries.length + d.length > LOG_ENTRIES_MAX) return outOfTurn()
  return { answers: [], state: { ...state, drawn: { ...drawn, entries: [...drawn.entries, ...d] } } }
}

const prove = async (
  { mailbox, channel, source, admission, isBlocked }: VisitParts,
  state: VisitState,
  { id, device, proof }: Of<'prove'>,
  signal: AbortSignal,
): Promise<Turn> => {
  const { drawn } = state
  if (drawn === null) throw new MailboxError('ERR_MAILBOX_PROOF', { hint: 'no challenge' })
  const log = verifyLog(id, drawn.entries)
  const { status, devices } = log.last.entry
  if (status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
  const signer = devices[device]
  if (signer === undefined) throw new MailboxError('ERR_MAILBOX_PROOF', { hint: 'no such device' })
  checkFetch(proof, { challenge: drawn.challenge, channel, mailbox, recipient: id }, signer.sign)
  // Only to who has shown to be that one.
  if (isBlocked(id)) throw new PeerError('ERR_PEER_REFUSED')
  await admission.forFetch(log, { source, signal })
  return { answers: [{ t: 'open' }], state: { ...state, drawn: null, proven: { id, after: 0 } } }
}

const recipientOf = ({ isBlocked }: VisitParts, { proven }: VisitState): NonNullable<VisitState['proven']> => {
  if (proven === null) throw new MailboxError('ERR_MAILBOX_PROOF')
  // It may have been blocked since.
  if (isBlocked(proven.id)) throw new PeerError('ERR_PEER_REFUSED')
  return proven
}

const handNext = (parts: VisitParts, state: VisitState): Turn => {
  const { store, times } = parts
  const { id, after } = recipientOf(parts, state)
  const stored = store.next(id, after, times().past)
  if (stored === null) return { answers: [{ t: 'end' }], state }
  const { parcel, number } = stored
  const answers: MailboxAnswer[] = [{ t: 'parcel', id: stored.id, size: parcel.length }, ...partsOf(parcel)]
  return { answers, state: { ...state, proven: { id, after: number } } }
}
