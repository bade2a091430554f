import { createReadStream } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { FileError } from '../../core/errors.ts'
import type { Context } from '../context.ts'

/**
 * Reads a file, or what is piped in where its name is `-`, but not much more than `limit` bytes of it: who calls refuses what is longer.
 * @throws FileError ERR_FILE_READ
 */
export const readText = async (context: Context, path: string, limit: number): Promise<string> =>
  path === '-' ? readInput(context, limit + 1) : readStart(path, limit + 1)

const readStart = async (path: string, most: number): Promise<string> => {
  try {
    return await readAll(createReadStream(path, { end: most - 1 }))
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', { hint: path, cause })
  }
}

const readInput = async ({ terminal, signal }: Context, most: number): Promise<string> => {
  let text = ''
  for await (const line of terminal.lines(most, signal)) {
    text += `${line}\n`
    if (text.length > most) break
  }
  signal.throwIfAborted()
  return text
}
