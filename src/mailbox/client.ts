import { concat, equal } from '../core/bytes.ts'
import { isCodeOf } from '../core/errors/codes.ts'
import { ConnectionError, MailboxError } from '../core/errors.ts'
import { signFetch } from '../core/fetch-proof.ts'
import type { Identity } from '../core/identity.ts'
import { sha256 } from '../core/kdf.ts'
import { MAILBOX_LOG_ENTRIES, MAILBOX_RECIPIENT_PARCELS, MAILBOX_STEP_MS } from '../core/limits/mailbox-limits.ts'
import { withDeadline } from './deadline.ts'
import type { Line } from './line.ts'
import {
  decodeMailboxAnswer,
  encodeMailboxRequest,
  type MailboxAnswer,
  type MailboxRequest,
  partSize,
  partsOf,
} from './mailbox-format.ts'

/** The guest's side of a visit to a mailbox (docs/spec/mailbox.md §4, §5). It believes nothing that a mailbox says of a parcel. */

/** A refusal in the mailbox's own words; another code it may have no reason to give is only quoted. */
const refusal = (code: Extract<MailboxAnswer, { t: 'refused' }>['code']): MailboxError | ConnectionError =>
  isCodeOf('MailboxError', code)
    ? new MailboxError(code, { hint: 'says the mailbox' })
    : new ConnectionError('ERR_REMOTE', { hint: code })

/** One request after the other, whoever asks: answers carry no number. */
const createTalk = (line: Line, signal: AbortSignal | undefined) => {
  let turn: Promise<unknown> = Promise.resolve()

  const say = (request: MailboxRequest): Promise<void> =>
    withDeadline(MAILBOX_STEP_MS, signal, (late) => line.send(encodeMailboxRequest(request), { signal: late }))

  const hear = async <T extends MailboxAnswer['t']>(
    ...wanted: readonly T[]
  ): Promise<Extract<MailboxAnswer, { t: T }>> => {
    const message = await withDeadline(MAILBOX_STEP_MS, signal, (late) => line.receive({ signal: late }))
    if (message === null) throw new ConnectionError('ERR_CONNECTION_CLOSED')
    const answer = decodeMailboxAnswer(message)
    if (answer.t === 'refused') throw refusal(answer.code)
    if (!isOneOf(answer, wanted)) throw new MailboxError('ERR_MAILBOX_REQUEST', { hint: `${answer.t} out of turn` })
    return answer
  }

  const inTurn = <T>(exchange: () => Promise<T>): Promise<T> => {
    const done = turn.then(exchange)
    turn = done.catch(() => {})
    return done
  }

  return { say, hear, inTurn }
}

const isOneOf = <T extends MailboxAnswer['t']>(
  answer: MailboxAnswer,
  wanted: readonly T[],
): answer is Extract<MailboxAnswer, { t: T }> => wanted.some((t) => t === answer.t)

/**
 * Deposits a parcel; on the mailbox's disk when it resolves, as it says.
 * @param to identity hash of the recipient
 * @throws MailboxError ERR_MAILBOX_*, ERR_PARCEL; ConnectionError ERR_REMOTE, ERR_TIMEOUT, ERR_CONNECTION_CLOSED; what broke the connection; the signal's reason
 */
export const depositAt = async (
  line: Line,
  { to, parcel }: { readonly to: Uint8Array; readonly parcel: Uint8Array },
  signal?: AbortSignal,
): Promise<void> => {
  const { say, hear } = createTalk(line, signal)
  await say({ t: 'deposit', to, id: sha256(parcel), size: parcel.length })
  await hear('ready')
  for (const part of partsOf(parcel)) await say(part)
  await hear('kept')
}

/** A parcel as a mailbox handed it out: its hash is right. */
export type Handed = { readonly id: Uint8Array; readonly parcel: Uint8Array }

/** An open mailbox. */
export type Fetching = {
  /** The next parcel, oldest first; null when that was all. @throws MailboxError ERR_PARCEL when it is not the one it should be */
  next(): Promise<Handed | null>
  /** Has a parcel deleted: for when it is on our disk. */
  done(id: Uint8Array): Promise<void>
}

export type Fetcher = Pick<Identity, 'log' | 'device' | 'sign'> & {
  /** the mailbox's identity hash, 32 bytes */
  readonly mailbox: Uint8Array
  /** hash of the connection's transport handshake, 64 bytes */
  readonly channel: Uint8Array
}

/**
 * Proves who we are, so that the mailbox hands out the parcels for us.
 * @throws MailboxError ERR_MAILBOX_PROOF, ERR_MAILBOX_BUSY; ConnectionError ERR_TIMEOUT, ERR_REMOTE: its hint is ERR_ROLLBACK or ERR_LOG_FORK
 *   when the directory knows another log of ours, ERR_LOOKUP_* when it knows none; what broke the connection; the signal's reason
 */
export const openFetching = async (
  line: Line,
  { log, device, sign, mailbox, channel }: Fetcher,
  signal?: AbortSignal,
): Promise<Fetching> => {
  const { say, hear, inTurn } = createTalk(line, signal)
  await say({ t: 'challenge' })
  const { d: challenge } = await hear('challenge')
  const envelopes = log.entries.map(({ envelope }) => envelope)
  for (let from = 0; from < envelopes.length; from += MAILBOX_LOG_ENTRIES)
    await say({ t: 'log', d: envelopes.slice(from, from + MAILBOX_LOG_ENTRIES) })
  const proof = signFetch({ challenge, channel, mailbox, recipient: log.id }, sign)
  await say({ t: 'prove', id: log.id, device, proof })
  await hear('open')

  let handed = 0

  const take = async (): Promise<Handed | null> => {
    // A mailbox that goes on for ever is no mailbox.
    if (handed >= MAILBOX_RECIPIENT_PARCELS) return null
    await say({ t: 'next' })
    const answer = await hear('parcel', 'end')
    if (answer.t === 'end') return null
    handed += 1
    const { id, size } = answer
    const parts: Uint8Array[] = []
    for (let have = 0; have < size; ) {
      const { d } = await hear('part')
      if (d.length !== partSize(size, have)) throw new MailboxError('ERR_MAILBOX_SIZE')
      parts.push(d)
      have += d.length
    }
    const parcel = concat(...parts)
    if (!equal(sha256(parcel), id)) throw new MailboxError('ERR_PARCEL')
    return { id, parcel }
  }

  return {
    next: () => inTurn(take),
    done: (id) =>
      inTurn(async () => {
        await say({ t: 'done', ids: [id] })
        await hear('deleted')
      }),
  }
}
