import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { encodeWords, toWords } from '../core/bech32m-reference.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { Vectors } from './vector-files.ts'

/** vectors/address: `input` is the address of the 32 bytes `output`, or is refused with `error`. */

const id = seededRandom('vectors/address')(32)
const address = encodeAddress(id)
const words = toWords(id)

const accepted = (description: string, input: string, output: Uint8Array) => ({
  description,
  input,
  output: hex(output),
})
const refused = (description: string, input: string, error: string) => ({ description, input, error })

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
/** The address with the letter at `position` replaced by the alphabet's next one, or by `letter`. */
const changed = (position: number, letter = CHARSET[(CHARSET.indexOf(address[position] ?? '') + 1) % 32]) =>
  address.slice(0, position) + letter + address.slice(position + 1)

const swapAt = [...address].findIndex((letter, position) => position > 20 && letter !== address[position + 1])
const swapped = address.slice(0, swapAt) + address[swapAt + 1] + address[swapAt] + address.slice(swapAt + 2)
const withK = encodeAddress(Uint8Array.from(id, (byte, index) => (index === 0 ? 0b10110_000 : byte))) // its first letter is k

export const addressVectors: Vectors = {
  address: accepted('an address', address, id),
  'upper-case': accepted('all upper case, as a QR code carries it', address.toUpperCase(), id),
  zeros: accepted('32 zero bytes', encodeAddress(new Uint8Array(32)), new Uint8Array(32)),

  'typo-first': refused('the first letter of the data changed', changed(3), 'ERR_ADDRESS_CHECKSUM'),
  'typo-middle': refused('a letter in the middle changed', changed(30), 'ERR_ADDRESS_CHECKSUM'),
  'typo-checksum': refused('the last letter of the checksum changed', changed(60), 'ERR_ADDRESS_CHECKSUM'),
  swap: refused('two neighbours exchanged', swapped, 'ERR_ADDRESS_CHECKSUM'),
  'letter-b': refused('b, which the alphabet leaves out', changed(12, 'b'), 'ERR_ADDRESS_CHECKSUM'),
  'letter-o': refused('o, which the alphabet leaves out', changed(12, 'o'), 'ERR_ADDRESS_CHECKSUM'),
  'second-separator': refused('1 inside the data', changed(40, '1'), 'ERR_ADDRESS_CHECKSUM'),
  'bech32-checksum': refused(
    'the checksum of BIP-173 instead of BIP-350',
    encodeWords('hf', words, 1),
    'ERR_ADDRESS_CHECKSUM',
  ),
  'padding-bits': refused(
    'the four bits after the 32 bytes are not zero',
    encodeWords('hf', [...words.slice(0, -1), (words.at(-1) ?? 0) | 1]),
    'ERR_ADDRESS_CHECKSUM',
  ),

  empty: refused('no text', '', 'ERR_ADDRESS_PREFIX'),
  'prefix-only': refused('nothing after the prefix', 'hf1', 'ERR_ADDRESS_LENGTH'),
  'other-prefix': refused('the prefix bc', encodeWords('bc', words), 'ERR_ADDRESS_PREFIX'),
  link: refused('a link', `handfast:${address}`, 'ERR_ADDRESS_PREFIX'),
  'leading-space': refused('a space before it', ` ${address}`, 'ERR_ADDRESS_PREFIX'),
  'mixed-case-prefix': refused(
    'an upper-case prefix before lower-case data',
    `HF1${address.slice(3)}`,
    'ERR_ADDRESS_PREFIX',
  ),
  'kelvin-sign-upper': refused(
    'all upper case with the Kelvin sign for K',
    withK.toUpperCase().replace('K', '\u212a'),
    'ERR_ADDRESS_PREFIX',
  ),

  'one-missing': refused('the last letter missing', address.slice(0, -1), 'ERR_ADDRESS_LENGTH'),
  'one-more': refused('one letter more', `${address}q`, 'ERR_ADDRESS_LENGTH'),
  'trailing-newline': refused('a newline after it', `${address}\n`, 'ERR_ADDRESS_LENGTH'),
  'short-hash': refused(
    '31 bytes with a correct checksum',
    encodeWords('hf', toWords(id.slice(1))),
    'ERR_ADDRESS_LENGTH',
  ),
  'long-hash': refused(
    '33 bytes with a correct checksum',
    encodeWords('hf', toWords(new Uint8Array(33))),
    'ERR_ADDRESS_LENGTH',
  ),
  'longer-prefix': refused(
    '1 inside the data of 61 characters whose checksum is correct for the prefix hf1q',
    encodeWords('hf1q', toWords(id.slice(1))),
    'ERR_ADDRESS_CHECKSUM',
  ),

  'mixed-case': refused('one letter in upper case', changed(9, 'Q'), 'ERR_ADDRESS_FORMAT'),
  'inner-space': refused('a space inside', changed(31, ' '), 'ERR_ADDRESS_FORMAT'),
  hyphen: refused('a hyphen inside', changed(31, '-'), 'ERR_ADDRESS_FORMAT'),
  'kelvin-sign': refused('the Kelvin sign for k', withK.replace('k', '\u212a'), 'ERR_ADDRESS_FORMAT'),
  'full-width': refused('a full-width letter', changed(20, '\uff51'), 'ERR_ADDRESS_FORMAT'),
}
