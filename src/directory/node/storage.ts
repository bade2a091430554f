import { randomBytes } from 'node:crypto'
import { hex, type RandomBytes, utf8 } from '../../core/bytes.ts'
import { type ErrorCode, HandfastError } from '../../core/errors.ts'
import { hmac, type SecretKey, secretKey } from '../../core/kdf.ts'
import { IDENTITIES_MAX } from '../../core/limits/record-limits.ts'
import { type SteadyClock, timesOf } from '../../core/steady-clock.ts'
import { isLoopback, sourceNetworkOf } from '../ip-networks.ts'
import { COMMAND, encodeMessage } from '../request-format.ts'
import { createQuotas, type Quota, WORK } from './quota.ts'
import { createMemoryRecordStore, type RecordStore } from './record-store.ts'
import { createRecords, OWN_SOURCE, type RecordCounts, SOURCE_BYTES } from './records.ts'
import { answerRequest, type RequestHandlers, type ServedRequest } from './request-handlers.ts'

/** What a storage node stores and answers (docs/spec/directory.md). It stores nothing it could not verify, and no more than its share for anybody. */
export type Storage = {
  /** Answers one request; null when it gets no answer: it cannot be understood, lacks a token, or is one too many. */
  handle(command: number, value: Uint8Array, request: ServedRequest): Uint8Array | null
  /** number of identities stored */
  readonly size: number
}

/** A storage as its node has it. */
export type StorageNode = Storage & {
  readonly counts: Counts
  /** Drops what has expired: nobody may ask for it again. @param now this clock, seconds */
  sweep(now: number): void
  close(): void
}

/** What happened since the start, and what is there now. */
export type Counts = RecordCounts & {
  readonly requests: { readonly get: number; readonly getKemHalf: number; readonly put: number; readonly other: number }
  /** requests that got no answer */
  readonly unanswered: number
  /** requests beyond a quota */
  readonly limited: number
  /** PUTs refused, by reason */
  readonly refused: ReadonlyMap<ErrorCode, number>
}

export type StorageOptions = {
  /** identities at most, and four times as many entries and cards beyond the four that each may have */
  readonly capacity?: number
  /** Default: in memory. Closed with the storage. */
  readonly recordStore?: RecordStore
  /** this node's ids, 32 bytes each, one after the other, by which it knows what is far from it; null while it has none */
  readonly self?: () => Uint8Array | null
  /** addresses that no quota holds; default: those of this machine */
  readonly exempt?: (host: string) => boolean
  readonly random?: RandomBytes
  /** by what time records are old; default: by the clock of each request */
  readonly steady?: SteadyClock | undefined
}

/** What nobody sends by mistake, as wrong times, orders and versions are: ten times the work is counted. */
const FORGERY: readonly ErrorCode[] = ['ERR_LOG_ADDRESS', 'ERR_LOG_SIGNATURE', 'ERR_LOG_ROOT', 'ERR_CARD_SIGNATURE']
const FORGERY_FACTOR = 10

const NAMES = new Map<number, keyof Counts['requests']>([
  [COMMAND.get, 'get'],
  [COMMAND.getKemHalf, 'getKemHalf'],
  [COMMAND.put, 'put'],
])

const SOURCE_KEY_BYTES = 32

/** Stands for the network an address is in, by a key that only this process knows: the disk does not tell where records came from. */
const createSourceOf = (key: SecretKey): RequestHandlers['sourceOf'] => {
  const digest = (network: string): string => hex(hmac(key, utf8(network)).subarray(0, SOURCE_BYTES))
  return (from) => (from === undefined ? OWN_SOURCE : digest(sourceNetworkOf(from)))
}

/** @throws StoreError when the record store is a database that cannot be read */
export const createStorage = (options: StorageOptions = {}): StorageNode => {
  const { capacity = IDENTITIES_MAX, self = () => null, exempt = isLoopback, steady } = options
  const { recordStore = createMemoryRecordStore(), random = (size) => Uint8Array.from(randomBytes(size)) } = options
  const quotas = createQuotas()
  const requests = { get: 0, getKemHalf: 0, put: 0, other: 0 }
  const refused = new Map<ErrorCode, number>()
  let unanswered = 0
  let limited = 0
  /** units of work done for the request at hand */
  let work = 0
  const onWork = (units: number): void => {
    work += units
  }
  const records = createRecords({ store: recordStore, capacity, self, onWork })
  // After a restart, networks begin anew.
  const sourceOf = createSourceOf(secretKey(random(SOURCE_KEY_BYTES)))
  const handlers: RequestHandlers = { records, sourceOf, onWork }

  const refuse = (code: ErrorCode): Uint8Array => {
    refused.set(code, (refused.get(code) ?? 0) + 1)
    return encodeMessage({ refused: code })
  }

  /** What is wrong with a PUT is told, and everything else gets no answer. */
  const attempt = (
    command: number,
    value: Uint8Array,
    request: ServedRequest,
  ): [Uint8Array | null, ErrorCode | null] => {
    try {
      return [answerRequest(handlers, command, value, { ...request, ...timesOf(steady, request.now) }), null]
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      return [command === COMMAND.put ? refuse(error.code) : null, error.code]
    }
  }

  const quotaFor = ({ proven, from }: ServedRequest): Quota | null => {
    if (from === undefined || exempt(from)) return null
    return proven ? quotas.proven : quotas.unproven
  }

  const handle: Storage['handle'] = (command, value, request) => {
    const { now, proven, from = '' } = request
    requests[NAMES.get(command) ?? 'other'] += 1
    const quota = quotaFor(request)
    const network = sourceNetworkOf(from)
    if (quota !== null && !quota.allows(network, now)) {
      limited += 1
      if (command === COMMAND.put && proven) return refuse('ERR_PUT_RATE')
      unanswered += 1
      return null
    }
    work = WORK.request
    const [answer, code] = attempt(command, value, request)
    const isForgery = code !== null && FORGERY.includes(code)
    const units = Math.floor(work)
    quota?.charge(network, now, isForgery ? units * FORGERY_FACTOR : units, units)
    if (answer === null) unanswered += 1
    return answer
  }

  return {
    handle,
    get size() {
      return records.counts.identities
    },
    get counts() {
      return { ...records.counts, requests: { ...requests }, refused: new Map(refused), unanswered, limited }
    },
    sweep: (now) => records.sweep(timesOf(steady, now).past),
    close: recordStore.close,
  }
}
