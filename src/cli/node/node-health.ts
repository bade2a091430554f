import { randomBytes } from 'node:crypto'
import { equal } from '../../core/bytes.ts'
import { type SignedCard, signCard } from '../../core/card.ts'
import { type ErrorCode, HandfastError } from '../../core/errors.ts'
import { createIdentity } from '../../core/identity.ts'
import { generateKem } from '../../core/kem.ts'
import { LOOKUP_MS } from '../../core/limits/connection-limits.ts'
import { INCARNATION_BYTES } from '../../core/limits/protocol-limits.ts'
import { generatePrivateKey } from '../../core/p256.ts'
import { signSlotCard } from '../../core/slot.ts'
import type { Directory } from '../../directory/client/directory.ts'
import { createTimes } from '../../directory/client/heard-times.ts'
import type { Storage } from '../../directory/node/storage.ts'
import {
  COMMAND,
  decodeGetAnswer,
  decodePutAnswer,
  encodeMessage,
  type PutRequest,
} from '../../directory/request-format.ts'
import type { NetworkState } from '../../peer/peer.ts'

/**
 * Whether a storage node does what it is for: a card that nobody has seen before is written here and at the nodes it belongs to, and
 * read back from both. It is signed by an ephemeral identity, one for each process, whose log is all that lasts of it: for a week.
 */
export type Health = {
  /** A check of the last 60 seconds, or a new one. */
  check(): Promise<HealthReport>
}

export type HealthReport = {
  readonly ok: boolean
  /** when it was found out, seconds since 1970, and how long that took */
  readonly checked: number
  readonly milliseconds: number
  /** what this node itself keeps; null when all is well */
  readonly own: ErrorCode | null
  /** the others; null when all is well, or when there are none */
  readonly network: ErrorCode | null
  /** other nodes known, and how many of them accepted the card */
  readonly nodes: number
  readonly accepted: number
  /** whether other nodes answer, and since when, seconds since 1970 */
  readonly state: NetworkState['state']
  readonly since: number
}

export type HealthParts = {
  readonly storage: Storage
  /** the network without this node */
  readonly others: Directory
  /** other nodes known */
  readonly nodes: () => number
  readonly network: () => Pick<NetworkState, 'state' | 'since'>
  /** milliseconds since 1970 */
  readonly clock: () => number
}

/** Each check is some hundred datagrams: whoever asks more often is told what is known. */
const CHECK_EVERY_MS = 60_000

const random = (size: number): Uint8Array => Uint8Array.from(randomBytes(size))

export const createHealth = ({ storage, others, nodes, network: present, clock }: HealthParts): Health => {
  const [spk, kem] = [generatePrivateKey(random), generateKem(random)]
  const { identity } = createIdentity(Math.floor(clock() / 1000), random)
  const { log, sign, slotKey } = identity
  let last: { readonly at: number; readonly report: Promise<HealthReport> } | null = null
  const inc = random(INCARNATION_BYTES)
  let serial = 0

  const nextCard = (): SignedCard => {
    serial = Math.max(serial + 1, clock())
    const keys = { spk: spk.publicKey, kem: kem.publicKey, transport: random(32) }
    return signCard(log, sign, { device: 0, now: serial, inc, ...keys })
  }

  const checkOwn = (card: SignedCard, now: number): HealthReport['own'] => {
    const { id } = log
    const puts: readonly PutRequest[] = [
      ...log.entries.map(({ envelope }): PutRequest => ({ t: 'entry', id, d: envelope })),
      { t: 'card', id, d: card.envelope },
    ]
    for (const put of puts) {
      const answer = storage.handle(COMMAND.put, encodeMessage(put), { now, proven: true })
      const refused = answer === null ? 'ERR_TIMEOUT' : decodePutAnswer(answer).refused
      if (refused !== null) return refused
    }
    const answer = storage.handle(COMMAND.get, encodeMessage({ id, from: 0 }), { now, proven: true })
    const cards = answer === null ? [] : decodeGetAnswer(answer).cards
    return cards.some((envelope) => equal(envelope, card.envelope)) ? null : 'ERR_READ_BACK'
  }

  const checkNetwork = async (signed: SignedCard, now: number): Promise<Pick<HealthReport, 'network' | 'accepted'>> => {
    if (nodes() === 0) return { network: null, accepted: 0 }
    try {
      const slot = slotKey === null ? undefined : signSlotCard(slotKey, signed)
      const records = { log, card: { signed, kem: kem.publicKey, slot } }
      // A clock that is off is what others refuse it for, and has a code of its own.
      const times = createTimes({ clock })
      const { accepted } = await others.publish(records, { signal: AbortSignal.timeout(LOOKUP_MS), times })
      if (times.reading().off) return { network: 'ERR_CLOCK', accepted }
      const found = await others.lookup(log.id, { now, signal: AbortSignal.timeout(LOOKUP_MS) })
      const same = found.card !== null && equal(found.card.hash, signed.hash)
      return { network: same ? null : 'ERR_READ_BACK', accepted }
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      return { network: error.code, accepted: 0 }
    }
  }

  const run = async (): Promise<HealthReport> => {
    const begun = performance.now()
    const now = Math.floor(clock() / 1000)
    const card = nextCard()
    const own = checkOwn(card, now)
    const { network, accepted } = await checkNetwork(card, now)
    const milliseconds = Math.round(performance.now() - begun)
    const { state, since } = present()
    const found = { own, network, nodes: nodes(), accepted, state, since: Math.floor(since / 1000) }
    return { ok: own === null && network === null, checked: now, milliseconds, ...found }
  }

  return {
    check: () => {
      const at = clock()
      if (last === null || Math.abs(at - last.at) > CHECK_EVERY_MS) last = { at, report: run() }
      return last.report
    },
  }
}
