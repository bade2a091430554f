/** Both ends of a byte stream: one side sends a file through it, the other answers with what it made of that. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { ByteStream } from '../src/index.ts'

/** Bytes that went in, and what came back. */
export type Piped = { readonly written: number; readonly answer: string }

/** Writes all of a file, ends this half of the stream, and reads until the other half ends. */
export const pipeThrough = async (stream: ByteStream, path: string): Promise<Piped> => {
  const file = createReadStream(path)
  const [answer] = await Promise.all([text(stream), pipeline(file, stream)])
  return { written: file.bytesRead, answer }
}

/** Reads the next stream to its end and answers with the SHA-256 of that in hex. A stream that breaks has nobody to answer. */
export const answerWithHash = async (streams: AsyncIterable<ByteStream>): Promise<void> => {
  for await (const stream of streams) {
    const hash = createHash('sha256')
    stream.on('data', (chunk) => hash.update(chunk))
    stream.on('end', () => stream.end(hash.digest('hex')))
    return
  }
}
