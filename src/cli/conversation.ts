import { basename, join } from 'node:path'
import { UsageError } from '../core/errors.ts'
import type { Connection, Incoming } from '../peer/connection.ts'
import type { IncomingFile } from '../peer/incoming-files.ts'
import type { Letters } from '../peer/letters.ts'
import type { Context, FileOptions } from './context.ts'
import type { CliEvent } from './events.ts'
import { reasonOf } from './failure.ts'
import type { Intent } from './typed-line.ts'

/** One connection at the command line: reports what comes, sends what was typed, and moves files in both directions meanwhile. */
export type Conversation = {
  /**
   * Reports what comes until the other side leaves.
   * @throws what broke the connection; the signal's reason
   */
  attend(signal: AbortSignal): Promise<void>
  /** Writes a text down to be delivered, or begins to send a file. What goes wrong is reported, and never thrown. */
  say(intent: Exclude<Intent, { kind: 'quit' }>): Promise<void>
  /** Resolves when no file is on its way any more. */
  settled(): Promise<void>
  /** how many lines and files did not go out */
  readonly failures: number
}

export type ConversationOptions = FileOptions & {
  /** addresses whose safety number has been shown */
  readonly introduced: Set<string>
  /** where texts are written down to be delivered */
  readonly letters: Pick<Letters, 'send'>
  /** called for every message and file */
  readonly onActivity?: () => void
}

export const createConversation = (
  { folder, progress, emit }: Pick<Context, 'folder' | 'progress' | 'emit'>,
  connection: Connection,
  { acceptFiles, download, introduced, letters, onActivity }: ConversationOptions,
): Conversation => {
  const { address: peer, epoch, seq, head, trust, direction, change, safetyNumber } = connection.remote
  const transfers = new Set<Promise<void>>()
  let failures = 0

  const introduce = (): void => {
    emit({ event: 'connected', peer, direction, epoch, seq, head, trust, change })
    if (introduced.has(peer)) return
    introduced.add(peer)
    emit({ event: 'safety-number', peer, safetyNumber })
  }

  /** Work that goes on while the conversation does. */
  const inBackground = (work: Promise<void>): void => {
    transfers.add(work)
    void work.finally(() => transfers.delete(work))
  }

  const settled = async (): Promise<void> => {
    while (transfers.size > 0) await Promise.all(transfers)
  }

  const takeFile = async (file: IncomingFile): Promise<void> => {
    const { name, size } = file
    emit({ event: 'file-offered', peer, name, size, accepted: acceptFiles })
    const bar = progress.begin(name)
    try {
      if (!acceptFiles) return await file.refuse()
      const path = await file.save(download ?? join(folder, 'received'), { onProgress: bar.update })
      emit({ event: 'file-saved', peer, name, size, path })
    } catch (error) {
      emit({ event: 'file-failed', peer, direction: 'in', name, ...reasonOf(error) })
    } finally {
      bar.end()
    }
  }

  const sendFile = async (path: string): Promise<void> => {
    const bar = progress.begin(basename(path))
    try {
      const sent = await connection.sendFile(path, { onProgress: bar.update })
      emit({ event: 'file-sent', peer, ...sent })
    } catch (error) {
      failures += 1
      emit({ event: 'file-failed', peer, direction: 'out', name: basename(path), ...reasonOf(error) })
    } finally {
      bar.end()
    }
  }

  const report = (item: Incoming): void => {
    if (item.type === 'file') inBackground(takeFile(item.file))
    else emit(messageEvent(peer, item.type === 'text' ? item.text : item.data))
  }

  return {
    attend: async (signal) => {
      introduce()
      try {
        for (;;) {
          const item = await connection.receive({ signal })
          if (item === null) break
          onActivity?.()
          report(item)
        }
        // A file may have arrived at the last moment.
        await settled()
        emit({ event: 'disconnected', peer, reason: 'left', code: null })
      } catch (error) {
        if (!signal.aborted) emit({ event: 'disconnected', peer, reason: 'lost', code: reasonOf(error).code })
        throw error
      }
    },
    say: async (intent) => {
      if (intent.kind === 'file') return inBackground(sendFile(intent.path))
      try {
        if (intent.kind === 'unknown') throw new UsageError('ERR_USAGE', { hint: UNKNOWN })
        await letters.send(peer, intent.text)
      } catch (error) {
        failures += 1
        emit({ event: 'not-sent', text: intent.text, ...reasonOf(error) })
      }
    },
    settled,
    get failures() {
      return failures
    },
  }
}

/** What another side said, in a letter or in passing. */
export const messageEvent = (peer: string, content: string | Uint8Array): CliEvent<'message' | 'data'> =>
  typeof content === 'string'
    ? { event: 'message', peer, text: content }
    : { event: 'data', peer, size: content.length, base64: Buffer.from(content).toString('base64') }

const UNKNOWN = 'there is /file PATH and /quit; a text that begins with / is typed as //'
