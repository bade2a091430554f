import type { ConnectOptions, SecretStream } from 'hyperdht'
import { ConnectionError } from '../core/errors.ts'
import { DIAL_MS, DIAL_PAUSE_MS, DIAL_RANDOM_MS, DIAL_TRY_MS, RELAY_AFTER_MS } from '../core/limits/relay-limits.ts'
import { selectiveHandshake } from './selective-handshake.ts'
import { sleep } from './sleep.ts'

/**
 * From a transport key to an open stream, through whatever stands between. Whoever answers through the DHT is there, and is tried again by
 * other means until `DIAL_MS` are over; whoever does not is given up after one try.
 *
 *     directly --open--> done                 --no answer, or anything but a NAT in the way--> ERR_CONNECT
 *         |----a NAT in the way, or 4 s, and there is a relay--> through it, and directly once that works
 *         |----a NAT in the way, and there is none--> again, from another port
 *         +----both NATs give each partner another port, and there is none--> ERR_CONNECT_NATS
 */

/** What is done when the first try was not enough: another one, a search through random ports, or the relay that the other side names. */
export type DialStep = 'again' | 'random' | 'relay'

export type Dialling = {
  readonly open: (options: ConnectOptions) => SecretStream
  /** transport keys (32 B) of relays that the other side names, in what it signed */
  readonly relays: readonly Uint8Array[]
  /** Whether the NAT of this side gives each partner another port, as far as is known. */
  readonly isRandom: () => boolean
  readonly onStep: (step: DialStep) => void
  readonly signal: AbortSignal | undefined
  /** milliseconds of a clock that is never set; default: this machine's */
  readonly now?: () => number
}

/** Firewalls as HyperDHT counts them: from here on a NAT gives each partner another port. */
const RANDOM = 3

const BOTH_RANDOM = 'HOLEPUNCH_DOUBLE_RANDOMIZED_NATS'

/** What HyperDHT says when the other side answered, and something between the two is in the way. */
const IN_THE_WAY: ReadonlySet<unknown> = new Set([
  BOTH_RANDOM,
  'CANNOT_HOLEPUNCH',
  'HOLEPUNCH_ABORTED',
  'HOLEPUNCH_INVALID',
  'HOLEPUNCH_PROBE_TIMEOUT',
  'REMOTE_ABORTED',
  'REMOTE_NOT_HOLEPUNCHABLE',
  'REMOTE_NOT_HOLEPUNCHING',
  'RELAY_ABORTED',
])

/** Why a try ended, when HyperDHT did not end it. */
const TOO_LATE = 'TOO_LATE'

const reasonOf = ({ cause }: ConnectionError): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined

/** How often the other side may call it off before that counts as what its NAT is like. */
const CALLED_OFF_MAX = 2

/**
 * Both sides find out what their NATs are like before they punch, and whichever sees that there is no way calls it off; HyperDHT seldom hands on why. When ours
 * is of that kind, and it happens again before any punch, that is why.
 */
const CALLED_OFF: ReadonlySet<unknown> = new Set(['HOLEPUNCH_ABORTED', 'REMOTE_ABORTED'])

type Try = {
  /** what it goes through; null for directly */
  readonly relay: Uint8Array | null
  readonly milliseconds: number
}

/** What is known of the other side by now. */
type Known = { answered: boolean; punched: boolean }

/** One try. @throws ConnectionError ERR_CONNECT; the signal's reason */
const tryOnce = async (dialling: Dialling, known: Known, { relay, milliseconds }: Try): Promise<SecretStream> => {
  const { open, onStep, signal } = dialling
  let stream: SecretStream | undefined
  const { promise, resolve, reject } = Promise.withResolvers<SecretStream>()
  const fail = (detail: { hint?: string; cause?: unknown }) => reject(new ConnectionError('ERR_CONNECT', detail))
  const onabort = () => reject(signal?.reason)
  const expire = (ms: number): void => {
    const hint = `no way through within ${Math.round(ms / 1000)} s`
    fail({ hint, cause: Object.assign(new Error(hint), { code: TOO_LATE }) })
  }
  const setDeadline = (ms: number): NodeJS.Timeout => setTimeout(expire, ms, ms)
  let deadline = setDeadline(milliseconds)
  const onAnswer = () => {
    known.answered = true
  }
  known.punched = false
  const holepunch = (remote: number, local: number): boolean => {
    known.punched = true
    if (relay === null && (remote >= RANDOM || local >= RANDOM)) {
      clearTimeout(deadline)
      deadline = setDeadline(Math.max(milliseconds, dialling.relays.length > 0 ? 0 : DIAL_RANDOM_MS))
      onStep('random')
    }
    return true
  }
  signal?.addEventListener('abort', onabort, { once: true })
  try {
    stream = open({
      ...{ createHandshake: selectiveHandshake(undefined, onAnswer), holepunch },
      ...(relay === null ? {} : { relayThrough: Buffer.from(relay) }),
    })
    const opening = stream
    stream.once('error', (cause) => fail({ cause }))
    stream.once('close', () => fail({}))
    // The handshake travels through the DHT: only the first bytes of the stream itself show that there is a path.
    stream.once('connect', () => opening.rawStream?.once('data', () => resolve(opening)))
    return await promise
  } catch (error) {
    stream?.destroy()
    throw error
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', onabort)
  }
}

/** Whether another try can be worth it. */
const isWorthIt = (error: ConnectionError, { answered }: Known): boolean => {
  const reason = reasonOf(error)
  return IN_THE_WAY.has(reason) || (answered && reason === TOO_LATE)
}

/** The last word, when all was in vain. */
const giveUp = (error: ConnectionError, relays: readonly Uint8Array[], bothRandom: boolean): ConnectionError => {
  if (relays.length > 0) return new ConnectionError('ERR_CONNECT_RELAY', { cause: error.cause })
  return bothRandom ? new ConnectionError('ERR_CONNECT_NATS', { cause: error.cause }) : error
}

/** @throws ConnectionError ERR_CONNECT, ERR_CONNECT_NATS, ERR_CONNECT_RELAY; the signal's reason */
export const dialThrough = async (dialling: Dialling): Promise<SecretStream> => {
  const { relays, onStep, signal, now = () => performance.now() } = dialling
  const [named = null] = relays
  const over = now() + DIAL_MS
  const known: Known = { answered: false, punched: false }
  let bothRandom = false
  let calledOff = 0
  for (let tries = 1; ; tries++) {
    const isFirst = tries === 1
    const relay = isFirst ? null : named
    const milliseconds = isFirst && named !== null ? RELAY_AFTER_MS : DIAL_TRY_MS
    try {
      return await tryOnce(dialling, known, { relay, milliseconds })
    } catch (error) {
      if (!(error instanceof ConnectionError) || signal?.aborted) throw error
      if (CALLED_OFF.has(reasonOf(error)) && !known.punched && dialling.isRandom()) calledOff += 1
      bothRandom ||= reasonOf(error) === BOTH_RANDOM || calledOff >= CALLED_OFF_MAX
      // Who is slow to answer may still do so through the relay.
      if (!isWorthIt(error, known) && !(isFirst && named !== null && reasonOf(error) === TOO_LATE)) throw error
      const isLast = now() + DIAL_PAUSE_MS >= over
      if (isLast || (bothRandom && named === null)) throw giveUp(error, relays, bothRandom)
    }
    onStep(named === null ? 'again' : 'relay')
    if (!(isFirst && named !== null)) await sleep(DIAL_PAUSE_MS, signal)
    signal?.throwIfAborted()
  }
}
