import type { Times } from '../../core/steady-clock.ts'
import {
  ANSWER_BYTES_MAX,
  COMMAND,
  decodeGet,
  decodeGetKemHalf,
  decodePut,
  encodeMessage,
  type PutRequest,
  unprovenAnswerMax,
} from '../request-format.ts'
import { type IdentityRecord, withCard, withEntry, withKemHalf } from './identity-record.ts'
import { kemHalfOf, nothingAt, pageOf } from './page.ts'
import { WORK } from './quota.ts'
import type { Records } from './records.ts'

/** What a storage node answers to each command. It stores nothing it could not verify. */
export type RequestHandlers = {
  readonly records: Records
  /** Stands for the network an address is in: 16 bytes in hex. */
  sourceOf(from: string | undefined): string
  /** told what was done, in units of work */
  onWork(units: number): void
}

export type ServedRequest = {
  /** this clock, seconds */
  readonly now: number
  /** whether the sender showed a round-trip token: it receives at its address */
  readonly proven: boolean
  /** the IPv4 address it comes from; absent: from this process itself, which no quota holds and whose records stay */
  readonly from?: string | undefined
}

/** The same, with the time by which records are old, and the one that new ones are given, seconds. */
type TimedRequest = ServedRequest & Times

/**
 * The answer to one request; null when it gets none: its command is unknown, or its sender is not proven to receive at its address.
 * @throws HandfastError what is wrong with it
 */
export const answerRequest = (
  handlers: RequestHandlers,
  command: number,
  value: Uint8Array,
  request: TimedRequest,
): Uint8Array | null => {
  const known = request.proven || request.from === undefined
  if (command === COMMAND.get) return answerGet(handlers, value, request)
  if (command === COMMAND.getKemHalf && known) return answerGetKemHalf(handlers, value, request)
  if (command !== COMMAND.put || !request.proven) return null
  answerPut(handlers, decodePut(value), request)
  return encodeMessage({ refused: null })
}

const answerGet = ({ records }: RequestHandlers, value: Uint8Array, request: TimedRequest): Uint8Array => {
  const { now, past, proven, from: sender } = request
  const { id, from } = decodeGet(value)
  const max = proven || sender === undefined ? ANSWER_BYTES_MAX : unprovenAnswerMax(value.length)
  return records.view(id, past, (found) => pageOf(found, { from, max, now })) ?? encodeMessage(nothingAt(now))
}

const answerGetKemHalf = ({ records }: RequestHandlers, value: Uint8Array, { past }: TimedRequest): Uint8Array => {
  const request = decodeGetKemHalf(value)
  const answer = records.view(request.id, past, (found) => ({ half: kemHalfOf(found, request) }))
  return encodeMessage(answer ?? { half: null })
}

const answerPut = (handlers: RequestHandlers, request: PutRequest, served: TimedRequest): void => {
  const { records, sourceOf } = handlers
  const { from, past, present } = served
  const source = sourceOf(from)
  if (request.t === 'entry' && records.knows(request.id, request.d, past)) {
    records.touch(request.id, source, present)
    return
  }
  const before = records.find(request.id, past)
  const record = applyPut(handlers, before, request, served)
  // Half of a key says nothing new of its identity: it does not prolong the life of the record.
  const touch = request.t !== 'kem'
  if (record !== before) records.save(request.id, record, { before, source, past, present, touch })
  else if (touch) records.touch(request.id, source, present)
}

/** The record with what was put to it, or `before` itself when that was there. */
const applyPut = (
  { onWork }: RequestHandlers,
  before: IdentityRecord | null,
  request: PutRequest,
  times: TimedRequest,
): IdentityRecord => {
  if (request.t === 'kem') return withKemHalf(before, request)
  onWork(WORK.verify)
  const record = request.t === 'entry' ? withEntry(before, request) : withCard(before, request, times)
  if (record === before) onWork(-WORK.verify)
  return record
}
