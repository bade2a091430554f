import { copyOf, utf8 } from '../core/bytes.ts'
import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { MessageError } from '../core/errors.ts'
import { bytes, literal, record, text } from '../core/fields.ts'
import { MESSAGE_BODY_MAX, MESSAGE_BYTES_MAX, MESSAGE_KIND_MAX } from '../core/limits/message-limits.ts'

/**
 * What a message can be: text, or bytes, or of a kind that a later version knows (docs/spec/messages.md §1). Everywhere else, on the wire and
 * on disk, it is bytes that nobody looks into:
 *
 *     body = { t: "text", d: tstr } / { t: "data", d: bstr } / { t: tstr, … }        deterministic CBOR; d is 32 KiB at most
 */
export type Body =
  | { readonly text: string; readonly data?: undefined; readonly unknown?: undefined }
  | { readonly data: Uint8Array; readonly text?: undefined; readonly unknown?: undefined }
  /** the kind of a message that needs a newer version to be shown, '' of one that is none of any version; it is kept */
  | { readonly unknown: string; readonly text?: undefined; readonly data?: undefined }

const readText = record<{ readonly t: 'text'; readonly d: string }>({ t: literal('text'), d: text(MESSAGE_BYTES_MAX) })
const readData = record<{ readonly t: 'data'; readonly d: Uint8Array }>({
  t: literal('data'),
  d: bytes(0, MESSAGE_BYTES_MAX),
})

/**
 * A body as bytes of its own: the caller may use its buffer again. Lone surrogates become U+FFFD.
 * @throws MessageError ERR_MESSAGE_SIZE above 32 KiB
 */
export const encodeBody = (said: string | Uint8Array): Uint8Array => {
  const size = typeof said === 'string' ? utf8(said).length : said.length
  if (size > MESSAGE_BYTES_MAX) throw new MessageError('ERR_MESSAGE_SIZE', { hint: tooLarge(size, MESSAGE_BYTES_MAX) })
  return encodeCbor(typeof said === 'string' ? { t: 'text', d: said.toWellFormed() } : { t: 'data', d: copyOf(said) })
}

/** Whether a kind that is known here has what a later version added to it. */
const hasMore = (value: object): boolean => Object.keys(value).some((key) => key !== 't' && key !== 'd')

/** What no version wrote is one message that cannot be read: it harms neither those that follow nor what else is said. */
export const decodeBody = (body: Uint8Array): Body => {
  try {
    const value = decodeCbor(bytes(1, MESSAGE_BODY_MAX)(body, 'body'))
    const t = typeof value === 'object' && value !== null && 't' in value ? value.t : null
    const kind = text(MESSAGE_KIND_MAX)(t, 'body.t')
    if ((kind !== 'text' && kind !== 'data') || hasMore(value as object)) return { unknown: kind }
    return kind === 'text' ? { text: readText(value, 'body').d } : { data: readData(value, 'body').d }
  } catch {
    return { unknown: '' }
  }
}
