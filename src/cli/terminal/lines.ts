import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/**
 * The lines of a stream that is no keyboard, with or without a newline at the end. Of a line longer than `limit` characters the
 * first `limit` come, so that a stream without newlines does not fill the memory. The stream is destroyed when this ends.
 */
export async function* readLines(input: Readable, limit: number, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  const stop = (): void => void input.destroy()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  let rest = ''
  try {
    for await (const chunk of input) {
      const parts = decoder.write(chunk).split('\n')
      parts[0] = rest + parts[0]
      rest = (parts.pop() ?? '').slice(0, limit)
      for (const part of parts) yield part.slice(0, limit).replace(/\r$/, '')
    }
    rest += decoder.end()
    if (rest !== '') yield rest
  } catch (error) {
    // A stream that is destroyed while it is read says so by an error.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
