import { concat, equal, type RandomBytes } from '../core/bytes.ts'
import { type ErrorCode, HandfastError, MailboxError, PeerError } from '../core/errors.ts'
import { CHALLENGE_BYTES, checkFetch } from '../core/fetch-proof.ts'
import { sha256 } from '../core/kdf.ts'
import { type KeyLog, verifyLog } from '../core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../core/limits.ts'
import { PARCEL_SIZES } from '../core/parcel.ts'
import type { Admission } from './admission.ts'
import { decodeMailboxRequest, type MailboxAnswer, type MailboxRequest, partSize, partsOf } from './mailbox-format.ts'
import type { MailboxStore, Slip } from './mailbox-store.ts'

/** One guest's visit to a mailbox, request by request (docs/spec/mailbox.md §4, §5): no connection, no timers. */
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
  readonly keep: MailboxStore
  readonly admission: Admission
  readonly now: () => number
  readonly random: RandomBytes
}

type Of<T extends MailboxRequest['t']> = Extract<MailboxRequest, { t: T }>
type Answering = (request: MailboxRequest, signal: AbortSignal) => Promise<readonly MailboxAnswer[]>

/** A parcel that is on its way in. */
type Arriving = { readonly slip: Slip; readonly log: KeyLog; readonly parts: Uint8Array[]; have: number }

/** A full disk is a full mailbox; what else goes wrong with a disk is nobody's business outside. */
const outwardCode = ({ code }: HandfastError): ErrorCode => {
  if (code === 'ERR_STORE_FULL') return 'ERR_MAILBOX_FULL'
  return code.startsWith('ERR_STORE_') ? 'ERR_REMOTE' : code
}

export const createGuestVisit = ({
  mailbox,
  channel,
  source,
  keep,
  admission,
  now,
  random,
}: VisitParts): GuestVisit => {
  let arriving: Arriving | null = null
  let challenge: Uint8Array | null = null
  let entries: readonly Uint8Array[] = []
  /** the recipient that this guest has proven to be, and the number of the last parcel it was handed */
  let proven: { readonly id: Uint8Array; after: number } | null = null

  const outOfTurn = (): never => {
    throw new MailboxError('ERR_MAILBOX_REQUEST', { hint: 'out of turn' })
  }

  const deposit = async ({ to, id, size }: Of<'deposit'>, signal: AbortSignal): Promise<readonly MailboxAnswer[]> => {
    if (!PARCEL_SIZES.includes(size)) throw new MailboxError('ERR_MAILBOX_SIZE')
    const slip = { to, id, size, source }
    // Before the directory is asked: who has had too much costs nothing more.
    keep.checkRoom(slip, now())
    arriving = { slip, log: await admission.forDeposit(to, signal), parts: [], have: 0 }
    return [{ t: 'ready' }]
  }

  const takePart = (to: Arriving, { d }: Of<'part'>): readonly MailboxAnswer[] => {
    const { slip, log, parts } = to
    if (d.length !== partSize(slip.size, to.have)) throw new MailboxError('ERR_MAILBOX_SIZE')
    parts.push(d)
    to.have += d.length
    if (to.have < slip.size) return []
    arriving = null
    const parcel = concat(...parts)
    if (!equal(sha256(parcel), slip.id)) throw new MailboxError('ERR_PARCEL')
    keep.put(slip, parcel, log, now())
    return [{ t: 'kept' }]
  }

  const draw = (): readonly MailboxAnswer[] => {
    challenge = random(CHALLENGE_BYTES)
    entries = []
    return [{ t: 'challenge', d: challenge }]
  }

  const takeLog = ({ d }: Of<'log'>): readonly MailboxAnswer[] => {
    if (challenge === null || entries.length + d.length > LOG_ENTRIES_MAX) outOfTurn()
    entries = [...entries, ...d]
    return []
  }

  const prove = async ({ id, device, proof }: Of<'prove'>, signal: AbortSignal): Promise<readonly MailboxAnswer[]> => {
    // Used up before it is looked at: whatever comes of it, it is worth nothing a second time.
    const [given, envelopes] = [challenge, entries]
    challenge = null
    entries = []
    if (given === null) throw new MailboxError('ERR_MAILBOX_PROOF', { hint: 'no challenge' })
    const log = verifyLog(id, envelopes, now())
    const { status, devices } = log.last.entry
    if (status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
    const signer = devices[device]
    if (signer === undefined) throw new MailboxError('ERR_MAILBOX_PROOF', { hint: 'no such device' })
    checkFetch(proof, { challenge: given, channel, mailbox, recipient: id }, signer.sign)
    await admission.forFetch(log, signal)
    proven = { id, after: 0 }
    return [{ t: 'open' }]
  }

  const recipient = (): NonNullable<typeof proven> => {
    if (proven === null) throw new MailboxError('ERR_MAILBOX_PROOF')
    return proven
  }

  const next = (): readonly MailboxAnswer[] => {
    const to = recipient()
    const kept = keep.next(to.id, to.after, now())
    if (kept === null) return [{ t: 'end' }]
    to.after = kept.number
    return [{ t: 'parcel', id: kept.id, size: kept.parcel.length }, ...partsOf(kept.parcel)]
  }

  const done = ({ ids }: Of<'done'>): readonly MailboxAnswer[] => {
    keep.remove(recipient().id, ids)
    return [{ t: 'deleted' }]
  }

  const answer: Answering = async (request, signal) => {
    if (arriving !== null) return request.t === 'part' ? takePart(arriving, request) : outOfTurn()
    switch (request.t) {
      case 'deposit':
        return deposit(request, signal)
      case 'part':
        return outOfTurn()
      case 'challenge':
        return draw()
      case 'log':
        return takeLog(request)
      case 'prove':
        return prove(request, signal)
      case 'next':
        return next()
      case 'done':
        return done(request)
    }
  }

  return {
    step: async (message, signal) => {
      try {
        return { answers: await answer(decodeMailboxRequest(message), signal), over: false }
      } catch (error) {
        if (!(error instanceof HandfastError)) throw error
        return { answers: [{ t: 'refused', code: outwardCode(error) }], over: true }
      }
    },
  }
}
