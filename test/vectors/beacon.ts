import {
  beaconKey,
  decodeBeacon,
  type Endpoint,
  encodeAnswer,
  encodeQuestion,
  isAnswerFrom,
  isQuestionFor,
} from '../../src/core/beacon.ts'
import { hex } from '../../src/core/bytes.ts'
import { makeBytes } from '../core/identities.ts'
import type { Vector, Vectors } from './vector-files.ts'

/**
 * vectors/beacon: the `datagram`, sent from `host` and, where it matters, `port`, is for the identity `id` what `result` says: its `question`,
 * its `answer`, one of `another`, or `none` of the beacon's. `nonce` and `node`, the port of the DHT node, are what it says, and with them it is
 * made again.
 */

export type BeaconVector = {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly datagram: string
  readonly result: 'question' | 'answer' | 'another' | 'none'
  readonly nonce?: string
  readonly node?: number
}

const id = makeBytes('vectors/beacon/id', 32)
const other = makeBytes('vectors/beacon/other', 32)
const nonce = makeBytes('vectors/beacon/nonce', 16)
const asker: Endpoint = { host: '192.168.1.7', port: 40_001 }
const answerer: Endpoint = { host: '169.254.3.9', port: 49_737 }

/** What the code says of a datagram. */
export const readBeacon = (
  of: Uint8Array,
  datagram: Uint8Array,
  from: Endpoint,
): Pick<BeaconVector, 'result' | 'nonce' | 'node'> => {
  const read = decodeBeacon(datagram)
  if (read === null) return { result: 'none' }
  const key = beaconKey(of)
  const said = { nonce: hex(read.nonce), node: read.port }
  if (isQuestionFor(key, read, from)) return { result: 'question', ...said }
  return isAnswerFrom(key, read, from.host) ? { result: 'answer', ...said } : { result: 'another', ...said }
}

const vector = (description: string, datagram: Uint8Array, from: Endpoint, of = id): Vector => ({
  description,
  ...{ id: hex(of), host: from.host, port: from.port, datagram: hex(datagram) },
  ...readBeacon(of, datagram, from),
})

const question = encodeQuestion(beaconKey(id), nonce, asker)
const answer = encodeAnswer(beaconKey(id), nonce, answerer)
const at = (bytes: Uint8Array, index: number, value: number): Uint8Array =>
  bytes.map((byte, i) => (i === index ? value : byte))

export const beaconVectors: Vectors = {
  question: vector('a question', question, asker),
  answer: vector('an answer: it may come from any port', answer, { ...answerer, port: 5_000 }),
  'highest-port': vector(
    'an answer with the highest port',
    encodeAnswer(beaconKey(id), nonce, { ...answerer, port: 65_535 }),
    answerer,
  ),
  'question-for-another': vector('a question for another identity', question, asker, other),
  'answer-of-another': vector('an answer of another identity', answer, answerer, other),
  'question-from-elsewhere': vector('a question that is sent again from another address', question, {
    ...asker,
    host: '192.168.1.8',
  }),
  'question-from-another-port': vector('a question that is sent again from another port', question, {
    ...asker,
    port: 40_002,
  }),
  'answer-from-elsewhere': vector('an answer that is sent again from another address', answer, {
    ...answerer,
    host: '169.254.3.10',
  }),
  'answer-changed-port': vector('an answer with another port', at(answer, 21, 0x48), answerer),
  'question-as-answer': vector(
    'the MAC of a question under the head of an answer',
    at(at(question, 3, 1), 21, 7),
    asker,
  ),
  'question-with-port': vector('a question with a port', at(question, 21, 1), asker),
  'answer-without-port': vector('an answer without a port', at(at(answer, 20, 0), 21, 0), answerer),
  'other-version': vector('another version', at(question, 2, 2), asker),
  'other-letters': vector('other letters', at(question, 0, 0x47), asker),
  'other-kind': vector('another kind', at(question, 3, 2), asker),
  short: vector('a byte too few', question.subarray(0, 37), asker),
  long: vector('a byte too many', Uint8Array.of(...question, 0), asker),
}
