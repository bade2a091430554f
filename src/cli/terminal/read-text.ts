import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { FileError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { type Given, readWhole } from './lines.ts'

/**
 * Reads a file, or what is piped in where its name is `-`. Of a file with more than `limit` bytes no more than one of these is read.
 * @throws FileError ERR_FILE_READ; the signal's reason
 */
export const readText = async ({ terminal, signal }: Context, path: string, limit: number): Promise<Given> => {
  const given = path === '-' ? await terminal.whole(limit, signal) : await readStart(path, limit, signal)
  signal.throwIfAborted()
  return given
}

const readStart = async (path: string, limit: number, signal: AbortSignal): Promise<Given> => {
  try {
    const given = await readWhole(createReadStream(path, { end: limit }), limit, signal)
    return given.fault === 'length' ? { ...given, bytes: Math.max(given.bytes, (await stat(path)).size) } : given
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', { hint: path, cause })
  }
}
