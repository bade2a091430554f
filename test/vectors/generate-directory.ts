import { hex } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { DEVICES_MAX, ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import {
  decodeGet,
  ENTRIES_SERVED_MAX,
  encodeMessage,
  encodePaddedGet,
  type GetAnswer,
  PAD_BYTES_MAX,
  PLACES_MAX,
} from '../../src/directory/request-format.ts'
import { type Json, type Vector, type Vectors, writeFolder } from './vector-files.ts'

/**
 * vectors/directory: `input`, a message of the kind `message`, decodes to `output` (bytes as hex) and encodes back to the same
 * bytes, unless `oneWay`; or it is refused with `error`.
 */

export const folders = ['directory']

export type MessageKind = 'get' | 'get-answer' | 'get-kem-half' | 'get-kem-half-answer' | 'put' | 'put-answer'

type Message = Parameters<typeof encodeMessage>[0]

const json = (value: unknown): Json => {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(json)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, json(one)]))
  return value as Json
}

const accepted = (message: MessageKind, description: string, value: Message): Vector => ({
  description,
  message,
  input: hex(encodeMessage(value)),
  output: json(value),
})

const refused = (message: MessageKind, description: string, input: CborValue | Uint8Array): Vector => ({
  description,
  message,
  input: hex(input instanceof Uint8Array ? input : encodeCbor(input)),
  error: 'ERR_REQUEST_DECODE',
})

/** `size` bytes that count up from `first`. */
const bytes = (size: number, first: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (first + i) & 255)

const id = bytes(32, 0x10)
const card = bytes(32, 0x40)
const half = bytes(592, 0)
const item = bytes(3, 1)
const nothing: GetAnswer = { tip: null, entryCount: 0, cardCount: 0, entries: [], cards: [], now: 1_767_225_600 }
const kem = { t: 'kem', id, card, half: 1, d: half } as const
const without = (value: { readonly [key: string]: CborValue }, key: string): CborValue =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))

