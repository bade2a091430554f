import { fstatSync, fsync, statSync, writeSync } from 'node:fs'
import { devNull } from 'node:os'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { OutputError } from '../../core/errors.ts'

/** Where a command prints, and whether it got there. */

export type Output = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  /** whether it is thrown away, as by `/dev/null` and by an output that was closed before the command began */
  readonly discarded?: boolean
  /** Has the disk keep what was written. */
  readonly sync?: () => Promise<void>
}

/** What people understand of why an output fails. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EPIPE: 'nobody reads it any more',
}

/** @param outcome what became of the command, where that is known */
export const outputError = (cause: unknown, outcome?: string): OutputError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause))
  return new OutputError('ERR_OUTPUT', { hint: outcome === undefined ? why : `${why}; ${outcome}`, cause })
}

export const isOutputError = (error: unknown): boolean => error instanceof OutputError

/** Resolves once all that was written to `stream` before has left this process, or could not. */
export const flush = (stream: Output): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  // A write that fails tells its own callback.
  stream.write('', () => resolve())
  return promise
}

/** Node's own stream for a file takes what went in for all of it, also when the disk had room for half. */
const writeAll = (fd: number, chunk: Uint8Array): void => {
  for (let done = 0; done < chunk.length; ) {
    const taken = writeSync(fd, chunk, done)
    if (taken === 0) throw new Error('it takes nothing more')
    done += taken
  }
}

const fileOutput = (fd: number, isFile: boolean, discarded: boolean): Output => {
  const stream = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      try {
        writeAll(fd, chunk)
        done()
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    },
  })
  return Object.assign(stream, { discarded, ...(isFile ? { sync: () => promisify(fsync)(fd) } : {}) })
}

/** The standard output of this process: its own stream for a terminal or a pipe, another one for a file or a device. */
export const standardOutput = (own: Output & { readonly fd: number }): Output => {
  const { fd } = own
  const found = fstatSync(fd)
  const isDevice = found.isCharacterDevice() && !isatty(fd)
  if (!found.isFile() && !isDevice) return own
  return fileOutput(fd, found.isFile(), isDevice && isNull(found.rdev))
}

const isNull = (device: number): boolean => statSync(devNull, { throwIfNoEntry: false })?.rdev === device
