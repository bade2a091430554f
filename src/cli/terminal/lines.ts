import type { Readable } from 'node:stream'
import { tooLarge } from '../../core/errors/sizes.ts'
import { UsageError } from '../../core/errors.ts'

/** What is piped in: in lines, or whole. Nothing of it is changed or dropped without a word. */

/** A line, or all there was. */
export type Given = {
  /** As text; to be shown alone where there is a fault. */
  readonly text: string
  /** bytes of all of it, also of those that are not in `text` any more */
  readonly bytes: number
  /** It is longer than the limit, and `text` its beginning; or no UTF-8, and `text` has U+FFFD where it is not. */
  readonly fault: 'length' | 'encoding' | null
}

export const NOT_UTF8 = 'it is no UTF-8'

/** @throws UsageError ERR_INPUT when there is a fault */
export const wholeText = ({ text, bytes, fault }: Given, limit: number): string => {
  if (fault === null) return text
  throw new UsageError('ERR_INPUT', { hint: fault === 'length' ? tooLarge(bytes, limit) : NOT_UTF8 })
}

const NEWLINE = 10
const CARRIAGE_RETURN = 13

const isText = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Of bytes that come in pieces the first `limit`, and how many there were, so that a stream without an end does not fill the memory. */
const createCollector = (limit: number) => {
  let kept: Buffer[] = []
  let [size, bytes, last] = [0, 0, 0]
  return {
    add: (piece: Buffer): void => {
      if (piece.length === 0) return
      const first = piece.subarray(0, limit - size)
      kept.push(first)
      size += first.length
      bytes += piece.length
      last = piece[piece.length - 1] ?? 0
    },
    get isEmpty() {
      return bytes === 0
    },
    /** All since the last time. @param line without the CR of a line that ends in CR LF */
    finish: (line: boolean): Given => {
      const cut = line && last === CARRIAGE_RETURN ? 1 : 0
      const all = Buffer.concat(kept)
      const whole = bytes === size
      const found = whole ? all.subarray(0, size - cut) : all
      const fault = !whole && bytes - cut > limit ? 'length' : isText(found) ? null : 'encoding'
      const given = { text: found.toString('utf8'), bytes: bytes - cut, fault } as const
      kept = []
      size = bytes = last = 0
      return given
    },
  }
}

/** The pieces of a stream until it ends or the signal aborts; it is destroyed then. */
async function* piecesOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => void input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    for await (const chunk of input) yield Buffer.from(chunk)
  } catch (error) {
    // A stream that is destroyed while it is read says so by an error.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The lines of a stream that is no keyboard, with or without a newline at the end. @param limit bytes of a line that are kept */
export async function* readLines(input: Readable, limit: number, signal: AbortSignal): AsyncGenerator<Given> {
  const line = createCollector(limit)
  for await (const piece of piecesOf(input, signal)) {
    let from = 0
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      line.add(piece.subarray(from, end))
      yield line.finish(true)
      from = end + 1
    }
    line.add(piece.subarray(from))
  }
  if (!line.isEmpty && !signal.aborted) yield line.finish(true)
}

/** All of a stream, byte for byte. @param limit bytes that are kept */
export const readWhole = async (input: Readable, limit: number, signal: AbortSignal): Promise<Given> => {
  const whole = createCollector(limit)
  for await (const piece of piecesOf(input, signal)) whole.add(piece)
  return whole.finish(false)
}
