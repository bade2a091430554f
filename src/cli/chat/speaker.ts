import { basename } from 'node:path'
import { HandfastError, UsageError } from '../../core/errors.ts'
import type { Peer } from '../../peer/peer.ts'
import type { Context } from '../context.ts'
import { reasonOf } from '../output/failure.ts'
import { failedFileEvent } from '../output/file-event.ts'
import type { Said, Unknown } from './command-line-input.ts'

/** Says what was typed. */
export type Speaker = {
  /** Writes a text down to be delivered, or begins to send a file. What goes wrong is reported, and never thrown. */
  say(to: string, intent: Said): Promise<void>
  /** Reports a command that there is not. */
  misread(intent: Unknown): Promise<void>
  /** Resolves when no file that was typed is on its way any more, or the command ends. */
  settled(): Promise<void>
  /** how many lines and files did not go out */
  readonly failures: number
}

const UNKNOWN = 'there is /file PATH, /files, /cancel and /quit; a text that begins with / is typed as //'

/** The same where one talks to several. */
export const UNKNOWN_TO_SEVERAL = `/to, /requests, /accept and /refuse; ${UNKNOWN}`

/** Its owner gave it up, which is no failure. */
const isTakenBack = (error: unknown): boolean => error instanceof HandfastError && error.code === 'ERR_FILE_WITHDRAWN'

/**
 * @param ending a file that has not arrived by then did not go out, though it goes on another time
 * @param known which commands there are
 */
export const createSpeaker = (
  { emit }: Pick<Context, 'emit'>,
  { messages, files }: { readonly messages: Pick<Peer['messages'], 'send'>; readonly files: FilesSent },
  ending: AbortSignal,
  known = UNKNOWN,
): Speaker => {
  const transfers = new Set<Promise<void>>()
  let failures = 0
  const notSent = async (text: string, error: unknown): Promise<void> => {
    failures += 1
    await emit({ event: 'not-sent', text, ...reasonOf(error) })
  }

  const sendFile = async (to: string, path: string): Promise<void> => {
    try {
      const { id } = await files.send(to, path)
      // What becomes of it is an event.
      await files.finished(id, { signal: ending }).catch((error: unknown) => {
        if (!isTakenBack(error)) failures += 1
      })
    } catch (error) {
      failures += 1
      await emit(failedFileEvent({ peer: to, direction: 'out', name: basename(path) }, reasonOf(error)))
    }
  }
  /** Work that goes on while the conversation does. */
  const inBackground = (work: Promise<void>): void => {
    transfers.add(work)
    void work.finally(() => transfers.delete(work))
  }

  return {
    say: async (to, intent) => {
      if (intent.kind === 'file') return inBackground(sendFile(to, intent.path))
      try {
        if (intent.kind === 'unsendable') throw intent.error
        await messages.send(to, intent.text)
      } catch (error) {
        await notSent(intent.text, error)
      }
    },
    misread: ({ text }) => notSent(text, new UsageError('ERR_USAGE', { hint: known })),
    settled: async () => {
      while (transfers.size > 0) await Promise.all(transfers)
    },
    get failures() {
      return failures
    },
  }
}

type FilesSent = Pick<Peer['files'], 'send' | 'finished'>
