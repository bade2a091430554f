import { copyOf, utf8 } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { bytes, record, text } from '../core/fields.ts'
import { MESSAGE_BYTES_MAX } from '../core/limits/message-limits.ts'

/**
 * What a message can be: text, or bytes (docs/spec/messages.md §1). Everywhere else, on the wire and on disk, it is bytes that nobody
 * looks into:
 *
 *     body = { text: tstr } / { data: bstr }        deterministic CBOR; 32 KiB of UTF-8, or of bytes, at most
 */
export type Body =
  | { readonly text: string; readonly data?: undefined }
  | { readonly data: Uint8Array; readonly text?: undefined }

const readText = record<{ readonly text: string }>({ text: text(MESSAGE_BYTES_MAX) })
const readData = record<{ readonly data: Uint8Array }>({ data: bytes(0, MESSAGE_BYTES_MAX) })

/**
 * A body as bytes of its own: the caller may use its buffer again. Lone surrogates become U+FFFD.
 * @throws MessageError ERR_MESSAGE_SIZE above 32 KiB
 */
export const encodeBody = (said: string | Uint8Array): Uint8Array => {
  const size = typeof said === 'string' ? utf8(said).length : said.length
  if (size > MESSAGE_BYTES_MAX) throw new MessageError('ERR_MESSAGE_SIZE', { hint: `${size} bytes` })
  return encodeCbor(typeof said === 'string' ? { text: said.toWellFormed() } : { data: copyOf(said) })
}

/** @throws ConnectionError ERR_FRAME when it is neither text nor bytes */
export const decodeBody = (body: Uint8Array): Body => {
  try {
    const value = decodeCbor(body)
    const isText = typeof value === 'object' && value !== null && 'text' in value
    return isText ? readText(value, 'body') : readData(value, 'body')
  } catch (cause) {
    throw new ConnectionError('ERR_FRAME', { hint: 'a message is text or bytes', cause })
  }
}