export const directoryVectors: Vectors = {
  get: accepted('get', 'everything held of an identity', { id, from: 0 }),
  'get-last-place': accepted('get', 'from the last place there can be', { id, from: PLACES_MAX }),
  'get-answer': accepted('get-answer', 'two entries and a card', {
    tip: bytes(32, 0x20),
    entryCount: 2,
    cardCount: 1,
    entries: [item, bytes(4, 9)],
    cards: [bytes(5, 5)],
    now: 1_767_225_600,
  }),
  'get-answer-nothing': accepted('get-answer', 'nothing is held', nothing),
  'get-answer-largest': accepted('get-answer', 'one entry of 900 bytes, and as many places as there can be', {
    tip: bytes(32, 0x20),
    entryCount: ENTRIES_SERVED_MAX,
    cardCount: DEVICES_MAX,
    entries: [bytes(ITEM_BYTES_MAX, 0)],
    cards: [],
    now: 2 ** 32 - 1,
  }),
  'get-kem-half': accepted('get-kem-half', 'the second half of a key', { id, card, half: 1 }),
  'get-kem-half-answer': accepted('get-kem-half-answer', 'a half', { half }),
  'get-kem-half-answer-nothing': accepted('get-kem-half-answer', 'no half is held', { half: null }),
  'put-entry': accepted('put', 'a log entry', { t: 'entry', id, d: item }),
  'put-entry-largest': accepted('put', 'a log entry of 900 bytes', { t: 'entry', id, d: bytes(ITEM_BYTES_MAX, 0) }),
  'put-card': accepted('put', 'a card', { t: 'card', id, d: item }),
  'put-kem': accepted('put', 'half of a key', kem),
  'put-answer': accepted('put-answer', 'it was stored', { refused: null }),
  'put-answer-refused': accepted('put-answer', 'it was refused', { refused: 'ERR_PUT_GAP' }),
  'put-answer-unknown-code': {
    description: 'it was refused for a reason this version does not know',
    message: 'put-answer',
    input: hex(encodeCbor({ refused: 'ERR_PUT_OF_A_LATER_VERSION' })),
    output: { refused: 'ERR_REMOTE' },
    oneWay: true,
  },

  empty: refused('get', 'no bytes', new Uint8Array(0)),
  'trailing-byte': refused('get', 'a byte after the message', Uint8Array.of(...encodeMessage({ id, from: 0 }), 0)),
  'not-shortest': refused(
    'get',
    'a number in more bytes than it needs',
    Uint8Array.from(Buffer.from(`a262696458${'20'}${hex(id)}6466726f6d1800`, 'hex')),
  ),
  'unsorted-keys': refused(
    'get',
    'from before id',
    Uint8Array.from(Buffer.from(`a26466726f6d006269645820${hex(id)}`, 'hex')),
  ),
  'get-list': refused('get', 'a list in place of the map', [id, 0]),
  'get-without-from': refused('get', 'from is missing', { id }),
  'get-unknown-key': refused('get', 'a key too many', { id, from: 0, to: 1 }),
  'get-short-id': refused('get', 'an id of 31 bytes', { id: id.slice(1), from: 0 }),
  'get-negative-place': refused('get', 'from is −1', { id, from: -1 }),
  'get-beyond': refused('get', 'from is beyond the last place', { id, from: PLACES_MAX + 1 }),
  'get-answer-short-tip': refused('get-answer', 'a tip of 31 bytes', { ...nothing, tip: bytes(31, 0) }),
  'get-answer-empty-entry': refused('get-answer', 'an entry without bytes', {
    ...nothing,
    entries: [new Uint8Array(0)],
  }),
  'get-answer-long-entry': refused('get-answer', 'an entry of 901 bytes', {
    ...nothing,
    entries: [bytes(ITEM_BYTES_MAX + 1, 0)],
  }),
  'get-answer-many-entries': refused('get-answer', '65 entries', {
    ...nothing,
    entries: Array.from({ length: LOG_ENTRIES_MAX + 1 }, () => item),
  }),
  'get-answer-many-cards': refused('get-answer', '8 cards', {
    ...nothing,
    cards: Array.from({ length: DEVICES_MAX + 1 }, () => item),
  }),
  'get-answer-entry-count': refused('get-answer', '254 entries held', {
    ...nothing,
    entryCount: ENTRIES_SERVED_MAX + 1,
  }),
  'get-answer-card-count': refused('get-answer', '8 cards held', { ...nothing, cardCount: DEVICES_MAX + 1 }),
  'get-kem-third-half': refused('get-kem-half', 'half 2', { id, card, half: 2 }),
  'get-kem-half-answer-short': refused('get-kem-half-answer', 'a half of 591 bytes', { half: half.slice(1) }),
  'put-unknown-type': refused('put', 'a type there is not', { t: 'note', id, d: item }),
  'put-without-type': refused('put', 'no type', { id, d: item }),
  'put-empty-item': refused('put', 'an item without bytes', { t: 'entry', id, d: new Uint8Array(0) }),
  'put-long-item': refused('put', 'an item of 901 bytes', { t: 'card', id, d: bytes(ITEM_BYTES_MAX + 1, 0) }),
  'put-entry-with-half': refused('put', 'an entry with a field of key halves', { t: 'entry', id, d: item, half: 0 }),
  'put-kem-with-other': refused('put', 'half of a key with the hash of the other', { ...kem, other: bytes(32, 0x70) }),
  'put-kem-short': refused('put', 'a half of 591 bytes', { ...kem, d: half.slice(1) }),
  'put-text-item': refused('put', 'an item of text', { t: 'card', id, d: 'text' }),
  'put-answer-long-code': refused('put-answer', 'a code of 41 characters', { refused: 'E'.repeat(41) }),
  'put-answer-flag': refused('put-answer', 'false in place of null', { refused: false }),

  'get-padded': accepted(
    'get',
    'so long that the largest answer may follow',
    decodeGet(encodePaddedGet({ id, from: 0 })),
  ),
  'get-empty-pad': accepted('get', 'a padding without bytes', { id, from: 0, pad: new Uint8Array(0) }),
  'get-largest-pad': accepted('get', 'the longest padding', { id, from: 0, pad: new Uint8Array(PAD_BYTES_MAX) }),
  'get-long-pad': refused('get', 'a padding of a byte too many', {
    id,
    from: 0,
    pad: new Uint8Array(PAD_BYTES_MAX + 1),
  }),
  'get-text-pad': refused('get', 'a padding of text', { id, from: 0, pad: 'text' }),
  'put-answer-rate': accepted('put-answer', 'its network had too much', { refused: 'ERR_PUT_RATE' }),
  'get-answer-without-now': refused('get-answer', 'no time', without(nothing, 'now')),
  'get-answer-negative-now': refused('get-answer', 'a time before 1970', { ...nothing, now: -1 }),
}

export async function generate(): Promise<void> {
  writeFolder('directory', directoryVectors)
}
