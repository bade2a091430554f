import { bech32m } from '@scure/base'
import { AddressError } from './errors.ts'

/** An address is the text of an identity: bech32m (BIP-350) over BLAKE2b-256 of the first log envelope, 61 characters beginning with hf1. */

export const ID_BYTES = 32
const PREFIX = 'hf'
const ADDRESS_LENGTH = 61

/** The address of a 32-byte identity hash. */
export const encodeAddress = (id: Uint8Array): string => bech32m.encode(PREFIX, bech32m.toWords(id))

/**
 * The 32-byte identity hash of an address. All upper case, as QR codes carry it, is read too; mixed case is not.
 * @throws AddressError ERR_ADDRESS_PREFIX, ERR_ADDRESS_LENGTH, ERR_ADDRESS_FORMAT, ERR_ADDRESS_CHECKSUM (a typo), in this order
 */
export const decodeAddress = (address: string): Uint8Array => {
  // ASCII only: the Kelvin sign is upper case too, and its lower case is a plain k.
  const text = /^[ -`{-~]*$/.test(address) ? address.toLowerCase() : address
  if (!text.startsWith(`${PREFIX}1`)) throw new AddressError('ERR_ADDRESS_PREFIX')
  if (text.length !== ADDRESS_LENGTH)
    throw new AddressError('ERR_ADDRESS_LENGTH', { hint: `${text.length} characters instead of ${ADDRESS_LENGTH}` })
  if (!/^[a-z0-9]+$/.test(text)) throw new AddressError('ERR_ADDRESS_FORMAT')
  let prefix: string
  let id: Uint8Array
  try {
    const decoded = bech32m.decode(text as `${string}1${string}`)
    prefix = decoded.prefix
    id = bech32m.fromWords(decoded.words)
  } catch (cause) {
    throw new AddressError('ERR_ADDRESS_CHECKSUM', { cause })
  }
  // A second 1 makes bech32m take all before it for the prefix. The data has no 1: a typo, also when the checksum fits the longer prefix.
  if (prefix !== PREFIX) throw new AddressError('ERR_ADDRESS_CHECKSUM', { hint: 'a second 1' })
  return id
}

/** What a link `handfast:hf1…` names; any other text is given back as it is. */
export const withoutLink = (text: string): string => text.replace(/^handfast:(?:\/\/)?/i, '')
