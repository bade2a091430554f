import { FileError, UsageError } from '../../core/errors.ts'
import type { Files, FileTransfer } from '../../files/file-api.ts'
import type { Context } from '../context.ts'
import { reasonOf } from '../output/failure.ts'
import { cancelledEvent, fileEvent, waitingFileEvent } from '../output/file-event.ts'
import type { FileIntent } from './command-line-input.ts'

/** Files that are neither there nor given up: what can be asked of them, and what is said of them at the end. */
export type FilesUnderWay = {
  /** Tells which there are, or gives one up. What goes wrong is reported, and never thrown. */
  say(intent: FileIntent): Promise<void>
  /** how often that went wrong */
  readonly failures: number
  /** Resolves when none of ours is on its way any more, or the signal has ended the wait. */
  settled(signal: AbortSignal): Promise<void>
  /** Tells what is kept until its recipient is there again. */
  tellWaiting(): Promise<void>
}

const OPEN: ReadonlySet<FileTransfer['state']> = new Set(['queued', 'offered', 'sending', 'waiting', 'receiving'])
const isOpen = ({ state }: FileTransfer): boolean => OPEN.has(state)

/** @param who whose files are meant; default: everybody's */
export const createFilesUnderWay = (
  { emit }: Pick<Context, 'emit'>,
  files: Pick<Files, 'list' | 'cancel' | 'finished'>,
  who?: string,
): FilesUnderWay => {
  let failures = 0
  const open = (): readonly FileTransfer[] => files.list({ who, limit: Number.MAX_SAFE_INTEGER }).filter(isOpen)

  /** @throws UsageError when it could be several; FileError ERR_FILE_UNKNOWN */
  const choose = (id: number | null): FileTransfer => {
    const [one, ...others] = open().filter((transfer) => id === null || transfer.id === id)
    if (one === undefined) throw new FileError('ERR_FILE_UNKNOWN')
    if (others.length > 0) throw new UsageError('ERR_USAGE', { hint: 'which one? /files shows their numbers' })
    return one
  }
  const cancel = async (id: number | null): Promise<void> => {
    const one = choose(id)
    await files.cancel(one.id)
    await emit(cancelledEvent(one))
  }

  return {
    say: async (intent) => {
      if (intent.kind === 'files') for (const transfer of open()) await emit(fileEvent(transfer))
      else
        await cancel(intent.id).catch(async (error: unknown) => {
          failures += 1
          await emit({ event: 'not-sent', text: intent.text, ...reasonOf(error) })
        })
    },
    get failures() {
      return failures
    },
    settled: async (signal) => {
      const ours = open().filter(({ direction }) => direction === 'out')
      await Promise.allSettled(ours.map(({ id }) => files.finished(id, { signal })))
    },
    tellWaiting: async () => {
      for (const transfer of open()) await emit(waitingFileEvent(transfer))
    },
  }
}
