import { equal } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { signEnvelope } from '../../src/core/cose.ts'
import { LABEL_KEY_LOG } from '../../src/core/labels.ts'
import { createAnswerCollector } from '../../src/directory/client/answer-collector.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import {
  ANSWER_BYTES_MAX,
  COMMAND,
  decodeGet,
  decodeGetAnswer,
  decodeGetKemHalf,
  decodeGetKemHalfAnswer,
  decodePut,
  decodePutAnswer,
  encodeMessage,
  type GetAnswer,
} from '../../src/directory/request-format.ts'
import { makeKey, NOW } from '../../test/core/identities.ts'
import { allPuts } from '../../test/directory/records.ts'
import { ALICE, CARD, PREKEYS } from '../corpus.ts'
import { must, type Target, target } from '../target.ts'

/** Requests and answers of the directory, the storage node that answers and the lookup that reads: datagrams from anyone. */

type Message = Parameters<typeof encodeMessage>[0]

const { log } = ALICE
const { id } = log
const puts = allPuts(log, CARD, PREKEYS).map(encodeMessage)
const [first] = log.entries
const answer: GetAnswer = {
  ...{ tip: log.last.hash, entryCount: 1, cardCount: 1 },
  ...{ entries: first === undefined ? [] : [first.envelope], cards: [CARD.envelope], now: NOW },
}
const nothing: GetAnswer = { tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: NOW }
const get = encodeMessage({ id, from: 0 })
const getKemHalf = encodeMessage({ id, card: CARD.hash, half: 1 })
const half = PREKEYS.kem.publicKey.slice(592)

const message = <T extends Message>(name: string, corpus: readonly Uint8Array[], decode: (value: Uint8Array) => T) =>
  target({
    name,
    form: 'cbor',
    corpus,
    decode,
    // A code that this version does not know is read as one that it does.
    encode: (value) => ('refused' in value && value.refused === 'ERR_REMOTE' ? null : encodeMessage(value)),
    codes: ['ERR_REQUEST_DECODE'],
    share: 12,
  })

/** A storage node that holds Alice, and nobody else whatever it is told. */
const storage = createStorage({ capacity: 4 })
for (const put of puts) storage.handle(COMMAND.put, put, { now: NOW, proven: true })
const held = (): Uint8Array => storage.handle(COMMAND.get, get, { now: NOW, proven: true }) ?? new Uint8Array(0)
const before = held()

const ask = (command: number, value: Uint8Array): unknown => {
  const given = storage.handle(command, value, { now: NOW, proven: true })
  if (given !== null) {
    must(given.length <= ANSWER_BYTES_MAX, `an answer of ${given.length} bytes`)
    if (command === COMMAND.get) decodeGetAnswer(given)
    else if (command === COMMAND.getKemHalf) decodeGetKemHalfAnswer(given)
    else decodePutAnswer(given)
  }
  must(storage.size === 1 && equal(held(), before), 'it holds something else')
  return given
}

const mallory = makeKey('fuzz/mallory')

/** What a lookup says once an honest node and this one have answered. */
const collect = (value: Uint8Array): unknown => {
  const collector = createAnswerCollector(id, NOW)
  collector.accept('honest', encodeMessage(answer))
  const next = collector.accept('other', value)
  must(next === null || (Number.isSafeInteger(next) && next > 0), `asks for place ${next}`)
  const found = collector.finding()
  must(found !== null && equal(found.log.last.hash, log.last.hash), 'another log stands')
  must(found?.card == null || equal(found.card.hash, CARD.hash), 'another card stands')
  must(
    ['honest', 'other'].every((node) => collector.stance(node) !== null),
    'not every node was counted',
  )
  return next
}

export const directoryTargets: readonly Target[] = [
  message('get', [get, encodeMessage({ id, from: 40 })], decodeGet),
  message('get-answer', [answer, nothing].map(encodeMessage), decodeGetAnswer),
  message('get-kem-half', [getKemHalf], decodeGetKemHalf),
  message('get-kem-half-answer', [encodeMessage({ half }), encodeMessage({ half: null })], decodeGetKemHalfAnswer),
  message('put', puts, decodePut),
  message('put-answer', [encodeMessage({ refused: null }), encodeMessage({ refused: 'ERR_PUT_GAP' })], decodePutAnswer),
  target({
    name: 'storage-put',
    form: 'cbor',
    corpus: puts,
    decode: (value) => ask(COMMAND.put, value),
    codes: [],
    share: 1,
  }),
  target({
    name: 'storage-put-signed',
    form: 'cbor',
    corpus: [encodeCbor({ v: 1, seq: 1, prev: log.last.hash, root: mallory.publicKey, next: new Uint8Array(32) })],
    wrap: (payload) =>
      encodeMessage({ t: 'entry', id, d: signEnvelope(payload.slice(0, 700), mallory, LABEL_KEY_LOG) }),
    decode: (value) => ask(COMMAND.put, value),
    codes: [],
    share: 1,
  }),
  target({
    name: 'storage-get',
    form: 'cbor',
    corpus: [get, getKemHalf],
    decode: (value) => [ask(COMMAND.get, value), ask(COMMAND.getKemHalf, value), ask(value[0] ?? 0, value)],
    codes: [],
    share: 1,
  }),
  target({
    name: 'lookup-answer',
    form: 'cbor',
    corpus: [answer, nothing].map(encodeMessage),
    decode: collect,
    codes: [],
    share: 1,
  }),
]
