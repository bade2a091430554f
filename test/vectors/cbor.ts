import { hex } from '../../src/core/bytes.ts'
import { CBOR_DEPTH_MAX } from '../../src/core/limits/protocol-limits.ts'
import type { Json, Vectors } from './vector-files.ts'

/** vectors/cbor: `input` decodes to `output` and encodes back to the same bytes, or is refused with `error`. */

const accepted = (description: string, input: string, output: Json) => ({ description, input, output })
const refused = (description: string, input: string) => ({ description, input, error: 'ERR_CBOR' })

const textHex = (text: string) => hex(Buffer.from(text))
const lists = (depth: number) => `${'81'.repeat(depth - 1)}80`
const nestedLists = (depth: number): Json => (depth === 1 ? [] : [nestedLists(depth - 1)])
const PROTO = `69${textHex('__proto__')}`

export const cborVectors: Vectors = {
  zero: accepted('the integer 0', '00', 0),
  'largest-integer': accepted('2^53 − 1', '1b001fffffffffffff', Number.MAX_SAFE_INTEGER),
  'smallest-integer': accepted('−(2^53 − 1)', '3b001ffffffffffffe', Number.MIN_SAFE_INTEGER),
  'empty-map': accepted('a map without entries', 'a0', {}),
  'sorted-map': accepted('keys by their encoded bytes: the shorter first', 'a361610161620262616103', {
    a: 1,
    b: 2,
    aa: 3,
  }),
  'text-with-bom': accepted('text keeps a leading U+FEFF', `65efbbbf${textHex('hi')}`, '\ufeffhi'),
  'proto-key': accepted('__proto__ is a key like any other', `a1${PROTO}01`, JSON.parse('{"__proto__":1}')),
  'deepest-nesting': accepted(
    'as many lists inside one another as are read',
    lists(CBOR_DEPTH_MAX),
    nestedLists(CBOR_DEPTH_MAX),
  ),

  'too-deep': refused('one list more', lists(CBOR_DEPTH_MAX + 1)),
  'too-deep-maps': refused('too many maps inside one another', `${'a16161'.repeat(CBOR_DEPTH_MAX)}a0`),
  empty: refused('no bytes at all', ''),
  'trailing-byte': refused('one byte after the value', '0000'),
  'two-values': refused('two values', '8001'),
  'cut-off-integer': refused('an integer without its byte', '18'),
  'cut-off-text': refused('text of 2 bytes with 1', '6261'),
  'cut-off-bytes': refused('a byte string of 4 bytes with 3', '44010203'),
  'cut-off-list': refused('a list of 2 with 1 item', '8201'),
  'cut-off-map-value': refused('a key without a value', 'a16161'),
  'cut-off-map': refused('a map of 1 with nothing', 'a1'),
  'huge-bytes': refused('a byte string of 2^53 − 1', '5b001fffffffffffff'),
  'huge-text': refused('text of 2^53 − 1', '7b001fffffffffffff'),
  'huge-list': refused('a list of 2^53 − 1', '9b001fffffffffffff'),
  'huge-map': refused('a map of 2^53 − 1', 'bb001fffffffffffff'),
  'huge-length-64': refused('a byte string of 2^64 − 1', '5bffffffffffffffff'),

  'long-integer-8': refused('23 in a byte of its own', '1817'),
  'long-integer-16': refused('255 in two bytes', '1900ff'),
  'long-integer-32': refused('65535 in four bytes', '1a0000ffff'),
  'long-integer-64': refused('2^32 − 1 in eight bytes', '1b00000000ffffffff'),
  'long-negative': refused('−1 in a byte of its own', '3800'),
  'long-bytes-length': refused('the length 0 of a byte string in a byte of its own', '5800'),
  'long-text-length': refused('the length 1 of text in a byte of its own', '780161'),
  'long-list-length': refused('the length 1 of a list in a byte of its own', '980100'),
  'long-map-length': refused('the length 0 of a map in a byte of its own', 'b800'),

  'indefinite-list': refused('a list of indefinite length', '9f01ff'),
  'indefinite-map': refused('a map of indefinite length', 'bf616101ff'),
  'indefinite-bytes': refused('a byte string of indefinite length', '5f4101ff'),
  'indefinite-text': refused('text of indefinite length', '7f6161ff'),
  'lone-break': refused('a break by itself', 'ff'),
  'break-in-list': refused('a break inside a list of 1', '81ff'),

  tag: refused('a tagged integer', 'c100'),
  bignum: refused('a bignum', 'c249010000000000000000'),
  'self-described': refused('the tag "this is CBOR"', 'd9d9f700'),
  'half-float': refused('1.5', 'f93e00'),
  'half-float-subnormal': refused('5.960464477539063e-8', 'f90001'),
  'single-float': refused('100000.0', 'fa47c35000'),
  'double-float': refused('1.1', 'fb3ff199999999999a'),
  'integer-as-float': refused('1.0', 'f93c00'),
  'zero-as-float': refused('0.0', 'f90000'),
  'minus-zero': refused('−0.0', 'f98000'),
  'large-float': refused('2^53 as a float', 'fa5a000000'),
  nan: refused('NaN', 'f97e00'),
  infinity: refused('infinity', 'f97c00'),
  'minus-infinity': refused('−infinity', 'f9fc00'),
  'unsafe-integer': refused('2^53', '1b0020000000000000'),
  'unsafe-negative': refused('−2^53', '3b001fffffffffffff'),
  'largest-uint64': refused('2^64 − 1', '1bffffffffffffffff'),
  undefined: refused('undefined', 'f7'),
  'simple-value': refused('simple value 16', 'f0'),
  'simple-value-8': refused('simple value 255', 'f8ff'),
  'false-in-two-bytes': refused('false as a simple value of two bytes', 'f814'),
  'reserved-28': refused('additional information 28', '1c'),
  'reserved-30-text': refused('text with additional information 30', '7e'),
  'indefinite-integer': refused('an integer of indefinite length', '1f'),

  'duplicate-key': refused('the key a twice', 'a2616101616102'),
  'duplicate-key-same-value': refused('the key a twice with one value', 'a2616101616101'),
  'duplicate-proto-key': refused('the key __proto__ twice', `a2${PROTO}01${PROTO}01`),
  'duplicate-inner-key': refused('the key a twice in an inner map', '81a2616101616102'),
  'unsorted-keys': refused('b before a', 'a2616201616101'),
  'unsorted-lengths': refused('aa before b: sorted as text, not by encoded bytes', 'a262616101616202'),
  'unsorted-numeric-keys': refused('"2" before "1"', 'a2613201613101'),
  'integer-key': refused('a map with an integer key', 'a10100'),
  'bytes-key': refused('a map with a byte string as key', 'a1416100'),
  'null-key': refused('a map with null as key', 'a1f600'),
  'list-key': refused('a map with a list as key', 'a18000'),

  'utf8-stray-byte': refused('text with the byte ff', '61ff'),
  'utf8-cut-off': refused('text ending inside a character', '61c3'),
  'utf8-overlong': refused('U+0000 in two bytes', '62c080'),
  'utf8-surrogate': refused('a lone surrogate', '63eda080'),
  'utf8-beyond-unicode': refused('U+110000', '64f4908080'),
  'utf8-long-text': refused('the byte ff at the end of 40 letters', `7829${'61'.repeat(40)}ff`),
  'utf8-key': refused('a key with the byte ff', 'a161ff00'),
}
